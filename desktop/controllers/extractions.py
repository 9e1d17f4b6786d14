"""The tables of the documents that are chosen: what there is, what is under way, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.document_thread import DocumentStores, DocumentThread
from desktop.controllers.jobs import JobsController
from desktop.domain.documents import Document
from desktop.domain.evidence import Cell
from desktop.domain.jobs import Job
from desktop.domain.rows import TableRow
from desktop.domain.table import Table, Value
from desktop.work.extraction import ExtractionResult, ExtractionWish, RowsFound, SectionsCut
from desktop.work.jobs import JobProgress
from desktop.work.prompts import extraction_prompts


@dataclass
class ExtractionJob:
    """A table as it stands.

    ``result`` is there once it is done; ``rows`` are those found until then. ``loaded`` is the
    part of the model that has been read, None where it is there or not needed yet.
    """

    job: Job
    table: Table
    result: ExtractionResult | None = None
    rows: tuple[TableRow, ...] = ()
    sections: int = 0
    seconds_left: float | None = None
    loaded: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Return whether it runs, or waits for its turn."""
        return self.job.state in {"waiting", "running"}


class ExtractionsController(QObject):
    """Keeps the tables of the chosen documents; begins, pauses, edits, writes and deletes them.

    ``listed`` tells that ``jobs``, the newest first, are those of other documents. ``begun``
    carries the id of a new one, ``changed`` an ``ExtractionJob`` that is another in anything,
    ``removed`` the id of one that is gone, ``exported`` a file's name.
    """

    listed = Signal()
    begun = Signal(int)
    changed = Signal(object)
    removed = Signal(int)
    exported = Signal(str)
    failed = Signal(object)

    def __init__(self, thread: DocumentThread, controller: JobsController) -> None:
        super().__init__()
        self.documents: tuple[Document, ...] = ()
        self.jobs: list[ExtractionJob] = []
        self._thread = thread
        self._controller = controller
        self._live: dict[int, ExtractionJob] = {}
        controller.changed.connect(self._on_changed)
        controller.progressed.connect(self._on_progressed)
        controller.loading.connect(self._on_loading)
        controller.removed.connect(self._on_removed)

    def choose(self, documents: Sequence[Document]) -> None:
        """List the tables of exactly these documents."""
        chosen = tuple(each for each in documents if each.state == "ready")
        if chosen == self.documents:
            return
        self.documents = chosen
        self.jobs = []
        ids = self._ids()

        def show(found: list[ExtractionJob]) -> None:
            if ids == self._ids():
                self.jobs = [self._live.get(each.job.id, each) for each in found]
                self.listed.emit()

        self._thread.call(lambda s: _extractions(s, ids), show, self.failed.emit)

    def find(self, job_id: int) -> ExtractionJob | None:
        """Return a table of the list."""
        return next((each for each in self.jobs if each.job.id == job_id), None)

    def start(self, table: Table) -> None:
        """Fill a checked table from the chosen documents, or go on with the same one."""
        wish = ExtractionWish(table=table, prompts=extraction_prompts())
        ids = self._ids()
        if ids:
            title = ", ".join(column.name for column in table.columns)
            self._controller.start("extraction", title, wish, ids, self._on_begun)

    def pause(self, job_id: int) -> None:
        """Stop soon; what is finished is kept."""
        self._controller.pause(job_id)

    def resume(self, job_id: int) -> None:
        """Go on, or try again what has failed."""
        self._controller.resume(job_id)

    def remove(self, job_id: int) -> None:
        """Delete a table, finished or not."""
        self._controller.remove(job_id)

    # --- finished tables -------------------------------------------------------------------------

    def set_cell(self, job_id: int, row: int, column: int, value: Value) -> None:
        """Put a person's value into a finished table; where the old one came from stays known."""
        known = self.find(job_id)
        if known is None or known.result is None:
            return
        rows = list(known.result.rows)
        cells = list(rows[row].cells)
        cells[column] = Cell(value=value, found="edited", sources=cells[column].sources)
        rows[row] = msgspec.structs.replace(rows[row], cells=tuple(cells))
        self.set_rows(job_id, rows)

    def set_rows(self, job_id: int, rows: Sequence[TableRow]) -> None:
        """Put these rows in place of a finished table's."""
        known = self.find(job_id)
        if known is None or known.result is None:
            return
        result = msgspec.structs.replace(known.result, rows=tuple(rows))
        known.result = result
        self._thread.call(
            lambda s: s.jobs.set_result(job_id, msgspec.json.encode(result).decode()),
            failed=self.failed.emit,
        )
        self.changed.emit(known)

    def export(self, job_id: int, path: Path, rows: Sequence[TableRow]) -> None:
        """Write these rows of a finished table to a file, in the format that its name says."""
        known = self.find(job_id)
        if known is None or known.result is None:
            return
        shown = msgspec.structs.replace(known.result, rows=tuple(rows))

        def write(_stores: DocumentStores) -> str:
            # On the thread: the library for spreadsheets is slow to import.
            from desktop.work.table_export import export

            export(shown, path)
            return path.name

        self._thread.call(write, self.exported.emit, self.failed.emit)

    # --- what the jobs tell ----------------------------------------------------------------------

    def _on_begun(self, job: Job) -> None:
        known = self._known(job)
        if job.document_ids == self._ids() and self.find(job.id) is None:
            self.jobs.insert(0, known)
        self.begun.emit(job.id)

    def _on_changed(self, job: Job) -> None:
        if job.kind != "extraction":
            return
        known = self._known(job)
        known.job = job
        if job.state != "waiting":
            known.loaded = None
        if job.state != "done":
            self.changed.emit(known)
            return
        self._thread.call(
            lambda _s: msgspec.json.decode(job.result, type=ExtractionResult),
            self._on_decoded(known),
            self.failed.emit,
        )

    def _on_decoded(self, known: ExtractionJob) -> Callable[[ExtractionResult], None]:
        def take(result: ExtractionResult) -> None:
            known.result, known.rows = result, ()
            self._live.pop(known.job.id, None)
            self.changed.emit(known)

        return take

    def _on_progressed(self, progress: JobProgress) -> None:
        known = self._live.get(progress.job_id)
        if known is None:
            return
        known.job = msgspec.structs.replace(known.job, done=progress.done, total=progress.total)
        known.seconds_left = progress.seconds_left
        if isinstance(progress.news, SectionsCut):
            known.sections = progress.news.sections
        elif isinstance(progress.news, RowsFound):
            known.rows = progress.news.rows
        self.changed.emit(known)

    def _on_loading(self, job_id: int, part: float) -> None:
        known = self._live.get(job_id)
        if known is not None:
            known.loaded = part
            self.changed.emit(known)

    def _on_removed(self, job_id: int) -> None:
        self._live.pop(job_id, None)
        self.jobs = [each for each in self.jobs if each.job.id != job_id]
        self.removed.emit(job_id)

    def _known(self, job: Job) -> ExtractionJob:
        """Return what is known of a job that runs; from now on it hears how it goes."""
        if job.id not in self._live:
            self._live[job.id] = self.find(job.id) or ExtractionJob(job, _table_of(job))
        return self._live[job.id]

    def _ids(self) -> tuple[int, ...]:
        return tuple(each.id for each in self.documents)


def _extractions(stores: DocumentStores, ids: tuple[int, ...]) -> list[ExtractionJob]:
    return [
        ExtractionJob(
            job,
            _table_of(job),
            msgspec.json.decode(job.result, type=ExtractionResult) if job.result else None,
        )
        for job in stores.jobs.jobs()
        if job.kind == "extraction" and job.document_ids == ids
    ]


def _table_of(job: Job) -> Table:
    return msgspec.json.decode(job.wish, type=ExtractionWish).table
