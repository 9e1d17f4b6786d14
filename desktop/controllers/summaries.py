"""The summaries of the documents that are chosen: what there is, what is under way, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.document_models import DocumentModels
from desktop.controllers.document_thread import DocumentStores, DocumentThread
from desktop.controllers.jobs import JobsController
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.jobs import Job
from desktop.work.estimating import Estimate, estimate, known_bandwidth, known_speed
from desktop.work.jobs import JobProgress
from desktop.work.summary_draft import Draft, draft_of
from desktop.work.summary_records import SummaryResult, SummaryWish
from models.records import LoadOptions
from models.wording import tr


@dataclass
class SummaryJob:
    """A summary as it stands.

    ``result`` is there once it is done; ``loaded`` is the part of the model that has been read,
    None where it is there or not needed yet.
    """

    job: Job
    wish: SummaryWish
    result: SummaryResult | None = None
    draft: Draft = field(default_factory=Draft)
    seconds_left: float | None = None
    loaded: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Return whether it runs, or waits for its turn."""
        return self.job.state in {"waiting", "running"}


class SummariesController(QObject):
    """Keeps the summaries of the chosen documents, and begins, pauses and deletes them.

    ``listed`` tells that ``jobs``, the newest first, are those of other documents. ``changed``
    carries a ``SummaryJob`` whose state is another, ``advanced`` one and the sections of its draft
    that have come, ``removed`` the id of one that is gone, ``estimated`` an ``Estimate``, or
    None where there is no model.
    """

    listed = Signal()
    changed = Signal(object)
    advanced = Signal(object, object)
    removed = Signal(int)
    estimated = Signal(object)
    exported = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        thread: DocumentThread,
        controller: JobsController,
        models: DocumentModels,
        bandwidth_file: Path,
    ) -> None:
        super().__init__()
        self._models = models
        models.changed.connect(self.estimate)
        self.documents: tuple[Document, ...] = ()
        self.jobs: list[SummaryJob] = []
        self.last_wish: SummaryWish | None = None
        self._thread = thread
        self._controller = controller
        self._bandwidth_file = bandwidth_file
        self._live: dict[int, SummaryJob] = {}
        controller.changed.connect(self._on_changed)
        controller.progressed.connect(self._on_progressed)
        controller.loading.connect(self._on_loading)
        controller.removed.connect(self._on_removed)

    @property
    def model_name(self) -> str:
        """Return the name of the model that the next summary is made by, empty without one."""
        options = self._options()
        return self._models.name_of(options.path) if options else ""

    def choose(self, documents: Sequence[Document]) -> None:
        """List the summaries of exactly these documents, and estimate another."""
        self.documents = tuple(each for each in documents if each.state == "ready")
        ids = self._ids()

        def show(found: tuple[list[SummaryJob], SummaryWish | None]) -> None:
            if ids == self._ids():
                jobs, self.last_wish = found
                self.jobs = [self._live.get(each.job.id, each) for each in jobs]
                self.listed.emit()

        if ids:
            titles = [each.title or each.name for each in self.documents]
            self._thread.call(lambda s: _summaries(s, ids, titles), show, self.failed.emit)
            self.estimate()

    def estimate(self) -> None:
        """Find out about what a summary of the chosen documents takes."""
        ids, options, file = self._ids(), self._options(), self._bandwidth_file
        if ids and options is None:
            self.estimated.emit(None)
        elif ids and options is not None:
            self._thread.call(
                lambda s: _estimate(s, ids, options, file),
                self._on_estimated(ids),
                self.failed.emit,
            )

    def start(self, wish: SummaryWish) -> None:
        """Summarize the chosen documents, or go on with the same that was not finished."""
        ids = self._ids()
        if ids:
            self._controller.start("summary", self.documents[0].name, wish, ids)

    def pause(self, job_id: int) -> None:
        """Stop soon; what is finished is kept."""
        self._controller.pause(job_id)

    def resume(self, job_id: int) -> None:
        """Go on, or try again what has failed."""
        self._controller.resume(job_id)

    def remove(self, job_id: int) -> None:
        """Delete a summary, finished or not."""
        self._controller.remove(job_id)

    def export(self, text: str, path: Path) -> None:
        """Write a text into a file."""

        def write(_stores: DocumentStores) -> str:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise UserError(
                    tr(
                        "{file} can't be written: {reason}.",
                        file=path.name,
                        reason=error.strerror or error,
                    ),
                    tr("Choose another folder."),
                    str(error),
                ) from error
            return path.name

        self._thread.call(write, self.exported.emit, self.failed.emit)

    # --- what the jobs tell ----------------------------------------------------------------------

    def _on_changed(self, job: Job) -> None:
        if job.kind != "summary":
            return
        known = self._live.get(job.id) or self._listed(job.id)
        if known is None:
            known = SummaryJob(job, _wish_of(job))
        if job.state in {"waiting", "running"}:
            if job.id not in self._live:
                known.draft, known.result = Draft(), None
            self._live[job.id] = known
        else:
            self._live.pop(job.id, None)
            known.loaded = known.seconds_left = None
            known.result = _result_of(job) or known.result
        known.job = job
        if job.state == "running":
            known.loaded = None
        self._show(known)

    def _on_progressed(self, progress: JobProgress) -> None:
        known = self._live.get(progress.job_id)
        if known is None:
            return
        known.seconds_left = progress.seconds_left
        known.job = msgspec.structs.replace(known.job, done=progress.done, total=progress.total)
        sections = known.draft.take(progress.news)
        if self._is_of_chosen(known):
            self.advanced.emit(known, sections)

    def _on_loading(self, job_id: int, part: float) -> None:
        known = self._live.get(job_id)
        if known is not None:
            known.loaded = part
            if self._is_of_chosen(known):
                self.advanced.emit(known, [])

    def _on_removed(self, job_id: int) -> None:
        self._live.pop(job_id, None)
        if self._listed(job_id) is not None:
            self.jobs = [each for each in self.jobs if each.job.id != job_id]
            self.removed.emit(job_id)

    def _show(self, known: SummaryJob) -> None:
        if not self._is_of_chosen(known):
            return
        if self._listed(known.job.id) is None:
            self.jobs.insert(0, known)
        self.changed.emit(known)
        if known.result is not None and known.job.state == "done":
            self.estimate()

    def _listed(self, job_id: int) -> SummaryJob | None:
        return next((each for each in self.jobs if each.job.id == job_id), None)

    def _is_of_chosen(self, known: SummaryJob) -> bool:
        return known.job.document_ids == self._ids()

    def _ids(self) -> tuple[int, ...]:
        return tuple(each.id for each in self.documents)

    def _options(self) -> LoadOptions | None:
        try:
            return self._controller.load_options()
        except UserError:
            return None

    def _on_estimated(self, ids: tuple[int, ...]) -> Callable[[Estimate], None]:
        def show(found: Estimate) -> None:
            if ids == self._ids():
                self.estimated.emit(found)

        return show


