"""What this machine has, and how models would be loaded on it: judged before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.machine import MachineWatch, without
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread, as_user_error
from desktop.settings.requests import to_load_options
from desktop.settings.schema import LoadingSettings
from models.estimate.records import Judgement, Machine
from models.problems import EngineError
from models.records import LoadOptions, Problem
from models.wording import tr

if TYPE_CHECKING:
    from models.estimate.records import ModelShape

_PAUSE_MS = 60
_SETTLE_MS = 500
Verdict = Judgement | UserError
"""What is said of a load beforehand: a judgement, or what is wrong with the file."""


class LoadingController(QObject):
    """Knows the machine and judges models on it, off the GUI thread.

    ``machine_changed`` carries a ``Machine``, None where it can't be measured. ``verdicts`` are
    those of models under the settings that they would be loaded with now, by path; they are asked
    for by ``judge``, and ``judged`` tells of new ones. ``estimated`` answers ``estimate`` with a
    path and a verdict; only the newest question is answered. What the loaded model holds counts as
    free: another one would take its place.
    """

    machine_changed = Signal(object)
    judged = Signal(object)
    estimated = Signal(str, object)
    failed = Signal(object)

    def __init__(
        self, settings: SettingsController, model: ModelController, watch: MachineWatch
    ) -> None:
        super().__init__()
        self.machine: Machine | None = None
        self.why_no_gpu: Problem | UserError | None = None
        """Why no GPU is used, or why nobody knows, and what would mend it."""
        self.verdicts: dict[str, Verdict] = {}
        self._settings = settings
        self._model = model
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
        self._look_later = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._look_later.timeout.connect(self.look)
        self._judged_for: object = None
        settings.app_changed.connect(lambda _app: self._on_settings())
        settings.generation_changed.connect(lambda _settings: self._on_settings())
        model.state_changed.connect(self._on_model)

    @property
    def room(self) -> Machine | None:
        """Return the machine as it would be for the next load; None before it is measured."""
        info = self._model.state.info
        if self.machine is None or info is None:
            return self.machine
        return without(self.machine, info.memory)

    def look(self) -> None:
        """Measure the machine anew; the verdicts follow from it."""
        if not self._looking:
            self._looking = True
            self._tasks.run(self._look, self._on_looked, self._on_look_failed)

    def judge(self, paths: Iterable[str]) -> None:
        """Judge these models, where that has not been done yet."""
        machine = self.room
        wanted = [path for path in paths if path not in self._tried]
        if machine is None or not wanted:
            return
        self._tried.update(wanted)
        options = {path: self._options(path) for path in wanted}
        self._tasks.run(lambda: self._judge_all(options, machine), self._on_judged)

    def estimate(self, path: str, loading: LoadingSettings) -> None:
        """Judge one model under these settings."""
        self._question = (path, loading)
        self._pause.start()

    def release(self, path: str) -> None:
        """Take a file out of quarantine."""
        self._tasks.run(lambda: self._watch.release(path), lambda _none: self._forget())

    def close(self) -> None:
        """End the thread and what it looks through."""
        self._pause.stop()
        self._look_later.stop()
        self._tasks.close()
        self._watch.close()

    def _options(self, path: str, loading: LoadingSettings | None = None) -> LoadOptions:
        app = self._settings.app
        if loading is not None:
            own = {**app.model_loading, path: loading}
            app = msgspec.structs.replace(app, model_loading=own)
        return to_load_options(self._settings.generation, app, path)

    # --- on the thread ---------------------------------------------------------------------------

    def _look(self) -> tuple[Machine, Problem | None]:
        machine = self._watch.look()
        return machine, self._watch.why_no_gpu(machine)

    def _judge_all(
        self, options: Mapping[str, LoadOptions], machine: Machine
    ) -> dict[str, Verdict]:
        return {path: self._judge(wanted, machine) for path, wanted in options.items()}

    def _judge(self, options: LoadOptions, machine: Machine) -> Verdict:
        from models.estimate.judging import draft_of, judge

        try:
            self._watch.check(options.path)
            shape = self._shape(options.path)
            return judge(shape, options, machine, draft=draft_of(options))
        except EngineError as error:
            return as_user_error(error)
        except OSError as error:
            return UserError(
                tr("The file can't be read."), tr("Look whether it is still there."), str(error)
            )

    def _shape(self, path: str) -> ModelShape:
        from models.estimate.shape import shape_of_model

        stat = Path(path).stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._shapes:
            self._shapes[key] = shape_of_model(Path(path))
        return self._shapes[key]

    # --- what comes back -------------------------------------------------------------------------

    def _on_looked(self, looked: tuple[Machine, Problem | None]) -> None:
        self._looking = False
        machine, self.why_no_gpu = looked
        if machine != self.machine:
            self.machine = machine
            self._forget()
            self.machine_changed.emit(machine)

    def _on_look_failed(self, trouble: UserError) -> None:
        self._looking = False
        self.why_no_gpu = trouble
        self.machine_changed.emit(None)

    def _on_judged(self, found: dict[str, Verdict]) -> None:
        self.verdicts |= found
        self.judged.emit(self.verdicts)

    def _answer(self) -> None:
        machine = self.room
        if self._question is None or machine is None or self._pause.isActive():
            return
        (path, loading), self._question = self._question, None
        options = self._options(path, loading)
        self._tasks.run(
            lambda: self._judge(options, machine),
            lambda verdict: self.estimated.emit(path, verdict),
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

    def _on_model(self, state: ModelState) -> None:
        if self.machine is not None and state.status in ("ready", "unloaded", "failed"):
            self._look_later.start()

    def _forget(self) -> None:
        """Let verdicts be asked for again; the old ones show until the new ones are there."""
        self._tried.clear()
        self.judged.emit(self.verdicts)
        self._answer()
