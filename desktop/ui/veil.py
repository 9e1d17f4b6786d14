"""What dims the window under something that lies over it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget


class Veil(QWidget):
    """Dims what lies under it; a press on it closes what lies over it.

    ``strength`` is how dark it is, from 0 to 255.
    """

    def __init__(self, parent: QWidget, on_press: Callable[[], object], strength: int = 70) -> None:
        super().__init__(parent)
        self._strength = strength
        self._on_press = on_press
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim."""
        QPainter(self).fillRect(self.rect(), QColor(0, 0, 0, self._strength))

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Close what lies over it."""
        self._on_press()

    def event(self, event: QEvent) -> bool:
        """Keep the wheel from what is dimmed."""
        return True if event.type() is QEvent.Type.Wheel else super().event(event)
