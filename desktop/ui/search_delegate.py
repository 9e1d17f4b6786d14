"""Draws what was found: a title in one line, a message in two or three."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.domain.search import Found, Part
from desktop.ui import tokens
from desktop.ui.rows import draw_ground
from desktop.ui.search_model import FOUND_ROLE, HEADING_ROLE, AnyIndex, day_of
from desktop.ui.theme import Theme
from models.wording import tr

_LINES: Final = 2
_SMALL_PX: Final = 12
_TEXT_PX: Final = 13


class SearchDelegate(QStyledItemDelegate):
    """What was searched for stands out in each row.

    ``ground`` is the role of the colour that the list lies on.
    """

    def __init__(self, theme: Theme, parent: QWidget, ground: str = "panel") -> None:
        super().__init__(parent)
        self._theme = theme
        self._ground = ground
        self._small, self._text = QFont(parent.font()), QFont(parent.font())
        self._small.setPixelSize(_SMALL_PX)
        self._text.setPixelSize(_TEXT_PX)

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the height of a heading, a title or a message."""
        found = index.data(FOUND_ROLE)
        line = QFontMetrics(self._text).lineSpacing()
        if found is None:
            return QSize(0, self._words_height(str(index.data()), option) + tokens.M)
        if found.message_id is None:
            return QSize(0, line + tokens.L)
        width = _width(option) - 2 * tokens.S
        lines = self._lay_out(found.excerpt, width, _LINES).lineCount()
        return QSize(0, QFontMetrics(self._small).lineSpacing() + lines * line + 2 * tokens.M)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        found = index.data(FOUND_ROLE)
        if found is None:
            self._paint_words(painter, option, index)
        else:
            ground = _rect(option).adjusted(0, 1, 0, -1)
            draw_ground(painter, ground, self._theme, option.state, self._ground)
            self._paint_found(painter, option, found)
        painter.restore()

    def _words_height(self, words: str, option: QStyleOptionViewItem) -> int:
        space = QRect(0, 0, max(1, _width(option) - 2 * tokens.S), 1000)
        flags = int(Qt.TextFlag.TextWordWrap)
        return QFontMetrics(self._small).boundingRect(space, flags, words).height()

    def _paint_words(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex
    ) -> None:
        font = QFont(self._small)
        is_heading = index.data(HEADING_ROLE)
        font.setWeight(font.Weight(tokens.WEIGHT_STRONG if is_heading else tokens.WEIGHT_REGULAR))
        painter.setFont(font)
        painter.setPen(self._theme.colour("faint"))
        place = _rect(option).adjusted(tokens.S, 0, -tokens.S, -tokens.XS)
        flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, int(flags) | int(Qt.TextFlag.TextWordWrap), str(index.data()))

    def _paint_found(self, painter: QPainter, option: QStyleOptionViewItem, found: Found) -> None:
        place = _rect(option).adjusted(tokens.S, tokens.S, -tokens.S, -tokens.S)
        if found.message_id is None:
            self._paint_excerpt(painter, place, found.excerpt, lines=1, tone="text")
            return
        metrics = QFontMetrics(self._small)
        painter.setFont(self._small)
        painter.setPen(self._theme.colour("faint"))
        day, centred = day_of(found.at), int(Qt.AlignmentFlag.AlignTop)
        painter.drawText(place, centred | int(Qt.AlignmentFlag.AlignRight), day)
        room = place.width() - metrics.horizontalAdvance(day) - tokens.S
        title = metrics.elidedText(found.title or tr("Untitled chat"), _ELIDED, room)
        painter.drawText(place, centred | int(Qt.AlignmentFlag.AlignLeft), title)
        below = place.adjusted(0, metrics.lineSpacing() + 2, 0, 0)
        self._paint_excerpt(painter, below, found.excerpt, lines=_LINES, tone="secondary")

    def _paint_excerpt(
        self, painter: QPainter, place: QRect, parts: Sequence[Part], *, lines: int, tone: str
    ) -> None:
        """Write an excerpt in so many lines, its end cut off with an ellipsis."""
        layout = self._lay_out(parts, place.width(), lines)
        painter.setPen(self._theme.colour(tone))
        if layout.lineCount() == lines:
            last = layout.lineAt(lines - 1)
            if last.textStart() + last.textLength() < len(layout.text()):
                parts = _cut(parts, last.textStart() + last.textLength() - 1)
                layout = self._lay_out(parts, place.width(), lines)
        layout.draw(painter, QPointF(place.topLeft()))

    def _lay_out(self, parts: Sequence[Part], width: int, lines: int) -> QTextLayout:
        layout = QTextLayout("".join(part.text for part in parts), self._text)
        strong = QTextCharFormat()
        strong.setFontWeight(QFont.Weight(tokens.WEIGHT_STRONG))
        strong.setForeground(self._theme.colour("accent"))
        ranges = []
        # Qt counts a letter beyond the first plane as two.
        lengths = [len(part.text.encode("utf-16-le")) // 2 for part in parts]
        for part, start, length in zip(
            parts, accumulate(lengths, initial=0), lengths, strict=False
        ):
            if part.is_match:
                marked = QTextLayout.FormatRange()
                marked.start, marked.length, marked.format = start, length, strong
                ranges.append(marked)
        layout.setFormats(ranges)
        layout.beginLayout()
        y = 0.0
        for _ in range(lines):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y))
            y += line.height()
        layout.endLayout()
        return layout


_ELIDED: Final = Qt.TextElideMode.ElideRight


def _cut(parts: Sequence[Part], length: int) -> list[Part]:
    """Return the parts up to a length, with an ellipsis at their end."""
    kept: list[Part] = []
    for part in parts:
        kept.append(part._replace(text=part.text[: max(0, length)]))
        length -= len(part.text)
    return [*kept, Part("…")]


def _rect(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect


def _width(option: QStyleOptionViewItem) -> int:
    """Return how wide a row is going to be, which its option doesn't know before it is placed."""
    view = option.widget
    return view.viewport().width() if hasattr(view, "viewport") else _rect(option).width()
