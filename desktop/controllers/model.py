"""Which model is loaded, and what opening another one means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.settings.requests import to_load_options
from desktop.settings.schema import GenerationSettings
from models.catalogue import CatalogueEntry, find_entry
from models.problems import EngineError
from models.protocol import (
    Cancelled,
    EngineDied,
    Event,
    Failed,
    JobId,
    Loaded,
    LoadOptions,
    ModelInfo,
    Problem,
)

Status = Literal["none", "loading", "ready", "failed"]


@dataclass(frozen=True)
class ModelState:
    """The model that the window talks to.

    ``name`` is the engine's; until it has loaded the model, the stem of the file. ``recommended``
    are its makers' values by the option's name.
    """

    status: Status = "none"
    path: str = ""
    name: str = ""
    sha256: str = ""
    embedded: bool = False
    info: ModelInfo | None = None
    recommended: Mapping[str, float] = field(default_factory=dict)
    problem: Problem | None = None


class ModelController(QObject):
    """Loads models and keeps the loaded one in step with the open chat's settings.

    ``opened`` names a file that loaded by a person's choice, for the list of recent ones.
    """

    state_changed = Signal(object)
    load_failed = Signal()
    opened = Signal(str)

    def __init__(
        self,
        engine: EngineClient,
        settings: SettingsController,
        store: StoreThread,
        embedded_model: Callable[[], Path],
        sha256_of: Callable[[Path], str],
    ) -> None:
        super().__init__()
        self.state = ModelState()
        self._engine = engine
        self._settings = settings
        self._store = store
        self._embedded_model = embedded_model
        self._sha256_of = sha256_of
        self._tasks = TaskThread("model files")
        self._options: LoadOptions | None = None
        self._job: JobId | None = None
        self._waiting: list[Callable[[], object]] = []
        engine.event_received.connect(self._on_event)

    def open(self, path: str) -> None:
        """Load a model file; an empty path is the embedded model."""
        self._options = None
        if path:
            self._load(ModelState("loading", path, Path(path).stem))
        else:
            self._set(ModelState("loading", embedded=True))
            self._tasks.run(self._find_embedded, self._on_embedded_found)

    def ensure(self, settings: GenerationSettings, then: Callable[[], object]) -> None:
        """Reload the model where these settings need that, then call ``then``.

        What ``then`` asks of the engine stands in line behind the load.
        """
        if self.state.status == "loading" and self._options is None:
            self._waiting.append(then)
            return
        self.reload(settings)
        then()

    def reload(self, settings: GenerationSettings) -> None:
        """Load the model again where these settings need it loaded otherwise."""
        if self.needs_reload(settings):
            self._load(self.state, settings)

    def needs_reload(self, settings: GenerationSettings) -> bool:
        """Return whether these settings differ from the loaded model's in what a load decides."""
        if self._options is None or self.state.status not in ("loading", "ready"):
            return False
        return to_load_options(settings, self.state.path) != self._options

    def close(self) -> None:
        """End the thread that reads model files."""
        self._tasks.close()

    def _load(self, state: ModelState, settings: GenerationSettings | None = None) -> None:
        self._options = to_load_options(settings or self._settings.generation, state.path)
        self._job = self._engine.load(self._options)
        self._set(replace(state, status="loading", problem=None))
        self._call_waiting()

    def _call_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()

    def _find_embedded(self) -> Path | Problem:
        try:
            return self._embedded_model()
        except EngineError as error:
            return error.problem

    def _on_embedded_found(self, found: Path | Problem) -> None:
        if self.state.path:
            return
        if isinstance(found, Problem):
            self._on_failed(found)
        else:
            self._load(ModelState("loading", str(found), found.stem, embedded=True))

    def _on_event(self, event: Event) -> None:
        match event:
            case Loaded(job_id=job_id, model=info) if job_id == self._job:
                self._on_loaded(info)
            case Failed(job_id=job_id, problem=problem) if job_id == self._job:
                self._on_failed(problem)
            case Cancelled(job_id=job_id) if job_id == self._job:
                self._job = None
                self._set(replace(self.state, status="none", info=None))
            case EngineDied() if self.state.status == "ready":
                # At once, so that the next message need not wait; a death while loading is a
                # failed load, and trying it again would only die again.
                self._load(self.state)

    def _on_loaded(self, info: ModelInfo) -> None:
        self._job = None
        path = Path(self.state.path)
        self._tasks.run(
            lambda: (path, find_entry(info.name)),
            lambda found: self._on_known(info, *found),
        )

    def _on_known(self, info: ModelInfo, path: Path, known: CatalogueEntry | None) -> None:
        if self.state.path != str(path) or self._job is not None:
            return
        recommended = known.recommended if known else {}
        name = info.name or self.state.name
        state = replace(self.state, status="ready", name=name, info=info, recommended=recommended)
        self._set(state)
        if self._settings.app.model != ("" if state.embedded else state.path):
            self._settings.set_model("" if state.embedded else state.path)
        if not state.embedded:
            self.opened.emit(state.path)
        if not state.sha256:
            self._tasks.run(lambda: (path, self._hash(path)), self._on_hashed)

    def _hash(self, path: Path) -> str:
        try:
            return self._sha256_of(path)
        except OSError:
            # Gone or unreadable by now: the replies are recorded without it.
            return ""

    def _on_failed(self, problem: Problem) -> None:
        self._job = None
        self._set(replace(self.state, status="failed", info=None, problem=problem))
        self.load_failed.emit()
        self._call_waiting()

    def _on_hashed(self, found: tuple[Path, str]) -> None:
        path, sha256 = found
        if self.state.path == str(path):
            self._set(replace(self.state, sha256=sha256))
            name = self.state.name
            self._store.call(lambda store: store.record_model(str(path), name, sha256))

    def _set(self, state: ModelState) -> None:
        self.state = state
        self.state_changed.emit(state)
