"""A switch drawn by the design: on or off."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from desktop.ui.theme import Theme

_WIDTH = 34
_HEIGHT = 20
_RING = 2


class Switch(QCheckBox):
    """A check box that looks like a switch; to a screen reader it stays a check box."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the switch's size with its focus ring."""
        return QSize(_WIDTH + 2 * _RING, _HEIGHT + 2 * _RING)

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def hitButton(self, place: QPoint) -> bool:  # noqa: N802 - Qt's own name
        """Take a press anywhere on it."""
        return self.rect().contains(place)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the track, the knob and the focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(_RING, (self.height() - _HEIGHT) / 2, _WIDTH, _HEIGHT)
        on = self.isChecked()
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), _RING))
            ring = track.adjusted(-1, -1, 1, 1)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
            track = track.adjusted(2, 2, -2, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        role = "accent" if self.isEnabled() else "faint"
        off = self._theme.blend("page", "text", 0.28)
        painter.setBrush(self._theme.colour(role) if on else off)
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        radius = track.height() / 2 - 3
        x = track.right() - radius - 3 if on else track.left() + radius + 3
        painter.setBrush(self._theme.colour("on_accent" if on else "raised"))
        painter.drawEllipse(QPointF(x, track.center().y()), radius, radius)
