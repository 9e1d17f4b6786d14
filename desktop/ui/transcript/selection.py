"""Selected text: from a place in one block to a place in another."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QTextCursor

from desktop.ui.transcript.blocks import BlockKind
from desktop.ui.transcript.layout import TranscriptLayout
from desktop.ui.transcript.rendering import RenderedBlock
from desktop.ui.transcript.row import RowLayout


class TextPlace(NamedTuple):
    """A position in the document of a row's block. Places compare in reading order."""

    row: int
    block: int
    position: int


class TextSelection:
    """What is selected, between the place where it began and the one that it was drawn to."""

    def __init__(self) -> None:
        self.anchor: TextPlace | None = None
        self.head: TextPlace | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no character is selected."""
        return self.anchor is None or self.anchor == self.head

    def clear(self) -> None:
        """Select nothing."""
        self.anchor = self.head = None

    def begin(self, place: TextPlace) -> None:
        """Start anew at a place."""
        self.anchor = self.head = place

    def extend(self, place: TextPlace) -> None:
        """Draw the end of the selection to a place."""
        self.anchor = self.anchor or place
        self.head = place

    def select(self, start: TextPlace, end: TextPlace) -> None:
        """Select all between two places."""
        self.anchor, self.head = start, end

    def move(self, rows: int) -> None:
        """Take note that so many rows were put above."""
        if self.anchor is not None and self.head is not None:
            self.anchor = self.anchor._replace(row=self.anchor.row + rows)
            self.head = self.head._replace(row=self.head.row + rows)

    def ordered(self) -> tuple[TextPlace, TextPlace] | None:
        """Return start and end in reading order, None when nothing is selected."""
        if self.anchor is None or self.head is None or self.anchor == self.head:
            return None
        return min(self.anchor, self.head), max(self.anchor, self.head)

    def range_in(self, row: int, block: int, rendered: RenderedBlock) -> tuple[int, int] | None:
        """Return the selected positions of a block, None when it has none."""
        ends = self.ordered()
        if ends is None:
            return None
        start, end = ends
        if not (start.row, start.block) <= (row, block) <= (end.row, end.block):
            return None
        least, last = _all_of(rendered)
        first = max(least, start.position) if (row, block) == (start.row, start.block) else least
        final = end.position if (row, block) == (end.row, end.block) else last
        return min(first, last), min(final, last)

    def text(self, layout: TranscriptLayout) -> str:
        """Return the selected text, with blank lines between messages and paragraphs."""
        ends = self.ordered()
        if ends is None:
            return ""
        start, end = ends
        return "\n\n".join(
            self._row_text(row, layout.row(row)) for row in range(start.row, end.row + 1)
        )

    def _row_text(self, row: int, layout: RowLayout) -> str:
        parts: list[str] = []
        for index, block in enumerate(layout.blocks):
            if layout.is_hidden(index):
                continue
            rendered = layout.rendered(index)
            chosen = self.range_in(row, index, rendered)
            if chosen is None:
                continue
            if parts:
                parts.append(separator(block.part, parts[-1]))
            whole = chosen == _all_of(rendered)
            parts.append(rendered.plain_text() if whole else rendered.document.plain_text(*chosen))
        return "".join(parts)


def _all_of(rendered: RenderedBlock) -> tuple[int, int]:
    """Return the ends of a block's text, past the empty paragraph that Qt keeps before a table."""
    least = 1 if rendered.kind is BlockKind.TABLE else 0
    return least, rendered.document.characterCount() - 1


def separator(part: int, before: str) -> str:
    """Return what stands between two blocks: nothing but a line end within what was cut."""
    if part == 0:
        return "\n\n"
    return "" if before.endswith((" ", "\n")) else "\n"


def word_at(place: TextPlace, rendered: RenderedBlock) -> tuple[TextPlace, TextPlace]:
    """Return the ends of the word at a place."""
    return _around(place, rendered, QTextCursor.SelectionType.WordUnderCursor)


def paragraph_at(place: TextPlace, rendered: RenderedBlock) -> tuple[TextPlace, TextPlace]:
    """Return the ends of the paragraph at a place."""
    return _around(place, rendered, QTextCursor.SelectionType.BlockUnderCursor)


def _around(
    place: TextPlace, rendered: RenderedBlock, kind: QTextCursor.SelectionType
) -> tuple[TextPlace, TextPlace]:
    cursor = QTextCursor(rendered.document)
    cursor.setPosition(min(place.position, rendered.document.characterCount() - 1))
    if kind is QTextCursor.SelectionType.BlockUnderCursor:
        cursor.movePosition(cursor.MoveOperation.StartOfBlock)
        cursor.movePosition(cursor.MoveOperation.EndOfBlock, cursor.MoveMode.KeepAnchor)
    else:
        cursor.select(kind)
    return (
        place._replace(position=cursor.selectionStart()),
        place._replace(position=cursor.selectionEnd()),
    )
