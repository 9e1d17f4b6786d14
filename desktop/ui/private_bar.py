"""The line over a private chat that says what it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from desktop.ui import tokens
from desktop.ui.controls import ICON_PX, label, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import mark, tr

_WORDS = mark("Private: never stored, and gone when Snug closes. Documents you attach are kept.")


class PrivateBar(QFrame):
    """Shown over a private chat. ``delete_requested`` asks that it be gone now."""

    delete_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("privateBar")
        self.setAccessibleName(tr(_WORDS))
        self._theme = theme
        self._lock = label()
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.S)
        row.setSpacing(tokens.S)
        row.addWidget(self._lock)
        row.addWidget(label(tr(_WORDS), kind="small", tone="secondary", wraps=True), 1)
        row.addWidget(push_button(tr("Delete"), "link", self.delete_requested.emit))
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def _dress(self) -> None:
        lock = icon("lock", self._theme.colour("accent").name(), ICON_PX)
        self._lock.setPixmap(lock.pixmap(ICON_PX, ICON_PX))
