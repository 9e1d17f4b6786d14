"""What a place in the viewport means: a position in text, a link, a button of a code block."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from desktop.ui.transcript.block_buttons import BlockPlace, button_at
from desktop.ui.transcript.layout import TranscriptLayout
from desktop.ui.transcript.selection import TextPlace


class HitTester:
    """Reads places, which are relative to the column's left edge and the conversation's top."""

    def __init__(self, layout: TranscriptLayout) -> None:
        self._layout = layout

    def text_at(self, place: QPoint) -> TextPlace | None:
        """Return the position in text that is nearest to a place."""
        number = self._layout.row_at(place.y())
        if number < 0:
            return None
        row = self._layout.row(number)
        if not row.blocks:
            return TextPlace(number, 0, 0)
        y = place.y() - self._layout.row_top(number)
        index = row.block_at(y)
        block = row.rendered(index)
        inner = QPointF(place.x(), y) - row.block_rect(index).topLeft() - row.text_origin(index)
        position = block.document.documentLayout().hitTest(inner, Qt.HitTestAccuracy.FuzzyHit)
        return TextPlace(number, index, max(0, position))

    def is_text(self, place: QPoint) -> bool:
        """Tell whether there is text right at a place."""
        found = self._block_at(place)
        if found is None:
            return False
        number, index, inner = found
        block = self._layout.row(number).rendered(index)
        layout = block.document.documentLayout()
        return layout.hitTest(inner, Qt.HitTestAccuracy.ExactHit) >= 0

    def link_at(self, place: QPoint) -> str:
        """Return the address of the link at a place, empty where there is none."""
        found = self._block_at(place)
        if found is None:
            return ""
        number, index, inner = found
        block = self._layout.row(number).rendered(index)
        return block.document.documentLayout().anchorAt(inner)

    def block_at(self, place: QPoint) -> tuple[int, int] | None:
        """Return row and number of the block that is at a place."""
        found = self._block_at(place)
        return None if found is None else found[:2]

    def button_at(self, place: QPoint) -> BlockPlace | None:
        """Return the button of a block at a place."""
        number = self._layout.row_at(place.y())
        if number < 0:
            return None
        row = self._layout.row(number)
        if not row.blocks:
            return None
        y = place.y() - self._layout.row_top(number)
        index = row.block_at(y)
        button = button_at(row, index, QPointF(place.x(), y))
        return None if button is None else BlockPlace(number, index, button)

    def _block_at(self, place: QPoint) -> tuple[int, int, QPointF] | None:
        number = self._layout.row_at(place.y())
        if number < 0:
            return None
        row = self._layout.row(number)
        if not row.blocks:
            return None
        y = place.y() - self._layout.row_top(number)
        index = row.block_at(y)
        rect = QRectF(row.block_rect(index))
        if not rect.contains(QPointF(place.x(), y)):
            return None
        if row.is_hidden(index):
            return None
        inner = QPointF(place.x(), y) - rect.topLeft() - row.text_origin(index)
        return number, index, inner
