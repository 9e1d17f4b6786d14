"""The tab of summaries: the wish, the work on it, and the summary with its sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QScrollArea, QWidget

from desktop.controllers.summaries import SummariesController, SummaryJob
from desktop.domain.documents import Document, SourceRef
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button
from desktop.ui.dates import in_words
from desktop.ui.documents.summary_coverage import SummaryCoverage
from desktop.ui.documents.summary_form import LENGTHS, SummaryForm
from desktop.ui.documents.summary_lines import Line, Run, report_lines, section_lines
from desktop.ui.documents.summary_progress import SummaryProgress
from desktop.ui.documents.summary_text import SummaryText
from desktop.ui.documents.tab import DocumentTab
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.columns import bounded, make_scrolling
from desktop.ui.models.fold import Fold
from desktop.ui.theme import Theme
from desktop.work.estimating import Estimate
from desktop.work.markdown import whole_markdown
from desktop.work.summary_records import Summarized, SummaryResult
from models.wording import tr, trn

_SHOWN_LETTERS: Final = 600
"""Of what is being written."""
_MANY: Final = 8
"""Sections that come at once, from which on the draft is shown anew."""


class SummaryTab(DocumentTab):
    """Shows the newest summary of the chosen documents, or asks what kind is wanted."""

    def __init__(self, theme: Theme, summaries: SummariesController) -> None:
        super().__init__()
        self._theme = theme
        self._summaries = summaries
        self.known: SummaryJob | None = None
        self._asks = True
        self._is_shown = self._has_failed = False
        self._lengths: list[tuple[tuple[int, int], int]] = []
        """The sections that the draft shows, in its order, and how many lines each has."""
        self._reports = 0
        self.progress = SummaryProgress()
        self.form = SummaryForm(theme)
        self.text = SummaryText(theme)
        self.coverage = SummaryCoverage(theme)
        self._coverage_fold = Fold(theme, tr("Coverage"), self.coverage, is_open=True)
        self._nothing = label(
            tr("There is no text that could be summarized."), tone="secondary", wraps=True
        )
        self._writing = label(tone="faint", wraps=True)
        self._writing.setObjectName("summaryWriting")
        self._bar = self._make_bar()
        self._area = self._make_area()
        layout = column(self, spacing=tokens.M)
        layout.setContentsMargins(0, tokens.S, 0, 0)
        layout.addWidget(self.progress)
        layout.addWidget(self._area, 1)
        self.setFocusProxy(self.form.focus)
        self._connect()
        self._arrange()

    # --- what the page asks ----------------------------------------------------------------------

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show the summaries of these documents."""
        ready = tuple(each for each in documents if each.state == "ready")
        same = [each.id for each in ready] == [each.id for each in self._summaries.documents]
        if same and self._is_shown:
            self._summaries.estimate()
            return
        self._is_shown = True
        self.known, self._asks = None, False
        self.form.set_documents(len(ready))
        self.form.show_estimate(None, self._summaries.model_name)
        self._summaries.choose(ready)
        self._arrange()

    def mark_source(self, source: SourceRef) -> None:
        """Tint the marks of what is shown beside."""
        self.text.mark_source(source)

    def go_back(self) -> bool:
        """Leave the form for the summary that is there."""
        if not self._asks or self.known is None:
            return False
        self._asks = False
        self._arrange()
        return True

    # --- parts -----------------------------------------------------------------------------------

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        self.about = ElidedLabel(kind="small", tone="secondary")
        self.copy = push_button(tr("Copy"), "outline", self._on_copy)
        self.copy.setAccessibleName(tr("Copy the summary as Markdown"))
        self.save = push_button(tr("Save as…"), "outline", self._on_save)
        self.new = push_button(tr("New summary"), "outline", self._on_new)
        self.delete = push_button(tr("Delete for good"), "danger", self._on_delete)
        self.more = IconButton(self._theme, "more", tr("More"), self._show_menu)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        for button in (self.copy, self.save, self.new, self.delete, self.more):
            row.addWidget(button)
        row.addStretch(1)
        layout = column(bar, spacing=tokens.S)
        layout.addWidget(self.about)
        layout.addLayout(row)
        return bar

    def _make_area(self) -> QScrollArea:
        content = QWidget()
        inner = column(content, spacing=tokens.L)
        for part in (self.form, self._bar, self._nothing, self.text):
            inner.addWidget(part)
        inner.addWidget(self._writing)
        self.again = push_button(tr("Try what failed again"), "outline", self._on_again)
        inner.addWidget(self._coverage_fold)
        inner.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addStretch(1)
        area = QScrollArea()
        make_scrolling(area, bounded(content))
        return area

    def _connect(self) -> None:
        summaries = self._summaries
        summaries.listed.connect(self._on_listed)
        summaries.changed.connect(self._on_changed)
        summaries.advanced.connect(self._on_advanced)
        summaries.removed.connect(self._on_removed)
        summaries.exported.connect(self._on_exported)
        summaries.estimated.connect(self._on_estimated)
        self.form.wished.connect(summaries.start)
        self.progress.pause_requested.connect(lambda: self._of_known(summaries.pause))
        self.progress.resume_requested.connect(lambda: self._of_known(summaries.resume))
        self.progress.cancel_requested.connect(lambda: self._of_known(summaries.remove))
        self.text.source_chosen.connect(self.source_requested)

    # --- what happens ----------------------------------------------------------------------------

    def _on_listed(self) -> None:
        jobs = self._summaries.jobs
        self.form.show_wish(self._summaries.last_wish)
        self.form.show_estimate(None, self._summaries.model_name)
        self._show(jobs[0] if jobs else None)

    def _on_changed(self, known: SummaryJob) -> None:
        is_new = self.known is None or known.job.id != self.known.job.id
        if not is_new or known.job.state == "waiting":
            self._show(known)

    def _on_advanced(self, known: SummaryJob, sections: Sequence[tuple[int, int]]) -> None:
        if known is not self.known:
            return
        self.progress.show_job(known)
        self._show_writing(known)
        if _reports_in(known) != self._reports or len(sections) > _MANY:
            self._show_draft(known)
            return
        for section in sections:
            self._insert(known, section)
        self.text.setVisible(bool(self._lengths))

    def _show_writing(self, known: SummaryJob) -> None:
        """Show what the model is about to say, below what is there."""
        texts = [each.writing for each in known.draft.subjects.values() if not each.report]
        text = (texts[-1] if texts else "").strip()
        is_shown = bool(text) and known.job.state == "running"
        self._writing.setText(f"{text[-_SHOWN_LETTERS:]} …" if is_shown else "")
        self._writing.setVisible(is_shown)

    def _on_exported(self, name: str) -> None:
        self.about.set_text(tr("Saved as {file}", file=name))

    def _on_estimated(self, found: Estimate) -> None:
        self.form.show_estimate(found, self._summaries.model_name)

    def _on_removed(self, job_id: int) -> None:
        if self.known is not None and self.known.job.id == job_id:
            jobs = self._summaries.jobs
            self._show(jobs[0] if jobs else None)

    def _show(self, known: SummaryJob | None) -> None:
        self.known, self._asks = known, known is None
        self.delete.hide()
        if known is not None and known.result is not None:
            reports = known.result.reports
            titled = len(reports) > 1
            self.text.show_lines(
                [line for report in reports for line in report_lines(report, titled=titled)]
            )
            self.coverage.show_reports(reports)
            self.about.set_text(_about(known, known.result))
            failed = any(
                section.status == "failed" for each in reports for section in each.sections
            )
            self._has_failed = failed
        elif known is not None:
            self._show_draft(known)
        self._arrange()
        if known is not None:
            self._show_writing(known)

    # --- the draft -------------------------------------------------------------------------------

    def _show_draft(self, known: SummaryJob) -> None:
        """Show the draft from its beginning: each finished summary, and the points of the rest."""
        lines: list[Line] = []
        self._lengths = []
        self._reports = _reports_in(known)
        subjects = known.draft.subjects
        for place in sorted(subjects):
            subject = subjects[place]
            if subject.report is not None:
                added = report_lines(subject.report, titled=True)
                self._lengths.append(((place, -1), len(added)))
                lines += added
                continue
            if len(known.job.document_ids) > 1:
                lines.append(Line("title", (Run(subject.title),)))
                self._lengths.append(((place, -1), 1))
            for number in sorted(subject.notes):
                added = self._section_lines(known, (place, number))
                self._lengths.append(((place, number), len(added)))
                lines += added
        self.text.show_lines(lines)
        self.text.setVisible(bool(lines))

    def _insert(self, known: SummaryJob, section: tuple[int, int]) -> None:
        """Put a section's points in their place."""
        place, _ = section
        if any(shown == section for shown, _ in self._lengths):
            self._show_draft(known)
            return
        several = len(known.job.document_ids) > 1
        if several and not any(shown == (place, -1) for shown, _ in self._lengths):
            self._show_draft(known)
            return
        at = sum(shown < section for shown, _ in self._lengths)
        lines = self._section_lines(known, section)
        self.text.insert_lines(sum(count for _, count in self._lengths[:at]), lines)
        self._lengths.insert(at, (section, len(lines)))

    def _section_lines(self, known: SummaryJob, section: tuple[int, int]) -> list[Line]:
        place, number = section
        return section_lines(known.draft.subjects[place], number, self._summarized())

    def _summarized(self) -> list[Summarized]:
        return [
            Summarized(document_id=each.id, name=each.name, page_word=each.page_word)
            for each in self._summaries.documents
        ]

    # --- what is pressed -------------------------------------------------------------------------

    def _of_known(self, act: object) -> None:
        if self.known is not None and callable(act):
            act(self.known.job.id)

    def _on_again(self) -> None:
        self._of_known(self._summaries.resume)

    def _on_new(self) -> None:
        self._asks = True
        if self.known is not None:
            self.form.show_wish(self.known.wish, focused=True)
        self._arrange()
        self.form.focus.setFocus()

    def _on_delete(self) -> None:
        self._of_known(self._summaries.remove)

    def _ask_to_delete(self) -> None:
        """Show the button that deletes: a finished summary can't be brought back."""
        self.delete.show()
        self.delete.setFocus()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._markdown())

    def _on_save(self) -> None:
        name = tr("{name} – summary", name=Path(self._summaries.documents[0].name).stem) + ".md"
        dialog = QFileDialog(
            self, tr("Save the summary"), str(Path.home() / name), "Markdown (*.md)"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("md")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(
            lambda path: self._summaries.export(self._markdown(), Path(path))
        )
        dialog.open()

    def _markdown(self) -> str:
        result = self.known.result if self.known else None
        return whole_markdown(result) if result else ""

    def _show_menu(self) -> None:
        """Offer the other summaries of these documents, and to delete this one."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for each in self._summaries.jobs if len(self._summaries.jobs) > 1 else ():
            action = menu.addAction(_name(each).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(each is self.known)
            action.triggered.connect(partial(self._show, each))
        menu.addSeparator()
        menu.addAction(tr("Delete this summary…")).triggered.connect(self._ask_to_delete)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _arrange(self) -> None:
        known = self.known
        result = known.result if known else None
        self.progress.setVisible(known is not None and result is None)
        if known is not None and result is None:
            self.progress.show_job(known)
        has_documents = bool(self._summaries.documents)
        self._writing.hide()
        self._nothing.setVisible(not has_documents and self._is_shown)
        self.form.setVisible(self._asks and has_documents)
        self._bar.setVisible(result is not None)
        self.text.setVisible(result is not None or bool(known and self._lengths))
        self._coverage_fold.setVisible(result is not None)
        self.again.setVisible(result is not None and self._has_failed)


def _reports_in(known: SummaryJob) -> int:
    return sum(each.report is not None for each in known.draft.subjects.values())


def _about(known: SummaryJob, result: SummaryResult) -> str:
    """Return by what and how a summary was made."""
    report = result.reports[-1]
    parts = [_name(known)]
    if report.model:
        parts.append(report.model)
    count = sum(each.tokens_in + each.tokens_out for each in result.reports)
    parts.append(trn("{count} token", "{count} tokens", count))
    return "  ·  ".join(parts)


def _name(known: SummaryJob) -> str:
    wish = known.wish.wish
    parts = [tr(LENGTHS[wish.length]), wish.language]
    parts.append(tr("“{words}”", words=wish.focus) if wish.focus else "")
    made = datetime.fromtimestamp(known.job.created_at).astimezone()
    is_today = made.date() == datetime.now().astimezone().date()
    parts.append(in_words(made, tr("HH:mm") if is_today else tr("dd MMM yyyy")))
    return "  ·  ".join(part for part in parts if part)
