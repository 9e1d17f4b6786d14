"""What is looked for in the transcript: where it stands in painted text, and the way there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from desktop.domain.finding import Wanted
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.rendering import RenderedBlock
from desktop.ui.transcript.row import RowLayout


class Stretch(NamedTuple):
    """Positions in a block's document. ``is_current`` where it is the match that one is at."""

    start: int
    end: int
    is_current: bool


class Spot(NamedTuple):
    """The ``number``-th match of a message's block, from 0."""

    message_id: int
    block: int
    number: int


class Highlights:
    """What is shown as found: any of ``terms``, in one message or, without one, everywhere."""

    def __init__(self) -> None:
        self.current: Spot | None = None
        self._terms: tuple[str, ...] = ()
        self._message_id: int | None = None
        self._known: WeakKeyDictionary[RenderedBlock, list[tuple[int, int]]] = WeakKeyDictionary()

    def show(self, terms: Sequence[str], message_id: int | None = None) -> None:
        """Show other terms; none ends it."""
        if (tuple(terms), message_id) != (self._terms, self._message_id):
            self._terms, self._message_id, self.current = tuple(terms), message_id, None
            self._known.clear()

    def stretches(self, row: RowLayout, block: int, rendered: RenderedBlock) -> list[Stretch]:
        """Return what is to be painted as found in a block."""
        message_id = row.message.id
        if not self._terms or self._message_id not in (None, message_id):
            return []
        found = self._found(rendered)
        spot = self.current
        # What was counted in the text may stand fewer times in what is painted of it.
        number = -1
        if spot is not None and (spot.message_id, spot.block) == (message_id, block):
            number = min(spot.number, len(found) - 1)
        return [Stretch(*ends, index == number) for index, ends in enumerate(found)]

    def find_spot(self, row: RowLayout, number: int) -> Spot | None:
        """Return where the ``number``-th match of a message is, without drawing the message."""
        last: Spot | None = None
        for index, block in enumerate(row.blocks):
            count = sum(self._count(Wanted(term), block) for term in self._terms)
            if number < count:
                return Spot(row.message.id, index, number)
            number -= count
            last = Spot(row.message.id, index, count - 1) if count else last
        return last

    @staticmethod
    def _count(wanted: Wanted, block: Block) -> int:
        is_markdown = block.kind in (BlockKind.TEXT, BlockKind.QUOTE, BlockKind.TABLE)
        text = block.source
        if block.kind is BlockKind.TABLE and block.part == 0:
            text = f"{block.info}\n{text}"
        return wanted.count(text, is_markdown=is_markdown)

    def _found(self, rendered: RenderedBlock) -> list[tuple[int, int]]:
        found = self._known.get(rendered)
        if found is None:
            found = sorted({ends for term in self._terms for ends in _ends(rendered, term)})
            self._known[rendered] = found
        return found


def _ends(rendered: RenderedBlock, term: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    cursor = rendered.document.find(term, 0)
    while not cursor.isNull():
        found.append((cursor.selectionStart(), cursor.selectionEnd()))
        cursor = rendered.document.find(term, cursor.selectionEnd())
    return found


def line_top(rendered: RenderedBlock, position: int) -> int:
    """Return where the line with a position begins, from its block's top on."""
    document = rendered.document
    paragraph = document.findBlock(position)
    top = document.documentLayout().blockBoundingRect(paragraph).top()
    line = paragraph.layout().lineForTextPosition(position - paragraph.position())
    return round(rendered.origin.y() + top + (line.y() if line.isValid() else 0))
