"""The one mouth: short notices over the window's foot, each with at most one thing to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import IconButton, label, push_button
from desktop.ui.theme import Theme
from models.wording import tr

_SHORT_MS = 6000
_LONG_MS = 12000
_WIDEST = 560


@dataclass(frozen=True)
class Action:
    """What a notice offers to do."""

    name: str
    run: Callable[[], object]


class Notices(QObject):
    """Shows one notice at a time over the foot of ``host``; the newest replaces the one before."""

    def __init__(self, theme: Theme, host: QWidget, *, foot: Callable[[], int]) -> None:
        super().__init__(host)
        self._host = host
        self._foot = foot
        self._frame = QFrame(host)
        self._frame.setObjectName("notice")
        self._text = label(wraps=True)
        self._action = push_button("", "link", self._on_action)
        close = IconButton(theme, "close", tr("Dismiss"), self.dismiss, role="page")
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(tokens.L, tokens.S, tokens.S, tokens.S)
        row.setSpacing(tokens.S)
        row.addWidget(self._text, 1)
        row.addWidget(self._action)
        row.addWidget(close)
        self._frame.hide()
        self._run: Callable[[], object] | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.dismiss)
        host.installEventFilter(self)

    @property
    def text(self) -> str:
        """Return what is being said, empty while nothing is."""
        return self._text.text() if self._frame.isVisible() else ""

    def say(self, text: str, action: Action | None = None) -> None:
        """Say a sentence for some seconds."""
        self._text.setText(text)
        self._run = action.run if action else None
        self._action.setText(action.name if action else "")
        self._action.setVisible(action is not None)
        self._frame.show()
        self._frame.raise_()
        self._place()
        self._timer.start(_LONG_MS if action or len(text) > 80 else _SHORT_MS)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._frame, text))

    def say_trouble(self, trouble: UserError) -> None:
        """Say what is wrong and what mends it."""
        self.say(f"{trouble.title} {trouble.hint}".strip())

    def dismiss(self) -> bool:
        """Take the notice away; return whether there was one."""
        shown = self._frame.isVisible()
        self._frame.hide()
        return shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the notice in its place."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _on_action(self) -> None:
        run = self._run
        self.dismiss()
        if run is not None:
            run()

    def _place(self) -> None:
        widest = min(_WIDEST, self._host.width() - 2 * tokens.XL)
        self._frame.setFixedWidth(min(widest, max(280, self._natural_width())))
        self._frame.adjustSize()
        x = (self._host.width() - self._frame.width()) // 2
        y = self._host.height() - self._foot() - self._frame.height() - tokens.M
        self._frame.move(x, y)

    def _natural_width(self) -> int:
        text = self._text.fontMetrics().horizontalAdvance(self._text.text())
        extra = self._action.sizeHint().width() if self._run else 0
        return text + extra + 90
