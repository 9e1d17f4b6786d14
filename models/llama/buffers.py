"""What llama.cpp says of its buffers while it loads: how much of a model lies on which device.

Its memory breakdown is C++, so the lines of its log are the only account that every build gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from models.records import DeviceMemory

HOST: Final = "CPU"
Purpose = Literal["weights", "cache", "compute"]

_BUFFER: Final = re.compile(
    r"^\w+: +(?P<buffer>\S+) +(?P<kind>\w+|DSV4 \w+ state) +buffer size = +(?P<mib>[\d.]+) MiB",
    re.MULTILINE,
)
_PURPOSES: Final[dict[str, Purpose]] = {
    "model": "weights",
    "LoRA": "weights",
    "KV": "cache",
    "RS": "cache",
    "compute": "compute",
    "output": "compute",
}
_LAYER: Final = re.compile(r"^load_tensors: layer +(\d+) assigned to device (\S+),", re.MULTILINE)
_ON_HOST: Final = re.compile(r"CPU|AMX|\w+_Host$")
_VARIANT: Final = re.compile(r"_(Mapped|Private|Shared|Split)$|\[.*\]$")
_WORKER_DEVICE: Final = re.compile(r"using device (RPC\d+) \((.+?)\) \(", re.MULTILINE)


class Buffer(NamedTuple):
    """One buffer: the device that it lies on, what it is for, and its size."""

    device: str
    purpose: Purpose
    size_bytes: int


def device_of(buffer: str) -> str:
    """Return the device that a buffer lies on, from the buffer's name.

    ``CPU_Mapped``, ``CPU_REPACK`` and every ``…_Host`` are the machine's own memory;
    ``MTL0_Private`` is the device ``MTL0``, and ``RPC0[10.0.0.2:50052]`` is ``RPC0``.
    """
    return HOST if _ON_HOST.match(buffer) else _VARIANT.sub("", buffer)


def buffers_in(said: str) -> Iterator[Buffer]:
    """Yield the buffers that the log tells of, in its order; sizes are exact to 10 KiB."""
    workers = _worker_devices(said)
    for found in _BUFFER.finditer(said):
        kind = found["kind"]
        purpose = "cache" if kind.endswith("state") else _PURPOSES.get(kind)
        if purpose is not None:
            device = workers.get(found["buffer"]) or device_of(found["buffer"])
            yield Buffer(device, purpose, round(float(found["mib"]) * 2**20))


def _worker_devices(said: str) -> dict[str, str]:
    """Return the device of each buffer on an RPC worker.

    A buffer is numbered within its worker, a device among all workers' devices: with two workers
    of one device each, both buffers are ``RPC0[…]`` and the devices ``RPC0`` and ``RPC1``.
    """
    devices: dict[str, str] = {}
    count: Counter[str] = Counter()
    for device, worker in _WORKER_DEVICE.findall(said):
        if device not in devices.values():
            devices[f"RPC{count[worker]}[{worker}]"] = device
            count[worker] += 1
    return devices


def layers_in(said: str) -> dict[int, str]:
    """Return the device of each layer, the output layer being the last one.

    The library tells of it in its debug messages only; empty where they were not kept.
    """
    return {int(layer): device for layer, device in _LAYER.findall(said)}


def read_buffers(said: str) -> tuple[DeviceMemory, ...]:
    """Return what a load has put on each device, from what was logged since it began.

    ``layers`` are known where the debug messages were kept, and 0 elsewhere.
    """
    sizes: Counter[tuple[str, str]] = Counter()
    for buffer in buffers_in(said):
        sizes[buffer.device, buffer.purpose] += buffer.size_bytes
    layers = Counter(layers_in(said).values())
    return collect(sizes, layers)


def collect(sizes: Counter[tuple[str, str]], layers: Counter[str]) -> tuple[DeviceMemory, ...]:
    """Return a record for each device that holds anything, from sizes by device and purpose."""
    named = dict.fromkeys(device for (device, _), size in sizes.items() if size)
    named |= dict.fromkeys(layers)
    return tuple(
        DeviceMemory(
            device=device,
            layers=layers[device],
            weights_bytes=sizes[device, "weights"],
            cache_bytes=sizes[device, "cache"],
            compute_bytes=sizes[device, "compute"],
        )
        for device in named
    )
