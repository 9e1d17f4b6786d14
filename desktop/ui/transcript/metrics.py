"""The measures of a row, in device-independent pixels."""

from __future__ import annotations

from typing import Final

from desktop.ui import tokens as design
from desktop.ui.transcript.blocks import Block, BlockKind

ROW_TOP: Final = design.S
BUBBLE_PADDING_X: Final = design.L
BUBBLE_TOP: Final = design.S
BUBBLE_BOTTOM: Final = design.M
"""Together even to the eye: letters stand low in their line."""
BUBBLE_SHARE: Final = 0.8
NAME_GAP: Final = design.XS
ACTIONS_GAP: Final = design.XS
ACTIONS_HEIGHT: Final = 28
ROW_BOTTOM: Final = design.XS
END_MARGIN: Final = design.L
SIDE_MARGIN: Final = design.XL
NOTE_GAP: Final = design.S
SOURCES_GAP: Final = design.M
CARD_GAP: Final = design.L
MARK_GAP: Final = design.M
CARD_PADDING: Final = design.L
CARD_BUTTON_HEIGHT: Final = 32


def column_width(view_width: int) -> int:
    """Return the reading column's width for a view's, its scroll bar included."""
    return max(160, min(design.COLUMN_MAX, view_width - 2 * SIDE_MARGIN))


def gap_before(block: Block, previous: Block | None) -> int:
    """Return the space between a block and the one above it."""
    if previous is None or block.part:
        return 0
    if previous.source.startswith("#") and previous.kind is BlockKind.TEXT:
        return design.S
    if block.source.startswith("#") and block.kind is BlockKind.TEXT:
        return design.XL
    return design.M


CARD_BUTTON_PADDING: Final = 28
