"""When a window was seen first: what it can do without until then waits for this."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

_PATIENCE_MS: Final = 1_000
"""A window that is minimized, or on another desktop, isn't painted."""


class FirstPaint(QObject):
    """Tells once that a window was painted, and that the keys pressed until then have arrived."""

    passed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._later = QTimer(self, interval=_PATIENCE_MS, singleShot=True)
        self._later.timeout.connect(self._on_passed)
        self._later.start()
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice the paint."""
        if event.type() is QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            self._later.start(0)
        return super().eventFilter(watched, event)

    def _on_passed(self) -> None:
        self._window.removeEventFilter(self)
        self.passed.emit()
