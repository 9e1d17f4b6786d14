"""How fast a model writes: each token reads the weights that are active, and the KV cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from models.estimate.compute import context_of
from models.estimate.layout import CACHE_BYTES
from models.estimate.placement import offload_devices, place
from models.estimate.records import HOST, Machine, ModelShape
from models.records import LoadOptions

TYPICAL_TOKENS: Final = 1024
"""The tokens of a chat for which a speed is told; a longer one is slower."""


def bytes_per_token(
    shape: ModelShape, options: LoadOptions, placed: Sequence[str], tokens: int = TYPICAL_TOKENS
) -> Counter[str]:
    """Return the bytes that one more token reads on each device, after so many tokens."""
    filled = min(tokens, context_of(shape, options))
    read: Counter[str] = Counter()
    for layer, device in zip(shape.layers, placed, strict=False):
        seen = min(filled, shape.window) if layer.windowed and shape.window else filled
        cached = (layer.keys + layer.values) * CACHE_BYTES[options.cache_type] * seen
        read[device] += layer.active_bytes
        read[device if options.cache_on_device else HOST] += round(cached) + 8 * layer.state
    read[placed[-1]] += shape.output_bytes
    return read


def tokens_per_second(
    shape: ModelShape, options: LoadOptions, machine: Machine, gpu_layers: int
) -> float | None:
    """Return how many tokens a second to expect, or None where a bandwidth isn't known."""
    devices = offload_devices(options, machine)
    placed = place(shape.layer_count, gpu_layers, devices, options.split)
    seconds = 0.0
    for device, size in bytes_per_token(shape, options, placed).items():
        if not size:
            continue
        bandwidth = machine.bandwidth.get(device)
        if not bandwidth:
            return None
        seconds += size / bandwidth
    return 1 / seconds if seconds else None


def read_by_report(
    shape: ModelShape, options: LoadOptions, prompt_tokens: int, completion_tokens: int
) -> int:
    """Return the bytes that each token of a reply has read on average, on all devices."""
    placed = (HOST,) * shape.layer_count
    tokens = prompt_tokens + completion_tokens // 2
    return sum(bytes_per_token(shape, options, placed, tokens).values())
