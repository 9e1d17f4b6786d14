"""The buttons that are drawn on blocks: what a block offers, and where one presses for it."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from PySide6.QtCore import QPointF, QRectF

from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.rendering import CODE_HEADER, THOUGHT_HEADER
from desktop.ui.transcript.row import RowLayout
from desktop.ui.transcript.style import LIST_INDENT
from models.wording import mark, tr

ICON_SIZE: Final = 16
AREA: Final = 28


class Button(Enum):
    """What a button on a block does. The value is its name."""

    COPY = mark("Copy code")
    SAVE = mark("Save code as a file")
    WRAP = mark("Wrap long lines")
    CSV = mark("Copy table as CSV")
    FOLD = mark("Show or hide what the model thought")

    @property
    def label(self) -> str:
        """Return its name, for tips."""
        return tr(self.value)

    @property
    def icon(self) -> str:
        """Return the name of its icon, "" where it is drawn otherwise."""
        return _ICONS.get(self, "")


_ICONS: Final = {
    Button.COPY: "copy",
    Button.SAVE: "download",
    Button.WRAP: "wrap",
    Button.CSV: "copy",
}
_OF_KINDS: Final = {
    BlockKind.CODE: (Button.COPY, Button.SAVE, Button.WRAP),
    BlockKind.TABLE: (Button.CSV,),
    BlockKind.THOUGHT: (Button.FOLD,),
}


class BlockPlace(NamedTuple):
    """A block, by its row and number, and one of its buttons; that of code where a fence begins."""

    row: int
    block: int
    button: Button = Button.COPY


def buttons_of(block: Block) -> tuple[Button, ...]:
    """Return the buttons of a block, from the right; only the first part of a whole has any."""
    return () if block.part else _OF_KINDS.get(block.kind, ())


def frame_of(row: RowLayout, index: int) -> QRectF:
    """Return a block's rectangle without the indent of its list, in the row's coordinates."""
    return row.block_rect(index).adjusted(row.blocks[index].level * LIST_INDENT, 0, 0, 0)


def button_rect(button: Button, frame: QRectF) -> QRectF:
    """Return where a button of a block with this frame is."""
    if button is Button.FOLD:
        return QRectF(frame.left(), frame.top(), frame.width(), THOUGHT_HEADER)
    place = _OF_KINDS[BlockKind.CODE].index(button) if button is not Button.CSV else 0
    inset = (CODE_HEADER - AREA) / 2
    left = frame.right() - inset - AREA - 2 - place * AREA
    return QRectF(left, frame.top() + inset, AREA, AREA)


def button_at(row: RowLayout, index: int, place: QPointF) -> Button | None:
    """Return the button of a block at a place in the row's coordinates."""
    frame = frame_of(row, index)
    for button in buttons_of(row.blocks[index]):
        if button_rect(button, frame).contains(place):
            return button
    return None
