"""A slider drawn by the design: a thin groove, a filled part, a round handle."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QStyle

from desktop.ui.theme import Theme

_HEIGHT = 22
_GROOVE = 4
_RADIUS = 7


class Slider(QSlider):
    """A horizontal slider. A press anywhere on the groove goes there; the wheel scrolls on."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a height that a finger can hit."""
        return QSize(120, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(60, _HEIGHT)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel: scrolling past a slider must not change it."""
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the pointer."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go_to(event.position().x())
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self.isSliderDown():
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw groove, filled part, handle and focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, handle = self.height() / 2, self._handle_x()
        groove = QRectF(0, middle - _GROOVE / 2, self.width(), _GROOVE)
        painter.setBrush(self._theme.blend("panel", "text", 0.16))
        painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
        groove.setRight(handle)
        painter.setBrush(self._theme.colour("accent" if self.isEnabled() else "faint"))
        painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
        if self.hasFocus():
            painter.setBrush(self._theme.blend("panel", "accent", 0.30))
            painter.drawEllipse(QPointF(handle, middle), _RADIUS + 3, _RADIUS + 3)
        painter.setBrush(self._theme.colour("raised"))
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.drawEllipse(QPointF(handle, middle), _RADIUS - 1, _RADIUS - 1)

    def _handle_x(self) -> float:
        span = max(1, self.maximum() - self.minimum())
        inset = _RADIUS
        share = (self.value() - self.minimum()) / span
        return inset + share * (self.width() - 2 * inset)

    def _go_to(self, x: float) -> None:
        inset = _RADIUS
        self.setValue(
            QStyle.sliderValueFromPosition(
                self.minimum(), self.maximum(), round(x - inset), self.width() - 2 * inset
            )
        )
