"""What a load is going to take, by llama.cpp's own account, with nothing allocated.

A dry load lays a model and its context out on the devices and measures the compute buffers. It
reports the buffers of the weights and of the cache as empty, so these are put together here: each
tensor lies where its layer does, and each cache names its whole size and its layers' devices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.cancellation import Cancellation
from models.estimate.shape import headers_of_model
from models.gguf import TensorInfo
from models.llama import loading
from models.llama.buffers import HOST, buffers_in, collect, layers_in
from models.llama.library import log
from models.records import DeviceMemory, LoadOptions

_OF_LAYER: Final = re.compile(r"(?:enc\.|dec\.)?blk\.(\d+)\.")
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"
_AT_INPUT: Final = re.compile(r"(token_embd|token_types|position_embd|per_layer_token_embd)\b")
_CACHE_LINE: Final = re.compile(
    r"^\w+[:,] layer +\d+: dev = (?P<device>\S+)$|^\w+: size = +(?P<mib>[\d.]+) MiB \(",
    re.MULTILINE,
)


def dry_run(options: LoadOptions) -> tuple[DeviceMemory, ...]:
    """Return what a load with these options would put on each device. Raises EngineError."""
    loading.check_options(options)
    with log.overheard() as said:
        weights = loading.load_weights(options, lambda _fraction: None, Cancellation(), dry=True)
        try:
            context, _ = loading.open_context(weights, options)
            context.close()
        finally:
            weights.close()
    headers = headers_of_model(Path(options.path))
    return account("".join(said), [tensor for header in headers for tensor in header.tensors])


def account(said: str, tensors: Sequence[TensorInfo]) -> tuple[DeviceMemory, ...]:
    """Return what lies on each device, from what a dry load said, debug messages included."""
    layers = layers_in(said)
    sizes: Counter[tuple[str, str]] = Counter()
    for buffer in buffers_in(said):
        # A recurrent state is allocated even in a dry load, and its whole size is told as well.
        if buffer.purpose != "cache":
            sizes[buffer.device, buffer.purpose] += buffer.size_bytes
    for device, size in _weights(layers, tensors).items():
        sizes[device, "weights"] += size
    for device, size in _caches(said).items():
        sizes[device, "cache"] += size
    return collect(sizes, Counter(layers.values()))


def _weights(layers: dict[int, str], tensors: Sequence[TensorInfo]) -> Counter[str]:
    """Add up the tensors by device: the input's on the host, the output's with the last layer."""
    output = layers.get(max(layers, default=0), HOST)
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        if found := _OF_LAYER.match(tensor.name):
            device = layers.get(int(found[1]), HOST)
        else:
            device = HOST if _AT_INPUT.match(tensor.name) else output
        sizes[device] += tensor.size_bytes
    by_name = {tensor.name: tensor.size_bytes for tensor in tensors}
    if output != HOST and _OUTPUT not in by_name:
        # The embedding is the output too, and has a copy on the device.
        sizes[output] += by_name.get(_EMBEDDING, 0)
    return sizes


def _caches(said: str) -> Counter[str]:
    """Share each cache's size out among the devices of its layers."""
    sizes: Counter[str] = Counter()
    devices: list[str] = []
    for found in _CACHE_LINE.finditer(said):
        if found["device"]:
            devices.append(found["device"])
            continue
        size = float(found["mib"]) * 2**20
        for device in devices:
            sizes[device] += round(size / len(devices))
        devices = []
    return sizes
