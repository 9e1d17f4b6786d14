"""How far a translation is, how it stands, and what can be done about that."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from desktop.controllers.translations import UNDER_WAY
from desktop.domain.jobs import Job
from desktop.domain.translation import Verdict
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button, set_property
from desktop.work.jobs import JobProgress
from models.amounts import share_in_words, span_in_words
from models.wording import number, tr

_STEPS: Final = 1000


class TranslateProgress(QWidget):
    """A bar while there is work, and a line that says how the translation stands."""

    pause_requested = Signal()
    resume_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("translateProgress")
        self._job: Job | None = None
        self._loaded: float | None = None
        self._seconds_left: float | None = None
        self._verdict: Verdict | None = None
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.words = label(kind="small", tone="secondary", wraps=True)
        self.warning = label(kind="small", tone="text", wraps=True)
        self.warning.setObjectName("translateWarning")
        self.pause = push_button(tr("Pause"), "outline", self.pause_requested.emit)
        self.resume = push_button(tr("Go on"), "primary", self.resume_requested.emit)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(self.words, 1)
        row.addWidget(self.pause)
        row.addWidget(self.resume)
        layout = column(self, spacing=tokens.XS)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.warning)
        self._show()

    def show_job(self, job: Job | None) -> None:
        """Show this job, or that there is none."""
        if job is None or self._job is None or job.id != self._job.id:
            self._seconds_left = None
        self._job = job
        if job is None or job.state != "waiting":
            self._loaded = None
        self._show()

    def show_progress(self, progress: JobProgress) -> None:
        """Show how far it is now."""
        if self._job is not None:
            self._seconds_left, self._loaded = progress.seconds_left, None
            done, total = progress.done, progress.total
            self._job = msgspec.structs.replace(self._job, done=done, total=total)
            self._show()

    def show_loading(self, part: float) -> None:
        """Show how much of the model has been read."""
        self._loaded = part
        self._show()

    def show_verdict(self, verdict: Verdict) -> None:
        """Show how the translation stands."""
        self._verdict = verdict
        self._show()

    def _show(self) -> None:
        job = self._job
        self.setVisible(job is not None)
        if job is None:
            return
        active = job.state in UNDER_WAY
        self.bar.setVisible(active or job.state in {"paused", "failed"})
        self.pause.setVisible(active)
        self.resume.setVisible(job.state in {"paused", "failed"})
        self.resume.setText(tr("Try again") if job.state == "failed" else tr("Go on"))
        share = job.done / job.total if job.total else 0.0
        self._set_bar(share if self._loaded is None else self._loaded)
        set_property(self.bar, "resting", not active)
        self.words.setText(self._words(job))
        set_property(self.words, "tone", "danger" if job.state == "failed" else "secondary")
        warning = self._verdict.warning if self._verdict is not None else ""
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))

    def _set_bar(self, share: float) -> None:
        self.bar.setValue(round(min(1.0, share) * _STEPS))
        self.bar.setAccessibleName(tr("Translation: {share}", share=share_in_words(share)))

    def _words(self, job: Job) -> str:
        match job.state:
            case "waiting" if self._loaded is not None:
                return tr("Loading the model")
            case "waiting":
                return tr("Waiting for its turn")
            case "running":
                return _running(job.done, job.total, self._seconds_left)
            case "paused":
                return tr(
                    "Paused. {done} of {total} segments are finished and kept.",
                    done=number(job.done),
                    total=number(job.total),
                )
            case "failed":
                return f"{job.problem_title} {job.problem_hint}".strip()
            case _:
                return _standing(self._verdict)


def _running(done: int, total: int, seconds_left: float | None) -> str:
    if not total:
        return tr("Looking through the segments")
    parts = [tr("Translating: {done} of {total} segments", done=number(done), total=number(total))]
    if seconds_left is not None and done < total:
        parts.append(tr("about {span} left", span=span_in_words(seconds_left)))
    return "  ·  ".join(parts)


def _standing(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    parts = [
        tr(
            "{done} of {total} segments translated",
            done=number(verdict.translated),
            total=number(verdict.segments - verdict.kept),
        )
    ]
    if verdict.marked:
        parts.append(tr("{count} to check", count=number(verdict.marked)))
    if verdict.failed:
        parts.append(tr("{count} without a translation", count=number(verdict.failed)))
    return "  ·  ".join(parts)
