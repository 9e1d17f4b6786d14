"""How far a table is, and what can be done about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from desktop.controllers.extractions import ExtractionJob
from desktop.ui import tokens
from desktop.ui.controls import column, push_button, set_property
from desktop.ui.elided import ElidedLabel
from models.amounts import share_in_words, span_in_words
from models.wording import number, tr

_STEPS: Final = 1000


class ExtractProgress(QWidget):
    """A line of words over a bar, and the buttons beside it, while a table is not finished."""

    pause_requested = Signal()
    resume_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("extractProgress")
        self._words = ElidedLabel(kind="small", tone="secondary")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.pause = push_button(tr("Pause"), "outline", self.pause_requested.emit)
        self.resume = push_button(tr("Go on"), "primary", self.resume_requested.emit)
        words = column(spacing=tokens.XS)
        words.addWidget(self._words)
        words.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.L)
        row.addLayout(words, 1)
        row.addWidget(self.pause)
        row.addWidget(self.resume)

    @property
    def words(self) -> str:
        """Return what is said."""
        return self._words.text()

    def show_job(self, known: ExtractionJob) -> None:
        """Show how far it is now."""
        job = known.job
        share = job.done / job.total if job.total else 0.0
        if known.loaded is not None:
            share = known.loaded
        self.bar.setValue(round(min(1.0, share) * _STEPS))
        self.bar.setAccessibleName(tr("Table: {share}", share=share_in_words(share)))
        set_property(self.bar, "resting", job.state != "running")
        self._words.set_text(_words(known))
        had_focus = self.pause.hasFocus() or self.resume.hasFocus()
        self.pause.setVisible(known.is_under_way)
        self.resume.setVisible(not known.is_under_way)
        self.resume.setText(tr("Try again") if job.state == "failed" else tr("Go on"))
        if had_focus:
            (self.pause if known.is_under_way else self.resume).setFocus()


def _words(known: ExtractionJob) -> str:
    job = known.job
    if job.state == "failed":
        return f"{job.problem_title} {job.problem_hint}".strip()
    if known.loaded is not None:
        return tr("Loading the model")
    if job.state == "waiting":
        return tr("Waiting for its turn")
    done = ""
    if job.total:
        done = tr("{done} of {total} sections read", done=number(job.done), total=number(job.total))
    if job.state == "paused":
        return tr("Paused  ·  {done}, and kept", done=done) if done else tr("Paused")
    if not done:
        return tr("Cutting the text into sections")
    parts = [done]
    if known.seconds_left is not None and job.done < job.total:
        parts.append(tr("about {span} left", span=span_in_words(known.seconds_left)))
    return "  ·  ".join(parts)
