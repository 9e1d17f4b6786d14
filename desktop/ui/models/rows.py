"""How rows of two lines are drawn, in the library as among the hub's models."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from desktop.ui import tokens
from desktop.ui.theme import Theme

ROW_HEIGHT: Final = 58
SMALL_PX: Final = 12


def draw_ground(
    painter: QPainter, rect: QRect, theme: Theme, tint: QColor | None, *, is_ringed: bool
) -> None:
    """Fill a row with a tint, where it has one, and ring the one that has the focus."""
    if tint is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(rect, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
    if is_ringed:
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ring = rect.adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(ring, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)


def draw_name(painter: QPainter, line: QRect, name: str, colour: QColor, pixels: int) -> int:
    """Write a name in strong letters, its middle left out where it is long; return its end."""
    font = row_font(painter.font(), pixels, tokens.WEIGHT_STRONG)
    return _draw(painter, line, name, colour, font=font, mode=Qt.TextElideMode.ElideMiddle)


def draw_small(painter: QPainter, line: QRect, words: str, colour: QColor) -> None:
    """Write words in small letters, their end left out where they are long."""
    font = row_font(painter.font(), SMALL_PX)
    _draw(painter, line, words, colour, font=font, mode=Qt.TextElideMode.ElideRight)


def row_font(base: QFont, pixels: int, weight: int = tokens.WEIGHT_REGULAR) -> QFont:
    """Return a font of this size and weight."""
    font = QFont(base)
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight(weight))
    return font


def _draw(
    painter: QPainter,
    line: QRect,
    words: str,
    colour: QColor,
    *,
    font: QFont,
    mode: Qt.TextElideMode,
) -> int:
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(words, mode, line.width())
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)
    return line.x() + metrics.horizontalAdvance(shown)
