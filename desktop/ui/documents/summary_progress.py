"""How far a summary is, and what can be done about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton

from desktop.controllers.summaries import SummaryJob
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button, set_property
from desktop.ui.elided import ElidedLabel
from models.amounts import share_in_words, span_in_words
from models.wording import number, tr, trn

_STEPS: Final = 1000


class SummaryProgress(Card):
    """Shows a summary that is under way, rests or has failed.

    Cancelling deletes what is finished, so it is asked for twice.
    """

    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("summaryProgress")
        self._title = ElidedLabel(kind="strong")
        self._words = label(kind="small", tone="secondary", wraps=True)
        self._failed = label(kind="small", tone="danger", wraps=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.pause = push_button(tr("Pause"), "outline", self.pause_requested.emit)
        self.resume = push_button(tr("Go on"), "primary", self.resume_requested.emit)
        self.cancel = push_button(tr("Cancel"), "outline", self._on_cancel)
        self.discard = push_button(tr("Delete what is finished"), "danger", self._on_discard)
        self.keep = push_button(tr("Keep it"), "outline", self._on_keep)
        self._asks = False
        self._known: SummaryJob | None = None
        layout = column(self, spacing=tokens.S)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(self._title, 1)
        for button in self._buttons:
            head.addWidget(button)
        layout.addLayout(head)
        for part in (self.bar, self._words, self._failed):
            layout.addWidget(part)

    @property
    def words(self) -> tuple[str, str]:
        """Return the title and what stands below it."""
        return self._title.text(), self._words.text()

    def show_job(self, known: SummaryJob) -> None:
        """Show how far it is now."""
        if self._known is None or known.job.id != self._known.job.id:
            self._asks = False
        self._known = known
        job = known.job
        share = job.done / job.total if job.total else 0.0
        if known.loaded is not None:
            share = known.loaded
        self.bar.setValue(round(min(1.0, share) * _STEPS))
        self.bar.setAccessibleName(tr("Summary: {share}", share=share_in_words(share)))
        set_property(self.bar, "resting", job.state != "running")
        self._title.set_text(_title(known))
        self._words.setText(_words(known))
        failed = sum(len(subject.failed) for subject in known.draft.subjects.values())
        self._failed.setText(
            trn(
                "{count} section came to nothing so far. Each is tried twice, and named in the "
                "summary if it fails again.",
                "{count} sections came to nothing so far. Each is tried twice, and named in the "
                "summary if it fails again.",
                failed,
            )
        )
        self._failed.setVisible(bool(failed) and known.is_under_way)
        self._show_buttons()

    # --- buttons ---------------------------------------------------------------------------------

    @property
    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.pause, self.resume, self.cancel, self.discard, self.keep

    def _show_buttons(self) -> None:
        known = self._known
        if known is None:
            return
        active, asks = known.is_under_way, self._asks
        self.resume.setText(tr("Try again") if known.job.state == "failed" else tr("Go on"))
        for button, shown in (
            (self.pause, active and not asks),
            (self.resume, not active and not asks),
            (self.cancel, not asks),
            (self.discard, asks),
            (self.keep, asks),
        ):
            had_focus = button.hasFocus()
            button.setVisible(shown)
            if had_focus and not shown:
                self._first_button().setFocus()

    def _first_button(self) -> QPushButton:
        return next((each for each in self._buttons if not each.isHidden()), self.cancel)

    def _on_cancel(self) -> None:
        if self._known is not None and not self._known.job.done:
            self._on_discard()
            return
        self._asks = True
        self._show_buttons()
        self.keep.setFocus()

    def _on_discard(self) -> None:
        self._asks = False
        self.cancel_requested.emit()

    def _on_keep(self) -> None:
        self._asks = False
        self._show_buttons()
        self.cancel.setFocus()


def _title(known: SummaryJob) -> str:
    match known.job.state:
        case "waiting":
            return tr("Waiting for its turn") if known.loaded is None else tr("Loading the model")
        case "paused":
            return tr("Paused")
        case "failed":
            return known.job.problem_title or tr("It could not be finished.")
        case _:
            return _running_title(known)


def _running_title(known: SummaryJob) -> str:
    place, subject = max(known.draft.subjects.items(), default=(0, None))
    if subject is None or not subject.sections:
        return tr("Cutting the text into sections")
    documents = len(known.job.document_ids)
    read = len(subject.notes) + len(subject.failed)
    is_joining = read >= subject.sections
    section, sections = number(read + 1), number(subject.sections)
    if documents <= 1:
        if is_joining:
            return tr("Joining the points")
        return tr("Reading section {section} of {count}", section=section, count=sections)
    which = tr(
        "Document {document} of {count}", document=number(place + 1), count=number(documents)
    )
    if place >= documents:
        which = tr("Over all documents")
    if is_joining:
        return tr("{which}: joining the points", which=which)
    return tr("{which}: section {section} of {count}", which=which, section=section, count=sections)


def _words(known: SummaryJob) -> str:
    job = known.job
    if job.state == "failed":
        return job.problem_hint
    if job.state == "paused":
        return tr(
            "{done} of about {total} steps are finished and kept.",
            done=number(job.done),
            total=number(job.total),
        )
    if job.state == "waiting" or not job.total:
        return ""
    done, total = number(job.done), number(job.total)
    parts = [tr("{done} of about {total} steps", done=done, total=total)]
    tokens_in_all = sum(subject.tokens for subject in known.draft.subjects.values())
    if tokens_in_all and len(job.document_ids) == 1:
        parts.append(tr("about {tokens} tokens in all", tokens=number(tokens_in_all)))
    if known.seconds_left is not None and job.done < job.total:
        parts.append(tr("about {span} left", span=span_in_words(known.seconds_left)))
    return "  ·  ".join(parts)
