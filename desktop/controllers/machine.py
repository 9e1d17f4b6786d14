"""A look at this machine: its devices, its memory, and how fast it reads it."""

from __future__ import annotations

from pathlib import Path

from desktop.controllers.settings import SettingsController
from models.estimate.records import Machine
from models.probe.client import Probe


class MachineWatch:
    """Measures the machine for whoever judges models on it. Blocks; any thread may ask.

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
        from models.hardware import Bandwidth, measure_machine  # noqa: PLC0415

        devices = self._probe.devices(self._settings.app.rpc_servers)
        bandwidth = Bandwidth(self._bandwidth_file)
        bandwidth.measure()
        return measure_machine(devices, bandwidth)

    def close(self) -> None:
        """End the probe's process."""
        self._probe.close()
