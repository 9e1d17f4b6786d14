"""Which model is loaded, and what opening, unloading and loading another one mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.controllers.idle import IdleWatch
from desktop.controllers.model_state import ModelState
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.settings.requests import from_load_options, to_load_options
from desktop.settings.schema import GenerationSettings
from models.backends import gpu_backends, unused_card
from models.catalogue import CatalogueEntry, find_entry
from models.estimate.records import Choice, Judgement
from models.load_judge import LoadJudge
from models.load_plan import Attempt, Done, Judge, LoadPlan, Refused
from models.post_mortem import is_crash
from models.problems import EngineError
from models.protocol import (
    Cancelled,
    EngineDied,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    Tokens,
    Unloaded,
)
from models.records import LoadOptions, ModelInfo, Problem, Report
from models.wording import tr

__all__ = ["ModelController", "ModelState"]

Then = Callable[[], object]


class ModelController(QObject):
    """Loads models and keeps the loaded one in step with the settings; see ``LoadPlan``.

    ``opened`` names a file that loaded by a person's choice, for the list of recent ones.
    """

    state_changed = Signal(object)
    load_failed = Signal()
    opened = Signal(str)

    def __init__(  # noqa: PLR0917 - what it stands on, each once, in the composition root
        self,
        engine: EngineClient,
        settings: SettingsController,
        store: StoreThread,
        embedded_model: Callable[[], Path],
        sha256_of: Callable[[Path], str],
        judge: LoadJudge,
    ) -> None:
        super().__init__()
        self.state = ModelState()
        self.has_embedded = True
        """Whether Snug was installed with a model, as far as anybody has looked."""
        self._engine = engine
        self._settings = settings
        self._store = store
        self._embedded_model = embedded_model
        self._sha256_of = sha256_of
        self._judge = judge
        self._tasks = TaskThread("model files")
        self._plan: LoadPlan | None = None
        self._job: JobId | None = None
        self._holds = False
        """Whether the engine holds a model, as far as it has said."""
        self._has_written = False
        """Whether the loaded model has given tokens of a reply."""
        self._suspect = ""
        """The file that the engine died on with nothing on a device to blame."""
        self._waiting: list[tuple[Then, Callable[[Problem], object]]] = []
        self._idle = IdleWatch(engine, settings)
        self._idle.idle.connect(self.unload)
        engine.event_received.connect(self._on_event)

    # --- what a person asks for ------------------------------------------------------------------

    def open(self, path: str) -> None:
        """Load a model file; an empty path is the embedded model."""
        self._drop_plan()
        if path:
            self._begin(ModelState("loading", path, Path(path).stem))
        else:
            self._set(ModelState("loading", embedded=True))
            self._tasks.run(self._find_embedded, self._on_embedded_found)

    def look_for_embedded(self) -> None:
        """Find out whether Snug was installed with a model."""
        self._tasks.run(self._find_embedded, self._note_embedded)

    def ensure(
        self, settings: GenerationSettings, then: Then, failed: Callable[[Problem], object]
    ) -> None:
        """Call ``then`` with the model loaded as these settings need it, or ``failed``.

        A model that was unloaded, or whose load was cancelled, is loaded for it.
        """
        if self.state.problem is not None:
            failed(self.state.problem)
            return
        if self.state.status == "unloaded" or self.needs_reload(settings):
            self._begin(self.state, settings)
        if self.state.status == "loading":
            self._waiting.append((then, failed))
        else:
            then()

    def reload(self, settings: GenerationSettings) -> None:
        """Load the model again where these settings need it loaded otherwise."""
        if self.needs_reload(settings):
            self._begin(self.state, settings)

    def needs_reload(self, settings: GenerationSettings) -> bool:
        """Return whether these settings differ from the loaded model's in what a load decides."""
        if self._plan is None or self.state.status not in ("loading", "ready"):
            return False
        return self._options(self.state.path, settings) != self._plan.wanted

    def load_with(self, choice: Choice) -> None:
        """Load as a choice has it, and keep it: it becomes the model's own setting."""
        path = choice.options.path
        loading, context_size = from_load_options(choice.options)
        self._settings.set_model_loading(path, loading)
        if context_size != self._settings.generation.context_size:
            self._settings.set_value("context_size", context_size)
        if path == self.state.path:
            self._begin(self.state)
        else:
            self.open(path)

    def load_anyway(self) -> None:
        """Load what the judge says doesn't fit."""
        self._begin(self.state, anyway=True)

    def cancel_load(self) -> None:
        """Give a load up; what waits for it fails. The next message begins it anew."""
        if self.state.status == "loading":
            self._drop_plan()
            self._set(self.state.turned("unloaded"))
            self._release(_cancelled())

    def unload(self) -> None:
        """Give the model's memory back, once the replies that are being written have ended."""
        if self.state.status == "ready":
            self._plan = None
            self._job = self._engine.unload()
            self._set(self.state.turned("unloaded"))

    def release_quarantine(self) -> None:
        """Trust the file again that killed the engine, and load it."""
        path = self.state.path
        self._tasks.run(
            lambda: self._judge.release(path),
            lambda _: self._begin(self.state),
            lambda trouble: self._fail(
                Problem(code="quarantined", title=trouble.title, hint=trouble.hint)
            ),
        )

    def close(self) -> None:
        """End the thread that reads model files, and the judge."""
        self._idle.close()
        self._tasks.close()
        self._judge.close()

    # --- the plan --------------------------------------------------------------------------------

    def _options(self, path: str, settings: GenerationSettings | None = None) -> LoadOptions:
        return to_load_options(settings or self._settings.generation, self._settings.app, path)

    def _begin(
        self,
        state: ModelState,
        settings: GenerationSettings | None = None,
        *,
        anyway: bool = False,
    ) -> None:
        self._drop_plan()
        self.state = replace(state, info=None, sha256=state.sha256)
        options = self._options(state.path, settings)
        self._plan = LoadPlan(options, anyway=anyway, drivers=bool(gpu_backends()))
        self._follow()

    def _drop_plan(self) -> None:
        """Leave a plan behind, ending the load that it may have begun."""
        if self._plan is not None and self._job is not None:
            self._engine.cancel(self._job)
        self._plan = self._job = None

    def _follow(self) -> None:
        """Do what the plan's step says."""
        plan = self._plan
        if plan is None:
            return
        match plan.step:
            case Judge(sentence=sentence):
                self._set(self.state.turned("loading", step=sentence))
                self._make_room(plan)
            case Attempt(options=options, sentence=sentence, fresh=fresh):
                self._job = self._engine.load(options, fresh=fresh)
                self._set(self.state.turned("loading", step=sentence, judgement=plan.judgement))
            case Done(model=info):
                self._on_done(info)
            case Refused(problem=problem, choices=choices, can_force=can_force):
                judged = plan.judgement
                self._fail(problem, judgement=judged, choices=choices, can_force=can_force)

    def _make_room(self, plan: LoadPlan) -> None:
        """Have the loaded model's memory given back, so that the judge counts it as free."""
        if self._holds:
            self._job = self._engine.unload()
        else:
            # It starts while the file is looked at.
            self._engine.start()
            self._ask_judge(plan)

    def _ask_judge(self, plan: LoadPlan) -> None:
        def judge() -> Judgement | Problem:
            try:
                return self._judge.judge(plan.wanted)
            except EngineError as error:
                return error.problem

        def judged(outcome: Judgement | Problem) -> None:
            if plan is not self._plan:
                return
            if isinstance(outcome, Problem):
                plan.refused(outcome)
            else:
                plan.judged(outcome)
            self._follow()

        self._tasks.run(judge, judged)

    def _find_embedded(self) -> Path | Problem:
        try:
            return self._embedded_model()
        except EngineError as error:
            return error.problem

    def _note_embedded(self, found: Path | Problem) -> None:
        self.has_embedded = isinstance(found, Path)

    def _on_embedded_found(self, found: Path | Problem) -> None:
        self._note_embedded(found)
        if self.state.path or self.state.status != "loading":
            return
        if isinstance(found, Problem):
            self._fail(found)
        else:
            self._begin(ModelState("loading", str(found), found.stem, embedded=True))

    # --- what the engine says --------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case Loaded(model=info):
                self._holds = True
                if event.job_id == self._job and self._plan is not None:
                    self._job = None
                    self._plan.loaded(info)
                    self._follow()
            case Failed(job_id=job_id, problem=problem) if job_id == self._job:
                self._on_job_failed(problem)
            case Unloaded(job_id=job_id):
                self._holds = False
                self._on_gone(job_id)
            case Cancelled(job_id=job_id) if job_id == self._job:
                self.cancel_load()
            case Tokens():
                self._has_written = True
            case Finished(report=report):
                self._learn(report)
            case EngineDied(problem=problem, exit_code=exit_code):
                self._holds = False
                self._on_death(problem, exit_code)

    def _on_gone(self, job_id: JobId) -> None:
        """Go on with the plan that had the model before it unloaded."""
        if job_id == self._job:
            self._job = None
            if self._plan is not None and isinstance(self._plan.step, Judge):
                self._ask_judge(self._plan)

    def _on_job_failed(self, problem: Problem) -> None:
        plan = self._plan
        if plan is None or isinstance(plan.step, Judge):
            # It was to unload: the engine died, and all of its memory is free.
            self._holds = False
            self._on_gone(self._job or 0)
            return
        self._job = None
        self._suspect = "" if plan.on_device else self.state.path
        plan.failed(problem)
        self._follow()

    def _on_death(self, problem: Problem, exit_code: int) -> None:
        """Load the model again at once, so that the next message need not wait.

        A death while loading is a failed load, of which the plan knows already.
        """
        plan, is_ready = self._plan, self.state.status == "ready"
        if is_ready and plan is not None and not self._has_written and not plan.on_device:
            self._suspect = self.state.path
        suspect, self._suspect = self._suspect, ""
        if suspect and is_crash(exit_code):

            def noted(_is_quarantined: object) -> None:
                # Judged anew, now that it is known whether the file is to blame.
                if is_ready and plan is self._plan:
                    self._begin(self.state)

            self._tasks.run(lambda: self._judge.note_death(suspect), noted)
        elif is_ready and plan is not None:
            if self._has_written:
                plan.again()
            else:
                plan.died(problem)
            self._follow()

    def _on_done(self, info: ModelInfo) -> None:
        from models.account import account

        path, plan = Path(self.state.path), self._plan
        self._has_written = False
        self._tasks.run(
            lambda: (find_entry(info.name), account(info, unused_card())),
            lambda found: self._on_known(plan, path, info, *found),
        )

    def _on_known(
        self,
        plan: LoadPlan | None,
        path: Path,
        info: ModelInfo,
        known: CatalogueEntry | None,
        lines: tuple[str, ...],
    ) -> None:
        if plan is None or plan is not self._plan or plan.step != Done(info, plan.told):
            return
        self._set(
            self.state.turned(
                "ready",
                name=info.name or self.state.name,
                info=info,
                recommended=known.recommended if known else {},
                judgement=plan.judgement,
                account=(*plan.told, *lines),
            )
        )
        self._remember()
        self._release(None)
        if not self.state.sha256:
            self._tasks.run(
                lambda: _hash(path, self._sha256_of),
                lambda sha256: self._on_hashed(str(path), sha256),
            )

    def _remember(self) -> None:
        state = self.state
        path = "" if state.embedded else state.path
        if self._settings.app.model != path:
            self._settings.set_model(path)
        if not state.embedded:
            self.opened.emit(state.path)

    def _fail(self, problem: Problem, **more: Any) -> None:  # noqa: ANN401 - fields of ModelState
        self._set(self.state.turned("failed", problem=problem, **more))
        self.load_failed.emit()
        self._release(problem)

    def _release(self, problem: Problem | None) -> None:
        """Let what waited for the load go on, or fail."""
        waiting, self._waiting = self._waiting, []
        for then, failed in waiting:
            if problem is None:
                then()
            else:
                failed(problem)

    # --- what is remembered ---------------------------------------------------------------

    def _learn(self, report: Report) -> None:
        """Let the judge learn from a reply, for its next word on how fast a model will be."""
        plan, info = self._plan, self.state.info
        if plan is not None and info is not None:
            self._tasks.run(lambda: self._judge.learn(plan.wanted, info, report))

    def _on_hashed(self, path: str, sha256: str) -> None:
        if self.state.path == path:
            self._set(replace(self.state, sha256=sha256))
            name = self.state.name
            self._store.call(lambda store: store.record_model(path, name, sha256))

    def _set(self, state: ModelState) -> None:
        self.state = state
        self.state_changed.emit(state)


def _cancelled() -> Problem:
    return Problem(
        code="cancelled",
        title=tr("The load of the model was cancelled."),
        hint=tr("Send the message again to load it."),
    )


def _hash(path: Path, sha256_of: Callable[[Path], str]) -> str:
    try:
        return sha256_of(path)
    except OSError:
        # Gone or unreadable by now: the replies are recorded without it.
        return ""
