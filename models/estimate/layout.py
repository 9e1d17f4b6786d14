"""What lies on which device, with a given number of layers there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from models.estimate.compute import (
    context_of,
    engine_bytes,
    graph_bytes,
    host_inputs_bytes,
    output_bytes,
    uses_flash_attention,
)
from models.estimate.placement import place
from models.estimate.records import HOST, MemoryEstimate, ModelShape
from models.records import CacheType, Device, DeviceMemory, LoadOptions

CACHE_BYTES: Final[Mapping[CacheType, float]] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes of an element of the KV cache."""
_STATE_BYTES: Final = 4


def estimate_with(
    shape: ModelShape,
    options: LoadOptions,
    devices: Sequence[Device],
    gpu_layers: int,
    compute: Sequence[DeviceMemory] = (),
) -> MemoryEstimate:
    """Return what a load takes with this number of layers on these devices.

    ``compute``, what llama.cpp itself says of its compute buffers, replaces our own figures.
    """
    placed = place(shape.layer_count, gpu_layers, devices, options.split)
    layers = Counter(placed)
    offloaded = shape.layer_count - layers[HOST]
    flash = uses_flash_attention(shape, options, offloaded)
    weights = weights_by_device(shape, placed)
    cache = cache_by_device(shape, options, placed, flash=flash)
    buffers = compute_by_device(shape, options, placed, flash=flash)
    if compute:
        buffers = Counter({part.device: part.compute_bytes for part in compute})
    described = {device.name: device.description for device in devices}
    names = dict.fromkeys((HOST, *(device.name for device in devices if layers[device.name])))
    return MemoryEstimate(
        memory=tuple(
            DeviceMemory(
                device=name,
                description=described.get(name, ""),
                layers=layers[name],
                weights_bytes=weights[name],
                cache_bytes=cache[name],
                compute_bytes=buffers[name],
            )
            for name in names
        ),
        layers=shape.layer_count,
        offloaded_layers=offloaded,
        context_size=context_of(shape, options),
        engine_bytes=engine_bytes(shape, options, on_host=set(placed) == {HOST}, flash=flash),
    )


def weights_by_device(shape: ModelShape, placed: Sequence[str]) -> Counter[str]:
    """Return the bytes of the weights on each device."""
    weights: Counter[str] = Counter({HOST: shape.input_bytes})
    for layer, device in zip(shape.layers, placed, strict=False):
        weights[device] += layer.weights_bytes
    shared = shape.shared_bytes if placed[-1] == HOST else 0
    weights[placed[-1]] += shape.output_bytes - shared
    return weights


def cache_by_device(
    shape: ModelShape, options: LoadOptions, placed: Sequence[str], *, flash: bool
) -> Counter[str]:
    """Return the bytes of the KV cache and of recurrent states on each device.

    Windowed layers keep the whole context too: the engine goes back to any place in a chat.
    """
    cells = context_of(shape, options) * options.sequences
    element = CACHE_BYTES[options.cache_type]
    widest = max((layer.values for layer in shape.layers), default=0)
    cache: Counter[str] = Counter()
    for layer, device in zip(shape.layers, placed, strict=False):
        # Values that lie transposed, without flash attention, are as wide as those of any layer.
        values = layer.values if flash or not layer.values else widest
        size = round(cells * (layer.keys + values) * element)
        size += _STATE_BYTES * layer.state * options.sequences
        cache[device if options.cache_on_device else HOST] += size
    return cache


def compute_by_device(
    shape: ModelShape, options: LoadOptions, placed: Sequence[str], *, flash: bool
) -> Counter[str]:
    """Return the bytes of the compute buffers on each device."""
    graph = graph_bytes(shape, options, flash=flash)
    buffers: Counter[str] = Counter(dict.fromkeys(placed, graph))
    if set(placed) != {HOST}:
        # The batches of a prompt are computed on a device, for layers on the host too.
        buffers[HOST] = host_inputs_bytes(shape, options, flash=flash)
    buffers[HOST] += output_bytes(shape, options)
    return buffers
