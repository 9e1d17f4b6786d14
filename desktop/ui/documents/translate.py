"""The tab that translates a document: source and translation side by side."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from desktop.controllers.translations import UNDER_WAY, TranslationsController
from desktop.domain.documents import Document, SourceRef
from desktop.domain.jobs import Job
from desktop.domain.segments import source_of
from desktop.domain.translation import Translated, Verdict
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.documents.tab import DocumentTab
from desktop.ui.documents.translate_bar import FORMATS, TranslateBar
from desktop.ui.documents.translate_foot import TranslateFoot
from desktop.ui.documents.translate_form import TranslateForm
from desktop.ui.documents.translate_list import TranslateList, TranslateModel
from desktop.ui.documents.translate_progress import TranslateProgress
from desktop.ui.theme import Theme
from desktop.work.translation import wish_of
from desktop.work.translation_report import file_name
from models.wording import tr


class TranslateTab(DocumentTab):
    """Shows a document's newest translation; of several documents, that of the first."""

    def __init__(self, theme: Theme, translations: TranslationsController) -> None:
        super().__init__()
        self.setObjectName("translateTab")
        self._translations = translations
        self._document: Document | None = None
        self.form = TranslateForm(theme)
        self.progress = TranslateProgress()
        self.bar = TranslateBar()
        self.model = TranslateModel()
        self.list = TranslateList(theme, self.model)
        self.foot = TranslateFoot()
        self.told = label(kind="small", tone="secondary", wraps=True)
        self.told.hide()
        layout = column(self, spacing=tokens.M)
        layout.setContentsMargins(0, tokens.S, 0, 0)
        for part in (self.form, self.progress, self.bar, self.told):
            layout.addWidget(part)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.foot)
        self.setFocusProxy(self.form.language)
        self._connect()

    # --- what the page asks ----------------------------------------------------------------------

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show the first one that can be read, where it was left if it is shown already."""
        first = next((each for each in documents if each.state == "ready"), None)
        before = self._document
        if first is not None and before is not None and first.id == before.id:
            return
        self._document = first
        self.told.setVisible(len(documents) > 1)
        if first is not None and len(documents) > 1:
            self.told.setText(
                tr("One document is translated at a time: this is “{name}”.", name=first.name)
            )
        self._translations.show(first)

    def mark_source(self, source: SourceRef) -> None:
        """Go to the segment whose place is shown beside."""
        each = self.list.current
        if each is None or not source.first <= each.segment.passage <= source.last:
            self.list.go_to_passage(source.first)

    # --- what happens ----------------------------------------------------------------------------

    def _connect(self) -> None:
        translations = self._translations
        translations.opened.connect(self._on_opened)
        translations.listed.connect(self._on_listed)
        translations.changed.connect(self.model.update_segments)
        translations.counted.connect(self._on_counted)
        translations.job_changed.connect(self._on_job)
        translations.progressed.connect(self.progress.show_progress)
        translations.loading.connect(self.progress.show_loading)
        translations.saved.connect(self._on_saved)
        self.form.wished.connect(translations.start)
        self.progress.pause_requested.connect(translations.pause)
        self.progress.resume_requested.connect(translations.resume)
        self.bar.filtered.connect(self.model.set_filter)
        self.bar.job_chosen.connect(translations.open)
        self.bar.delete_requested.connect(translations.remove)
        self.bar.save_requested.connect(self._on_save)
        self.list.moved.connect(self._on_moved)
        self.model.edited.connect(translations.edit)
        self.foot.edit_requested.connect(self._on_edit)
        self.foot.only_requested.connect(self._on_only)
        for wanted, act in (
            (self.foot.again_requested, translations.again),
            (self.foot.accept_requested, translations.accept),
            (self.foot.revert_requested, translations.revert),
        ):
            wanted.connect(lambda act=act: self._of_current(act))
        self.foot.source_requested.connect(self._on_source)

    def _on_opened(self) -> None:
        translations = self._translations
        shown = translations.translation
        if shown is None:
            unmade = [Translated(segment=each) for each in translations.segments]
            self.list.setProperty("waits", False)
            self.model.set_segments(unmade, can_edit=False)
            self.form.show_wish(None)
        else:
            self.list.setProperty("waits", True)
            self.model.set_segments(shown.all(), can_edit=True)
            self.form.show_wish(shown.wish)
        self.form.set_segments(translations.segments)
        self.bar.show_jobs(translations.jobs, translations.job)

    def _on_listed(self) -> None:
        self.bar.show_jobs(self._translations.jobs, self._translations.job)

    def _on_job(self, job: Job | None) -> None:
        self.progress.show_job(job)
        self.form.set_busy(busy=job is not None and job.state in UNDER_WAY)
        self._on_moved()

    def _on_counted(self, verdict: Verdict) -> None:
        self.progress.show_verdict(verdict)

    def _on_moved(self) -> None:
        job, document = self._translations.job, self._document
        self.form.set_chosen(self.list.chosen)
        self.foot.show_segment(
            self.list.current,
            page_word=document.page_word if document is not None else "",
            can_edit=self.model.can_edit,
            is_busy=job is not None and job.state in UNDER_WAY,
        )

    # --- what a person does ----------------------------------------------------------------------

    def _of_current(self, act: object) -> None:
        each = self.list.current
        if each is not None and callable(act):
            act(each.segment.number)

    def _on_edit(self) -> None:
        self.list.setFocus()
        self.list.edit_current()

    def _on_only(self) -> None:
        each = self.list.current
        if each is not None:
            self.form.wish_only(each.segment)

    def _on_source(self) -> None:
        each, document = self.list.current, self._document
        if each is not None and document is not None:
            self.source_requested.emit(source_of(each.segment, document.id))

    def _on_save(self, suffix: str) -> None:
        document, job = self._document, self._translations.job
        if document is None or job is None:
            return
        name = file_name(document, wish_of(job).language, suffix)
        format_name = tr(dict(FORMATS)[suffix])
        folder = Path(document.path).parent
        dialog = QFileDialog(self, tr("Save the translation"), str(folder / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{format_name} (*{suffix})")
        dialog.setDefaultSuffix(suffix.removeprefix("."))
        dialog.fileSelected.connect(self._translations.save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_saved(self, path: str) -> None:
        self.told.setText(tr("Saved as {file}", file=path))
        self.told.show()
