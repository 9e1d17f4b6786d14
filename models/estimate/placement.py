"""Which layer lies on which device: llama.cpp's own arithmetic.

Source: llama.cpp, src/llama-model.cpp (load_tensors), src/llama.cpp (the order of devices).
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from models.estimate.records import HOST, Machine
from models.records import Device, LoadOptions


def offload_devices(options: LoadOptions, machine: Machine) -> tuple[Device, ...]:
    """Return the devices that layers go to, the main one first.

    Those that were asked for and are there; else every GPU, or where there is none the integrated
    one.
    """
    usable = [device for device in machine.devices if device.kind in {"gpu", "igpu"}]
    if options.devices:
        by_name = {device.name: device for device in usable}
        return tuple(by_name[name] for name in options.devices if name in by_name)
    separate = tuple(device for device in usable if device.kind == "gpu")
    return separate or tuple(usable[:1])


def shares_memory(device: Device) -> bool:
    """Return whether a device takes its memory from the machine's own."""
    return device.kind == "igpu" or device.name.startswith(("MTL", "Metal"))


def place(
    layer_count: int, gpu_layers: int, devices: Sequence[Device], split: Sequence[float] = ()
) -> tuple[str, ...]:
    """Return the name of the device of each layer, the output layer being the last.

    The last ``gpu_layers`` layers go to the devices, divided by ``split``, or by their free memory.
    """
    count = max(0, min(gpu_layers, layer_count)) if devices else 0
    shares = [float(share) for share in split[: len(devices)]]
    if not any(shares):
        shares = [float(max(1, device.memory_free)) for device in devices]
    shares += [0.0] * (len(devices) - len(shares))
    total = sum(shares)
    points = [point / total for point in itertools.accumulate(shares)]
    on_host = (HOST,) * (layer_count - count)
    last = len(devices) - 1
    return on_host + tuple(
        devices[min(last, bisect.bisect_right(points, index / count))].name
        for index in range(count)
    )