# --- on the documents' thread --------------------------------------------------------------------


def _summaries(
    stores: DocumentStores, ids: tuple[int, ...], titles: Sequence[str]
) -> tuple[list[SummaryJob], SummaryWish | None]:
    """Return the summaries of these documents, and what was wished for last of any."""
    every = [job for job in stores.jobs.jobs() if job.kind == "summary"]
    found = []
    for job in every:
        if job.document_ids == ids:
            known = SummaryJob(job, _wish_of(job), _result_of(job))
            if known.result is None:
                known.draft = draft_of(stores.jobs.answers(job.id), titles)
            found.append(known)
    return found, _wish_of(every[0]) if every else None


def _estimate(
    stores: DocumentStores, ids: tuple[int, ...], options: LoadOptions, bandwidth_file: Path
) -> Estimate:
    from models.bandwidth import Bandwidth

    speed = known_speed(stores.jobs.jobs(), options.path)
    memory = Bandwidth(bandwidth_file)
    memory.measure()
    bandwidth = known_bandwidth(memory.all(), gpu_layers=options.gpu_layers)
    return estimate(stores.documents.text_sizes(ids), options, speed, bandwidth)


def _wish_of(job: Job) -> SummaryWish:
    return msgspec.json.decode(job.wish, type=SummaryWish)


def _result_of(job: Job) -> SummaryResult | None:
    return msgspec.json.decode(job.result, type=SummaryResult) if job.result else None
