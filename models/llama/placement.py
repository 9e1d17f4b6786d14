"""Which devices a model's layers go to, how many of them, and why not more."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from models.backends import gpu_backends, why_no_gpu
from models.estimate.fitting import fit_layers
from models.estimate.shape import shape_of_model
from models.hardware import measure_machine
from models.llama import library, rpc
from models.llama.buffers import HOST
from models.llama.library import lib
from models.problems import EngineError
from models.records import Device, DeviceMemory, LoadOptions, PlacementReason
from models.wording import tr, trn

_MOST_LAYERS: Final = 1000


@dataclass(frozen=True)
class Placement:
    """Where layers may go. ``devices`` are as they were before the load, the main one first.

    ``gpu_layers`` of them are asked of the library; ``reason`` is why not more.
    """

    devices: tuple[Device, ...]
    gpu_layers: int
    reason: PlacementReason

    @property
    def names(self) -> tuple[str, ...]:
        """Return the devices' names."""
        return tuple(device.name for device in self.devices)

    def why(self, offloaded: int, layers: int) -> PlacementReason:
        """Return why ``offloaded`` of ``layers`` lie on devices."""
        return "everything" if offloaded >= layers > 0 else self.reason

    def told(self, memory: Sequence[DeviceMemory]) -> tuple[DeviceMemory, ...]:
        """Return what lies where, with what was known of the devices before the load."""
        known = {device.name: device for device in self.devices}
        order = {name: index for index, name in enumerate((*self.names, HOST))}
        ordered = sorted(memory, key=lambda part: order.get(part.device, len(order)))
        return tuple(
            msgspec.structs.replace(
                part, description=device.description, free_bytes=device.memory_free
            )
            if (device := known.get(part.device))
            else part
            for part in ordered
        )


def place(options: LoadOptions) -> Placement:
    """Decide on devices and layers. Raises EngineError where what was asked for can't be had."""
    names = library.choose_devices(options.devices, rpc.devices_of(options.rpc_servers))
    handles = library.device_handles()
    devices = tuple(library.describe(handles[name]) for name in names)
    wanted = options.gpu_layers
    if wanted == 0 or options.most_layers == 0:
        # No device at all: one that has failed, or isn't wanted, computes no batches either.
        return Placement((), 0, "asked" if wanted == 0 else "fallback")
    if not devices:
        if wanted > 0:
            raise _no_gpu(wanted)
        return Placement((), 0, "no_device" if gpu_backends() else "no_backend")
    if wanted > 0:
        return Placement(devices, min(wanted, _MOST_LAYERS), "asked")
    shape = shape_of_model(Path(options.path))
    machine = measure_machine(library.devices())
    fitting = fit_layers(shape, msgspec.structs.replace(options, devices=names), machine)
    bounded = fitting == options.most_layers
    return Placement(devices, fitting, "fallback" if bounded else "memory")


def set_devices(parameters: Any, placement: Placement, split: Sequence[float]) -> None:  # noqa: ANN401
    """Write the placement into the library's model parameters, which keep its arrays alive."""
    handles = library.device_handles()
    chosen = [handles[name] for name in placement.names]
    parameters.n_gpu_layers = placement.gpu_layers
    # The list ends with a null; without it llama.cpp would take every device that it knows, those
    # of workers that are not wanted any more too.
    parameters.device_list = (ctypes.c_void_p * (len(chosen) + 1))(*chosen)
    parameters.devices = ctypes.addressof(parameters.device_list)
    if split:
        most = max(len(split), int(lib.llama_max_devices()))
        parameters.shares = (ctypes.c_float * most)(*split)
        parameters.tensor_split = ctypes.cast(parameters.shares, ctypes.POINTER(ctypes.c_float))


def _no_gpu(wanted: int) -> EngineError:
    why = why_no_gpu(library.devices())
    title = trn(
        "{count} layer was asked for on a GPU, and there is none that the engine can use.",
        "{count} layers were asked for on a GPU, and there is none that the engine can use.",
        wanted,
    )
    hint = tr("Or set the GPU layers to automatic.")
    if why is not None:
        title, hint = f"{title} {why.title}", f"{why.hint} {hint}"
    return EngineError("no_gpu", title, hint)
