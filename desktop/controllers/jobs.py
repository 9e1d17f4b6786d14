"""Long work on documents: one job at a time on a thread, the others wait for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from PySide6.QtCore import QObject, Qt, Signal

from desktop.controllers.document_thread import DocumentStores, DocumentThread
from desktop.domain.errors import UserError
from desktop.domain.jobs import Job, JobKind
from desktop.work.intake import CancelledError
from desktop.work.jobs import JobProgress, JobTools, Pace, Worker, run_job
from desktop.work.text_model import TextModel
from models.records import LoadOptions

_IDLE_S: Final = 60.0
"""How long the model stays loaded for the next job."""


@dataclass(frozen=True)
class _Order:
    job: Job
    options: LoadOptions


class JobsController(QObject):
    """Starts, pauses and resumes jobs; ``changed`` carries each as it stands.

    ``progressed`` carries a ``JobProgress``, ``loading`` a job's id and the part of its model that
    has been read, ``removed`` the id of a job that is gone, ``failed`` trouble beside the jobs'.
    """

    changed = Signal(object)
    progressed = Signal(object)
    loading = Signal(int, float)
    removed = Signal(int)
    failed = Signal(object)
    _crashed = Signal(object)

    def __init__(
        self,
        thread: DocumentThread,
        workers: Mapping[JobKind, Worker],
        load_options: Callable[[], LoadOptions],
        make_model: Callable[[LoadOptions], TextModel],
    ) -> None:
        """Take a worker for each kind, what loads the model of now, and what makes it.

        ``load_options`` is asked on this object's thread and raises UserError where no model is
        chosen.
        """
        super().__init__()
        self._stores = thread
        self._workers = workers
        self._load_options = load_options
        self._make_model = make_model
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._closing = threading.Event()
        self._model: TextModel | None = None
        self._model_options: LoadOptions | None = None
        self._crashed.connect(_raise, Qt.ConnectionType.QueuedConnection)
        self._thread: threading.Thread | None = None

    def load_options(self) -> LoadOptions:
        """Return how the next job loads its model. Raises UserError where none is chosen."""
        return self._load_options()

    def start(
        self,
        kind: JobKind,
        title: str,
        wish: msgspec.Struct,
        document_ids: Sequence[int],
        started: Callable[[Job], None] | None = None,
    ) -> None:
        """Begin a job, or go on with the same one that was not finished; ``started`` gets it."""
        encoded = msgspec.json.encode(wish).decode()
        ids = tuple(document_ids)

        def begun(job: Job) -> None:
            if started is not None:
                started(job)
            self._order(job)

        self._stores.call(
            lambda s: s.jobs.begin(kind, title, encoded, ids), begun, self.failed.emit
        )

    def resume(self, job_id: int) -> None:
        """Go on with a job that was paused or has failed."""

        def found(job: Job | None) -> None:
            if job is not None:
                self._order(job)

        self._stores.call(lambda s: _waiting(s, job_id), found, self.failed.emit)

    def pause(self, job_id: int) -> None:
        """Stop a job soon; what is answered is kept."""
        self._cancelled.add(job_id)
        self._stores.call(lambda s: _paused(s, job_id), self._tell, self.failed.emit)

    def pause_on(self, document_ids: Sequence[int]) -> None:
        """Stop what works on these documents, which are about to go."""
        ids = frozenset(document_ids)

        def pause(jobs: list[Job]) -> None:
            for job in jobs:
                if ids.intersection(job.document_ids):
                    self.pause(job.id)

        self.list(pause)

    def remove(self, job_id: int) -> None:
        """Delete a job and what was answered, stopping it first."""
        self._cancelled.add(job_id)
        self._stores.call(
            lambda s: s.jobs.delete(job_id), lambda _: self.removed.emit(job_id), self.failed.emit
        )

    def list(self, done: Callable[[list[Job]], None]) -> None:
        """Give ``done`` every job, the newest first."""
        self._stores.call(lambda s: s.jobs.jobs(), done, self.failed.emit)

    def close(self) -> None:
        """Stop what runs, keep what is answered, end the model and the thread."""
        self._closing.set()
        self._orders.put(None)
        if self._thread is not None:
            self._thread.join()

    def _order(self, job: Job) -> None:
        self._cancelled.discard(job.id)
        try:
            options = self._load_options()
        except UserError as error:
            trouble = error
            self._stores.call(lambda s: _failed(s, job.id, trouble), self._tell)
            return
        self.changed.emit(job)
        self._orders.put(_Order(job, options))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
            self._thread.start()

    # --- on the thread of the jobs -------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=_IDLE_S)
            except queue.Empty:
                self._drop_model()
                continue
            if order is None or self._closing.is_set():
                break
            try:
                self._do(order)
            except Exception as error:  # noqa: BLE001 - carried to the window's thread whole
                self._crashed.emit(error)
        self._drop_model()

    def _do(self, order: _Order) -> None:
        job_id = order.job.id
        stores = self._stores.stores()

        def cancelled() -> bool:
            return self._closing.is_set() or job_id in self._cancelled

        if cancelled():
            return
        try:
            model = self._loaded(order, cancelled)
            tools = JobTools(
                documents=stores.documents,
                jobs=stores.jobs,
                model=model,
                cancelled=cancelled,
                report=self._reporter(stores, job_id),
            )
            self._tell(stores.jobs.job(job_id), state="running")
            run_job(order.job, self._workers[order.job.kind], tools)
        except CancelledError:
            stores.jobs.set_state(job_id, "paused")
        except UserError as error:
            _failed(stores, job_id, error)
        finally:
            self._tell(stores.jobs.job(job_id))

    def _loaded(self, order: _Order, cancelled: Callable[[], bool]) -> TextModel:
        if self._model is None or self._model_options != order.options:
            self._drop_model()
            model = self._make_model(order.options)
            try:
                model.load(lambda part: self.loading.emit(order.job.id, part), cancelled)
            except BaseException:
                model.close()
                raise
            self._model, self._model_options = model, order.options
        return self._model

    def _drop_model(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = self._model_options = None

    def _reporter(
        self, stores: DocumentStores, job_id: int
    ) -> Callable[[int, int, msgspec.Struct | None], None]:
        pace = Pace()
        kept = (-1, -1)

        def report(done: int, total: int, news: msgspec.Struct | None) -> None:
            nonlocal kept
            if (done, total) != kept:
                kept = done, total
                stores.jobs.set_progress(job_id, done, total)
            left = pace.seconds_left(done, total)
            self.progressed.emit(
                JobProgress(job_id=job_id, done=done, total=total, seconds_left=left, news=news)
            )

        return report

    def _tell(self, job: Job | None, **changes: object) -> None:
        if job is not None:
            self.changed.emit(msgspec.structs.replace(job, **changes))


def _waiting(stores: DocumentStores, job_id: int) -> Job | None:
    stores.jobs.set_state(job_id, "waiting")
    return stores.jobs.job(job_id)


def _paused(stores: DocumentStores, job_id: int) -> Job | None:
    """Let a job rest whose turn has not come; one that runs ends by itself."""
    job = stores.jobs.job(job_id)
    if job is None or job.state != "waiting":
        return None
    stores.jobs.set_state(job_id, "paused")
    return stores.jobs.job(job_id)


def _failed(stores: DocumentStores, job_id: int, error: UserError) -> Job | None:
    stores.jobs.set_state(job_id, "failed", problem_title=error.title, problem_hint=error.hint)
    return stores.jobs.job(job_id)


def _raise(error: Exception) -> None:
    raise error
