"""Draws the palette's lines: an action in one, what was found as the search shows it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from desktop.ui import tokens
from desktop.ui.controls import ICON_PX
from desktop.ui.icons import icon
from desktop.ui.palette_model import LINE_ROLE, AnyIndex, Line
from desktop.ui.rows import SMALL_PX, draw_ground, draw_small, row_font
from desktop.ui.search_delegate import SearchDelegate
from desktop.ui.theme import Theme

_LINE_HEIGHT: Final = 34
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignVCenter)


class PaletteDelegate(SearchDelegate):
    """Icon, name, where it belongs; the key stands at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, ground="raised")

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the height of a line."""
        if index.data(LINE_ROLE) is not None:
            return QSize(0, _LINE_HEIGHT)
        return super().sizeHint(option, index)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the line."""
        line: Line | None = index.data(LINE_ROLE)
        if line is None:
            super().paint(painter, option, index)
            return
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_ground(painter, rect, self._theme, option.state, "raised")
        self._paint_line(painter, rect.adjusted(tokens.S, 0, -tokens.S, 0), line)
        painter.restore()

    def _paint_line(self, painter: QPainter, place: QRect, line: Line) -> None:
        entry, secondary = line.entry, self._theme.colour("secondary")
        if entry.icon:
            drawn = QRect(place.x(), place.center().y() - ICON_PX // 2 + 1, ICON_PX, ICON_PX)
            icon(entry.icon, secondary.name(), ICON_PX).paint(painter, drawn)
        words = place.adjusted(ICON_PX + tokens.M, 0, 0, 0)
        if entry.keys:
            painter.setFont(row_font(painter.font(), SMALL_PX))
            painter.setPen(secondary)
            painter.drawText(words, _MIDDLE | int(Qt.AlignmentFlag.AlignRight), entry.keys)
            taken = painter.fontMetrics().horizontalAdvance(entry.keys)
            words.setRight(words.right() - taken - tokens.L)
        metrics = QFontMetrics(self._text)
        name = words.adjusted(0, (words.height() - metrics.lineSpacing()) // 2, 0, 0)
        self._paint_excerpt(painter, name, line.parts, lines=1, tone="text")
        end = metrics.horizontalAdvance(entry.name) + tokens.M
        if end < words.width():
            words.setLeft(words.left() + end)
            draw_small(painter, words, entry.where, self._theme.colour("faint"))
