"""The judge of real loads: the file's header against what this machine has, devices probed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.backends import gpu_backends
from models.estimate.records import Judgement
from models.library.embedded import is_embedded
from models.probe.client import Probe
from models.problems import EngineError
from models.records import Device, LoadOptions, ModelInfo, Report

if TYPE_CHECKING:
    from models.bandwidth import Bandwidth
    from models.estimate.shape import ModelShape


class MachineJudge:
    """Implements ``LoadJudge``; belongs on one thread at a time, and blocks for a moment.

    ``bandwidth_file`` keeps how fast memory was found to be read; replies make it truer. The
    devices are probed only where the engine's library has a back end for any: else there are none
    but those of other machines' workers, and a process is not worth its start.
    """

    def __init__(self, probe: Probe, bandwidth_file: Path) -> None:
        self._probe = probe
        self._bandwidth_file = bandwidth_file
        self._bandwidth: Bandwidth | None = None
        self._shape: tuple[str, ModelShape] | None = None

    def judge(self, options: LoadOptions) -> Judgement:
        """Judge a load. Raises EngineError."""
        # Not with the application: a window shows before it judges anything.
        from models.estimate.judging import draft_of, judge  # noqa: PLC0415
        from models.estimate.shape import shape_of_model  # noqa: PLC0415
        from models.hardware import measure_machine  # noqa: PLC0415

        path = Path(options.path)
        self._vet(path)
        shape = shape_of_model(path)
        self._shape = options.path, shape
        machine = measure_machine(self._devices(options), self._known_bandwidth())
        return judge(shape, options, machine, draft=draft_of(options))

    def learn(self, options: LoadOptions, model: ModelInfo, report: Report) -> None:
        """Take in how fast a reply was decoded; only of a model that lies on one device."""
        used = [part.device for part in model.memory if part.layers]
        if len(used) == 1 and self._shape is not None and self._shape[0] == options.path:
            self._known_bandwidth().learn(used[0], self._shape[1], report, options)

    def note_death(self, path: str) -> bool:
        """Count the death; two of them quarantine the file."""
        quarantine = self._probe.quarantine
        return quarantine is not None and quarantine.note_death(path)

    def release(self, path: str) -> None:
        """Take a file out of quarantine. Raises EngineError."""
        if self._probe.quarantine is not None:
            self._probe.quarantine.release(path)

    def close(self) -> None:
        """End the probe."""
        self._probe.close()

    def _vet(self, path: Path) -> None:
        """Refuse a file that is set apart, or that a trial load in a limited process fails on."""
        if not is_embedded(path):
            self._probe.vet(path)

    def _known_bandwidth(self) -> Bandwidth:
        from models.bandwidth import Bandwidth  # noqa: PLC0415 - likewise

        if self._bandwidth is None:
            self._bandwidth = Bandwidth(self._bandwidth_file)
        return self._bandwidth

    def _devices(self, options: LoadOptions) -> tuple[Device, ...]:
        from models.rpc import worker_devices  # noqa: PLC0415 - likewise

        workers = worker_devices(options.rpc_servers)
        if options.gpu_layers == 0 or not gpu_backends():
            return workers
        try:
            return (*self._probe.devices(), *workers)
        except EngineError:
            # A driver that kills the probe: the engine meets it too, and the load plan goes on
            # from there, in words.
            return workers
