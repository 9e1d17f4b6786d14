"""What this machine has, and how models would be loaded on it: judged before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.machine import MachineWatch
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from desktop.settings.requests import to_load_options
from desktop.settings.schema import LoadingSettings
from models.estimate.records import Judgement, Machine
from models.problems import EngineError
from models.protocol import LoadOptions

if TYPE_CHECKING:
    from models.estimate.records import ModelShape

_PAUSE_MS = 60
_GPUS = ("gpu", "igpu", "accelerator")
_NO_GPU = (
    "Snug sees no GPU, so models run on the processor. If this computer has one: install its "
    "maker's driver with Vulkan, and run Snug with an engine that is built for GPUs "
    "(make run BACKEND=vulkan; 'snug doctor' says which back ends there are)."
)


class LoadingController(QObject):
    """Knows the machine and judges models on it, off the GUI thread.

    ``machine_changed`` carries a ``Machine``. ``judgements`` are those of models under the
    settings that they would be loaded with now, by path; they are asked for by ``judge`` and
    ``judged`` tells of new ones. ``estimated`` answers ``estimate`` with a path and a
    ``Judgement``, or the ``UserError`` that stands in its way; only the newest question is
    answered.
    """

    machine_changed = Signal(object)
    judged = Signal(object)
    estimated = Signal(str, object)
    failed = Signal(object)

    def __init__(self, settings: SettingsController, watch: MachineWatch) -> None:
        super().__init__()
        self.machine: Machine | None = None
        self.machine_problem: UserError | None = None
        self.judgements: dict[str, Judgement] = {}
        self._settings = settings
        self._watch = watch
        self._looking = False
        self._shapes: dict[tuple[str, int, int], ModelShape] = {}
        self._tried: set[str] = set()
        self._question: tuple[str, LoadingSettings] | None = None
        self._tasks = TaskThread("estimates")
        self._tasks.failed.connect(self.failed)
        # A slider that is dragged asks many times; the last one is what people wait for.
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._answer)
        self._judged_for: object = None
        settings.app_changed.connect(lambda _app: self._on_settings())
        settings.generation_changed.connect(lambda _settings: self._on_settings())

    @property
    def why_no_device(self) -> str:
        """Return why no GPU is used and what would mend it; empty where there is one."""
        if self.machine_problem is not None:
            return f"{self.machine_problem.title} {self.machine_problem.hint}".strip()
        if self.machine is None or any(each.kind in _GPUS for each in self.machine.devices):
            return ""
        return _NO_GPU

    def look(self) -> None:
        """Measure the machine anew; the verdicts follow from it."""
        if self._looking:
            return
        self._looking = True
        self._tasks.run(self._watch.look, self._on_looked, self._on_look_failed)

    def judge(self, paths: Iterable[str]) -> None:
        """Judge these models, where that has not been done yet."""
        machine = self.machine
        wanted = [path for path in paths if path not in self._tried]
        if machine is None or not wanted:
            return
        self._tried.update(wanted)
        options = {path: self._options(path) for path in wanted}
        self._tasks.run(lambda: self._judge_all(options, machine), self._on_judged)

    def estimate(self, path: str, loading: LoadingSettings) -> None:
        """Judge one model under these settings, which need not be its own yet."""
        self._question = (path, loading)
        self._pause.start()

    def close(self) -> None:
        """End the thread and what it looks through."""
        self._pause.stop()
        self._watch.close()
        self._tasks.close()

    def _options(self, path: str, loading: LoadingSettings | None = None) -> LoadOptions:
        app = self._settings.app
        if loading is not None:
            own = {**app.model_loading, path: loading}
            app = msgspec.structs.replace(app, model_loading=own)
        return to_load_options(self._settings.generation, app, path)

    # --- on the thread ---------------------------------------------------------------------------

    def _judge_all(
        self, options: Mapping[str, LoadOptions], machine: Machine
    ) -> dict[str, Judgement]:
        found = {}
        for path, wanted in options.items():
            try:
                found[path] = self._judge(wanted, machine)
            except (EngineError, OSError):
                # Its entry in the list says what is wrong with the file.
                continue
        return found

    def _judge(self, options: LoadOptions, machine: Machine) -> Judgement:
        from models.estimate.judging import judge  # noqa: PLC0415 - not at the window's start

        return judge(self._shape(options.path), options, machine)

    def _shape(self, path: str) -> ModelShape:
        from models.estimate.shape import shape_of_model  # noqa: PLC0415 - as above

        stat = Path(path).stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._shapes:
            self._shapes[key] = shape_of_model(Path(path))
        return self._shapes[key]

    # --- what comes back -------------------------------------------------------------------------

    def _on_looked(self, machine: Machine) -> None:
        self._looking = False
        self.machine_problem = None
        if machine != self.machine:
            self.machine = machine
            self._forget()
            self.machine_changed.emit(machine)
        self._answer()

    def _on_look_failed(self, trouble: UserError) -> None:
        self._looking = False
        self.machine_problem = trouble
        self.machine_changed.emit(self.machine)

    def _on_judged(self, found: dict[str, Judgement]) -> None:
        self.judgements |= found
        self.judged.emit(self.judgements)

    def _answer(self) -> None:
        if self._question is None or self.machine is None or self._pause.isActive():
            return
        (path, loading), self._question = self._question, None
        options, machine = self._options(path, loading), self.machine
        self._tasks.run(
            lambda: self._judge(options, machine),
            lambda judgement: self.estimated.emit(path, judgement),
            lambda trouble: self.estimated.emit(path, trouble),
        )

    def _on_settings(self) -> None:
        app = self._settings.app
        decides = (
            self._settings.generation.context_size,
            app.loading,
            app.model_loading,
            app.rpc_servers,
        )
        if decides != self._judged_for:
            self._judged_for = decides
            self._forget()

    def _forget(self) -> None:
        """Let verdicts be asked for again; the old ones show until the new ones are there."""
        self._tried.clear()
        self.judged.emit(self.judgements)
