"""What models are judged on before a load: the machine's devices, its memory, its speed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from desktop.controllers.settings import SettingsController
from models.estimate.records import Machine
from models.probe.client import Probe
from models.records import DeviceMemory, Problem


class MachineWatch:
    """Measures the machine. Its methods block; any thread may call them.

    ``bandwidth_file`` keeps how fast memory was found to be read.
    """

    def __init__(self, probe: Probe, settings: SettingsController, bandwidth_file: Path) -> None:
        self._probe = probe
        self._settings = settings
        self._bandwidth_file = bandwidth_file

    def look(self) -> Machine:
        """Return what the machine has now, other machines' workers included.

        Raises EngineError where the devices can't be listed.
        """
        # Not at the window's start: it imports numpy.
        from models.hardware import Bandwidth, measure_machine
        from models.rpc import worker_devices

        devices = (*self._probe.devices(), *worker_devices(self._settings.app.rpc_servers))
        # Read anew each time: replies have made it truer.
        bandwidth = Bandwidth(self._bandwidth_file)
        bandwidth.measure()
        return measure_machine(devices, bandwidth)

    def why_no_gpu(self, machine: Machine) -> Problem | None:
        """Return why no layer can go to a GPU, and what would mend it; None where one can."""
        from models.backends import why_no_gpu

        return why_no_gpu(machine.devices)

    def check(self, path: str) -> None:
        """Raise EngineError (``quarantined``) for a file that has killed a process twice."""
        if self._probe.quarantine is not None:
            self._probe.quarantine.check(path)

    def release(self, path: str) -> None:
        """Take a file out of quarantine. Raises EngineError."""
        if self._probe.quarantine is not None:
            self._probe.quarantine.release(path)

    def close(self) -> None:
        """End the probe's process."""
        self._probe.close()


def without(machine: Machine, memory: tuple[DeviceMemory, ...]) -> Machine:
    """Return the machine as it is once a loaded model has gone.

    Of the machine's own memory only cache and compute come back: the weights are pages of the
    file, which count as available already.
    """
    held = {part.device: part for part in memory}
    devices = tuple(
        msgspec.structs.replace(
            device,
            memory_free=min(
                device.memory_total, device.memory_free + held[device.name].total_bytes
            ),
        )
        if device.name in held and device.kind != "cpu"
        else device
        for device in machine.devices
    )
    host = held.get("CPU")
    back = host.cache_bytes + host.compute_bytes if host is not None else 0
    available = min(machine.memory_total, machine.memory_available + back)
    return msgspec.structs.replace(machine, devices=devices, memory_available=available)
