"""Makes documents ready for questions while nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from PySide6.QtCore import QObject, Qt, Signal

from desktop.engine.tasks import TaskThread
from models.records import LoadOptions

if TYPE_CHECKING:
    from desktop.controllers.document_thread import DocumentThread
    from desktop.domain.documents import Document
    from desktop.domain.errors import UserError
    from desktop.work.embedding import Embedder

_PROGRESS_S: Final = 0.2


class Indexing(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is, in pieces of documents; ``problem`` says why it failed."""

    state: Literal["running", "paused", "failed"]
    done: int = 0
    total: int = 0
    problem: str = ""


class IndexingController(QObject):
    """Computes what documents mean, for the search by meaning, on a thread of its own.

    ::

        idle ──documents or another model──▶ running ──all is there──▶ idle
                                              │   ▲
                                       pause  ▼   │ resume
                                            paused

    ``changed`` carries an ``Indexing``, None when there is nothing left to do. What is computed
    is kept at once: a window that is closed in between goes on with the rest.
    """

    changed = Signal(object)
    _advanced = Signal(object)

    def __init__(
        self,
        thread: DocumentThread,
        embedding: Callable[[], LoadOptions | None],
        make_embedder: Callable[[LoadOptions], Embedder],
    ) -> None:
        super().__init__()
        self.now: Indexing | None = None
        self._thread = thread
        self._embedding = embedding
        self._make_embedder = make_embedder
        self._tasks: TaskThread | None = None
        self._ids: tuple[int, ...] = ()
        self._tried: object = None
        self._is_running = False
        self._is_stopping = False
        self._advanced.connect(self._set, Qt.ConnectionType.QueuedConnection)

    def look(self, documents: Sequence[Document]) -> None:
        """Take over which documents there are, and begin with those that aren't ready."""
        self._ids = tuple(each.id for each in documents if each.state == "ready")
        self.go_on()

    def go_on(self) -> None:
        """Begin, if there is something new to do and nothing is paused."""
        wanted = (self._ids, self._embedding())
        is_paused = self.now is not None and self.now.state == "paused"
        if self._is_running or is_paused or not self._ids or wanted == self._tried:
            return
        self._tried = wanted
        self._is_running, self._is_stopping = True, False
        if self._tasks is None:
            self._tasks = TaskThread("indexing")
        self._tasks.run(lambda: self._work(*wanted), self._on_ended, self._on_failed)

    def pause(self) -> None:
        """Stop until ``resume``."""
        if self.now is not None and self.now.state == "running":
            self._is_stopping = True
            self._set(msgspec.structs.replace(self.now, state="paused"))

    def resume(self) -> None:
        """Go on where it stopped, or try again after a failure."""
        self.now = self._tried = None
        self.go_on()

    def close(self) -> None:
        """Stop, and end the thread. Blocks until then."""
        self._is_stopping = True
        if self._tasks is not None:
            self._tasks.close()

    def _set(self, now: Indexing | None) -> None:
        if now is not None and now.state == "running" and self._is_stopping:
            return
        self.now = now
        self.changed.emit(now)

    def _on_ended(self, _none: None) -> None:
        self._is_running = False
        if self._is_stopping:
            if self.now is None:  # resumed before it had stopped
                self.go_on()
            return
        self._set(None)
        self.go_on()

    def _on_failed(self, error: UserError) -> None:
        self._is_running = False
        self._set(Indexing(state="failed", problem=error.title))

    # --- on the thread -------------------------------------------------------------------------

    def _work(self, ids: Sequence[int], options: LoadOptions | None) -> None:
        database = self._thread.stores().database
        # Here, and not at the window's start: a chat without documents needs none of it.
        from desktop.storage.vectors import lacking
        from desktop.work.embedding import identity_of
        from desktop.work.indexing import index
        from desktop.work.intake import CancelledError

        told = 0.0

        def show(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _PROGRESS_S:
                told = time.monotonic()
                self._advanced.emit(Indexing(state="running", done=done, total=total))

        try:
            index(database, ids, cancelled=self._stops)
            if options is None or not lacking(database, identity_of(options.path), ids):
                return
            with self._make_embedder(options) as embedder:
                embedder.load(cancelled=self._stops)
                index(database, ids, embedder, on_progress=show, cancelled=self._stops)
        except CancelledError:
            return

    def _stops(self) -> bool:
        return self._is_stopping
