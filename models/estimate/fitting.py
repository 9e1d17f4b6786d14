"""What fits: layers into the devices' free memory, a context into what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from models.estimate.compute import CONTEXT_STEP
from models.estimate.layout import estimate_with
from models.estimate.placement import offload_devices, shares_memory
from models.estimate.records import HOST, Machine, MemoryEstimate, ModelShape
from models.records import Device, LoadOptions

_MIB: Final = 1 << 20
_LARGEST_CONTEXT: Final = 1 << 20


def device_margin(device: Device) -> int:
    """Return the bytes that are left free on a device: its driver and the desktop want some.

    A tenth of its memory, at least 256 MiB and at most 1 GiB.
    """
    return min(1024 * _MIB, max(256 * _MIB, device.memory_total // 10))


def host_margin(machine: Machine) -> int:
    """Return the bytes of the machine's memory that are left to others.

    A twentieth of it, at least 256 MiB and at most 1 GiB.
    """
    return min(1024 * _MIB, max(256 * _MIB, machine.memory_total // 20))


def shortage(need: MemoryEstimate, machine: Machine) -> dict[str, int]:
    """Return the bytes that are lacking, by device; empty where everything fits."""
    on_host = need.host_bytes
    lacking: dict[str, int] = {}
    for device in machine.devices:
        wanted = need.on(device.name).total_bytes if device.name != HOST else 0
        if not wanted:
            continue
        if shares_memory(device):
            on_host += wanted
        room = device.memory_free - device_margin(device)
        # A device that doesn't tell its memory is left to the machine's own.
        if device.memory_total and wanted > room:
            lacking[device.name] = wanted - room
    room = machine.memory_available - host_margin(machine)
    if on_host > room:
        lacking[HOST] = on_host - room
    return lacking


def remaining(machine: Machine, need: MemoryEstimate) -> Machine:
    """Return the machine as it is with a load in its memory."""
    taken = need.host_bytes
    devices = []
    for device in machine.devices:
        wanted = need.on(device.name).total_bytes if device.name != HOST else 0
        taken += wanted if shares_memory(device) else 0
        free = max(0, device.memory_free - wanted)
        devices.append(msgspec.structs.replace(device, memory_free=free))
    return msgspec.structs.replace(
        machine,
        memory_available=max(0, machine.memory_available - taken),
        devices=tuple(devices),
    )


def fit_layers(shape: ModelShape, options: LoadOptions, machine: Machine) -> int:
    """Return as many layers as fit into the devices' free memory, with a margin.

    The output layer counts as one. ``most_layers`` caps it. 0 where there is no device.
    """
    devices = offload_devices(options, machine)
    most = shape.layer_count
    if options.most_layers >= 0:
        most = min(most, options.most_layers)
    if not devices:
        return 0
    for layers in range(most, 0, -1):
        need = estimate_with(shape, options, devices, layers)
        if not shortage(need, machine).keys() & {device.name for device in devices}:
            return layers
    return 0


def fits(shape: ModelShape, options: LoadOptions, machine: Machine) -> bool:
    """Return whether a load fits, with the layers as asked or as many as do."""
    layers = options.gpu_layers
    if layers < 0:
        layers = fit_layers(shape, options, machine)
    devices = offload_devices(options, machine)
    return not shortage(estimate_with(shape, options, devices, layers), machine)


def largest_context(shape: ModelShape, options: LoadOptions, machine: Machine) -> int:
    """Return the largest context that fits, in tokens of each sequence; 0 where none does.

    A multiple of 256, no longer than the model was trained for.
    """
    trained = shape.trained_context or _LARGEST_CONTEXT
    least, most = 0, max(1, min(trained, _LARGEST_CONTEXT) // CONTEXT_STEP)
    while least < most:
        steps = (least + most + 1) // 2
        tried = msgspec.structs.replace(options, context_size=steps * CONTEXT_STEP)
        if fits(shape, tried, machine):
            least = steps
        else:
            most = steps - 1
    return least * CONTEXT_STEP


def smaller_contexts(shape: ModelShape, options: LoadOptions, machine: Machine) -> Sequence[int]:
    """Return contexts that fit and are round numbers, the largest first."""
    largest = largest_context(shape, options, machine)
    return [
        size for size in (131072, 65536, 32768, 16384, 8192, 4096, 2048, 1024) if size <= largest
    ]
