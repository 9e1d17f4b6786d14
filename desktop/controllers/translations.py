"""The translations of the document that is shown: what there is, what is under way, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.document_thread import DocumentStores, DocumentThread
from desktop.controllers.jobs import JobsController
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.jobs import Job
from desktop.domain.segments import Segment
from desktop.domain.translation import Edit, Translated, Translation, Verdict, Wish, verdict
from desktop.engine.tasks import TaskThread
from desktop.settings.files import write_atomically
from desktop.work.jobs import JobProgress
from desktop.work.translation import (
    Answered,
    TranslationWish,
    document_segments,
    open_translation,
    save_edit,
    translation_prompts,
)
from desktop.work.translation_report import as_file
from models.wording import tr

_COUNT_MS: Final = 400
"""How often a translation under way is counted anew."""
UNDER_WAY: Final = frozenset(("waiting", "running"))


class TranslationsController(QObject):
    """Keeps the translation that is shown, and begins, pauses, edits, saves and deletes them.

    ``opened`` tells that ``translation`` is another, None where the document has none; ``listed``
    that ``jobs`` have changed, the newest first. ``changed`` carries the ``Translated`` of segments
    that stand otherwise, ``counted`` a ``Verdict``, ``job_changed`` the ``Job`` that is shown or
    None, ``progressed`` its ``JobProgress``, ``loading`` the part of its model that has been read,
    ``saved`` the path of a file, ``failed`` trouble.
    """

    opened = Signal()
    listed = Signal()
    changed = Signal(object)
    counted = Signal(object)
    job_changed = Signal(object)
    progressed = Signal(object)
    loading = Signal(float)
    saved = Signal(str)
    failed = Signal(object)

    def __init__(self, thread: DocumentThread, jobs: JobsController, files: TaskThread) -> None:
        super().__init__()
        self.document: Document | None = None
        self.segments: Sequence[Segment] = ()
        self.jobs: list[Job] = []
        self.job: Job | None = None
        self.translation: Translation | None = None
        self._thread = thread
        self._controller = jobs
        self._files = files
        self._early: list[Answered] = []
        self._count = QTimer(self, interval=_COUNT_MS, singleShot=True)
        self._count.timeout.connect(self._tell_counts)
        jobs.changed.connect(self._on_job)
        jobs.progressed.connect(self._on_progressed)
        jobs.loading.connect(self._on_loading)
        jobs.removed.connect(self._on_removed)

    # --- what is shown ---------------------------------------------------------------------------

    def show(self, document: Document | None) -> None:
        """Show this document's newest translation, if it has one."""
        self.document = document
        self.segments, self.jobs = (), []
        self._set(None, None)
        if document is None:
            return

        def found(told: tuple[list[Segment], list[Job]]) -> None:
            if self.document is document:
                self.segments, self.jobs = told
                self.listed.emit()
                if self.jobs:
                    self.open(self.jobs[0].id)
                else:
                    self._set(None, None)

        self._thread.call(lambda s: _of_document(s, document.id), found, self.failed.emit)

    def open(self, job_id: int) -> None:
        """Show this one of the document's translations."""
        job = next((each for each in self.jobs if each.id == job_id), None)
        if job is None:
            return
        self.job, self.translation, self._early = job, None, []

        def found(translation: Translation) -> None:
            if self.job is not None and self.job.id == job_id:
                # What came while it was being read may or may not be in it already.
                for news in self._early:
                    translation.add(news.key, news.reply)
                self._set(self.job, translation)

        self._thread.call(
            lambda s: open_translation(job, s.documents, s.jobs), found, self.failed.emit
        )

    # --- what a person does ----------------------------------------------------------------------

    def start(self, wish: Wish) -> None:
        """Translate the document, or go on with the same wish that was not finished."""
        document = self.document
        if document is None:
            return

        def begun(job: Job) -> None:
            if self.document is document:
                self._take(job)
                self.open(job.id)

        told = TranslationWish(wish=wish, prompts=translation_prompts())
        self._controller.start("translation", document.name, told, (document.id,), begun)

    def pause(self) -> None:
        """Stop soon; what is translated is kept."""
        if self.job is not None:
            self._controller.pause(self.job.id)

    def resume(self) -> None:
        """Go on, or try again what has failed."""
        if self.job is not None:
            self._controller.resume(self.job.id)

    def remove(self) -> None:
        """Delete the translation that is shown."""
        if self.job is not None:
            self._controller.remove(self.job.id)

    def edit(self, number: int, text: str) -> None:
        """Put a person's words in place of a segment's translation."""
        tries = self._edit_of(number).tries
        self._keep(number, Edit(text=text.strip(), tries=tries))

    def accept(self, number: int) -> None:
        """Note that a person has found a segment right as it stands."""
        self._keep(number, msgspec.structs.replace(self._edit_of(number), accepted=True))

    def revert(self, number: int) -> None:
        """Go back from a person's words to the model's."""
        self._keep(number, Edit(tries=self._edit_of(number).tries))

    def again(self, number: int) -> None:
        """Have a segment translated once more; what stands there goes when the new one comes."""
        if self.translation is None or self.job is None or self.job.state in UNDER_WAY:
            return
        leader = self.translation.leader(number)
        if leader != number:
            self._keep(number, Edit())
        self._keep(leader, Edit(tries=self._edit_of(leader).tries + 1))
        self._controller.resume(self.job.id)

    def save(self, path: str) -> None:
        """Write the translation as it stands, as its name's ending says."""
        document, translation = self.document, self.translation
        if document is None or translation is None:
            return
        translated, language = translation.all(), translation.wish.language
        title, file = document.title or document.name, Path(path)

        def write() -> str:
            if file == Path(document.path):
                raise UserError(
                    tr("That would write over the document."), tr("Choose another name.")
                )
            write_atomically(file, as_file(translated, language, title, file.suffix))
            return str(file)

        self._files.run(write, self.saved.emit, self.failed.emit)

    def _edit_of(self, number: int) -> Edit:
        return self.translation.edits.get(number, Edit()) if self.translation else Edit()

    def _keep(self, number: int, edit: Edit) -> None:
        translation, job = self.translation, self.job
        if translation is None or job is None:
            return
        translation.edits[number] = edit
        self._thread.call(
            lambda s: save_edit(s.jobs, job.id, number, edit), failed=self.failed.emit
        )
        self._tell(number)

    # --- what happens ----------------------------------------------------------------------------

    def _on_job(self, job: Job) -> None:
        if job.kind != "translation" or self.document is None:
            return
        if job.document_ids == (self.document.id,):
            self._take(job)
            if self.job is not None and self.job.id == job.id:
                self.job = job
                self.job_changed.emit(job)
                self._tell_counts()

    def _take(self, job: Job) -> None:
        """Put a job among those of the document."""
        others = [each for each in self.jobs if each.id != job.id]
        self.jobs = sorted([job, *others], key=lambda each: -each.id)
        self.listed.emit()

    def _on_progressed(self, progress: JobProgress) -> None:
        if self.job is None or progress.job_id != self.job.id:
            return
        if isinstance(news := progress.news, Answered):
            if self.translation is None:
                self._early.append(news)
            else:
                self.translation.add(news.key, news.reply)
                self._tell(news.key[1])
        self.progressed.emit(progress)

    def _on_loading(self, job_id: int, part: float) -> None:
        if self.job is not None and job_id == self.job.id:
            self.loading.emit(part)

    def _on_removed(self, job_id: int) -> None:
        self.jobs = [each for each in self.jobs if each.id != job_id]
        self.listed.emit()
        if self.job is not None and self.job.id == job_id:
            if self.jobs:
                self.open(self.jobs[0].id)
            else:
                self._set(None, None)

    def _set(self, job: Job | None, translation: Translation | None) -> None:
        self.job, self.translation = job, translation
        self.opened.emit()
        self.job_changed.emit(job)
        self._tell_counts()

    def _tell(self, number: int) -> None:
        """Tell of a segment, and of those that take its translation over."""
        translation = self.translation
        if translation is not None:
            self.changed.emit(tuple(map(translation.of, translation.followers(number))))
            if not self._count.isActive():
                self._count.start()

    def _tell_counts(self) -> None:
        self.counted.emit(self.count())

    def count(self) -> Verdict:
        """Return how the translation stands."""
        if self.translation is None:
            return verdict([Translated(segment=each) for each in self.segments], "")
        return verdict(self.translation.all(), self.translation.wish.language_name)


def _of_document(stores: DocumentStores, document_id: int) -> tuple[list[Segment], list[Job]]:
    jobs = [
        job
        for job in stores.jobs.jobs()
        if job.kind == "translation" and job.document_ids == (document_id,)
    ]
    return document_segments(document_id, stores.documents), jobs
