"""How rows of two lines are drawn: models, what the hub has, documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.ui import tokens
from desktop.ui.theme import Theme

AnyIndex = QModelIndex | QPersistentModelIndex

ROW_HEIGHT: Final = 58
SMALL_PX: Final = 12


class RowDelegate(QStyledItemDelegate):
    """Makes rows of one height; those that stand on it draw on ``drawn_row``."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        """Return the height of a row."""
        return QSize(0, ROW_HEIGHT)

    @contextmanager
    def drawn_row(self, painter: QPainter, option: QStyleOptionViewItem) -> Iterator[QRect]:
        """Draw the row's ground by its state; give the place within its margins for its words."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_ground(painter, rect.adjusted(0, 1, 0, -1), self._theme, state)
        yield rect.adjusted(tokens.M, tokens.S, -tokens.M, -tokens.S)
        painter.restore()


def two_lines(inner: QRect) -> tuple[QRect, QRect]:
    """Return the upper and the lower half of a row."""
    half = inner.height() // 2
    top = QRect(inner.x(), inner.y(), inner.width(), half)
    return top, top.translated(0, half + 1)


def draw_ground(
    painter: QPainter, rect: QRect, theme: Theme, state: QStyle.StateFlag, ground: str = "page"
) -> None:
    """Tint a row that is selected or under the pointer, and ring the one that has the focus.

    ``ground`` is the role of the colour that the list lies on.
    """
    selected = bool(state & QStyle.StateFlag.State_Selected)
    if selected or state & QStyle.StateFlag.State_MouseOver:
        tint = ("accent", 0.13) if selected else ("text", 0.05)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.blend(ground, *tint))
        painter.drawRoundedRect(rect, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
    if selected and state & QStyle.StateFlag.State_HasFocus:
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
