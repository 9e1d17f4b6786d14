"""One download of the queue: what, how far, how fast, and the buttons of its state."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
)

from desktop.ui import tokens
from desktop.ui.controls import Tone, column, label, push_button, set_property
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.discover_words import download_words, share_done
from models.amounts import share_in_words
from models.downloads.records import Download, Status
from models.wording import mark, tr

Action = Literal["pause", "resume", "cancel", "forget", "load", "model_page", "online", "again"]
_STEPS: Final = 1000
_BESIDE_FROM: Final = 560
_WORDS: Final[dict[Action, str]] = {
    "pause": mark("Pause"),
    "resume": mark("Resume"),
    "cancel": mark("Cancel"),
    "forget": mark("Take off the list"),
    "load": mark("Load"),
    "model_page": mark("See the model's page"),
    "online": mark("Go online"),
    "again": mark("Fetch again"),
}
_AFTER_TROUBLE: Final[dict[Action, str]] = {"resume": mark("Try again"), "cancel": mark("Remove")}
_ACTIONS: Final[dict[Status, tuple[Action, ...]]] = {
    "queued": ("pause", "cancel"),
    "running": ("pause", "cancel"),
    "checking": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "done": ("load", "forget"),
    "failed": ("resume", "cancel"),
}
"""What one can do in each state, what most people want first."""
_PRIMARY: Final = {
    ("done", "load"),
    ("failed", "resume"),
    ("paused", "resume"),
    ("failed", "online"),
}
_ASKING: Final = ("gated", "unauthorized", "not_found")
"""Troubles that are mended on the model's page."""


class DownloadRow(QFrame):
    """Shows a download and offers what can be done with it.

    ``wished`` carries the action and the download. ``can_go_online``: offline is the person's
    own choice, and no variable of the environment.
    """

    wished = Signal(str, object)

    def __init__(self, download: Download, *, can_go_online: bool) -> None:
        super().__init__()
        self.download = download
        self._can_go_online = can_go_online
        self._gone = False
        self.setProperty("kind", "card")
        self._name = ElidedLabel(kind="strong")
        self._variant = label(kind="small", tone="secondary")
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self._words = label(kind="small", tone="secondary", wraps=True)
        self._hint = label(kind="small", tone="secondary", wraps=True)
        self.buttons: dict[Action, QPushButton] = {}
        self._buttons_row = QHBoxLayout()
        self._buttons_row.setSpacing(tokens.S)
        self._lay_out()
        self.show_download(download)

    def set_gone(self, *, gone: bool) -> None:
        """Say whether the files of a finished download have been taken away since."""
        if gone != self._gone:
            self._gone = gone
            self._show_words()
            self._show_buttons()

    @property
    def words(self) -> str:
        """Return what is said of the download's state."""
        return self._words.text()

    def show_download(self, download: Download) -> None:
        """Show where the download is now."""
        changed = download.status != self.download.status or not self.buttons
        self.download = download
        repo, variant = download.request.repo, download.request.variant
        self._name.set_text(repo.partition("/")[2] or repo)
        self._variant.setText(variant)
        self.bar.setValue(round(share_done(download) * _STEPS))
        self.bar.setVisible(download.status != "done")
        share = share_in_words(share_done(download))
        self.bar.setAccessibleName(f"{repo} {variant}: {share}")
        set_property(self.bar, "resting", download.status not in ("running", "checking"))
        problem = download.problem if download.status == "failed" else None
        self._hint.setText(problem.hint if problem else "")
        self._hint.setVisible(bool(problem and problem.hint))
        tone: Tone = "danger" if download.status == "failed" else "secondary"
        set_property(self._words, "tone", tone)
        if download.status != "done":
            self._gone = False
        self._show_words()
        if changed:
            self._show_buttons()
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the place of the buttons."""
        super().resizeEvent(event)
        self._arrange()

    def _lay_out(self) -> None:
        row = self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        row.setSpacing(tokens.M)
        content = column(spacing=tokens.XS)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        head.addWidget(self._name)
        head.addWidget(self._variant)
        head.addStretch(1)
        content.addLayout(head)
        content.addWidget(self.bar)
        content.addWidget(self._words)
        content.addWidget(self._hint)
        row.addLayout(content, 1)
        row.addLayout(self._buttons_row)

    def _show_words(self) -> None:
        gone = tr("Its files are no longer there.")
        words = gone if self._gone else download_words(self.download)
        request = self.download.request
        self._words.setText(words)
        spoken = f"{request.repo}, {request.variant}: {words} {self._hint.text()}"
        self.setAccessibleName(spoken.strip())

    def _arrange(self) -> None:
        """Put the buttons below where there is much to read, or little room beside it."""
        narrow = self.width() < _BESIDE_FROM or self.download.status == "failed"
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        below = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignVCenter
        self._row.setAlignment(self._buttons_row, below)

    def _show_buttons(self) -> None:
        focused = next((name for name, each in self.buttons.items() if each.hasFocus()), None)
        for button in self.buttons.values():
            self._buttons_row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = {name: self._make_button(name) for name in self._actions()}
        for button in self.buttons.values():
            self._buttons_row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        if focused is not None:
            # The focus stays in the row when a press has changed its buttons.
            self.buttons.get(focused, next(iter(self.buttons.values()))).setFocus()

    def _actions(self) -> tuple[Action, ...]:
        problem = self.download.problem
        if self._gone:
            return ("again", "forget")
        if self.download.status != "failed" or problem is None:
            return _ACTIONS[self.download.status]
        if problem.code == "offline" and self._can_go_online:
            return ("online", "cancel")
        page: tuple[Action, ...] = ("model_page",) if problem.code in _ASKING else ()
        return _ACTIONS["failed"] + page

    def _make_button(self, action: Action) -> QPushButton:
        words = _WORDS[action]
        if self.download.status == "failed":
            words = _AFTER_TROUBLE.get(action, words)
        words = tr(words)
        kind = "primary" if (self.download.status, action) in _PRIMARY else "outline"
        button = push_button(words, kind, lambda: self.wished.emit(action, self.download))
        request = self.download.request
        button.setAccessibleName(f"{words}: {request.repo}, {request.variant}")
        return button
