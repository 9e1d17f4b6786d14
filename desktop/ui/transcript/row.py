"""One message's geometry: which blocks it has, where they are, and how high they became."""

from __future__ import annotations

import time
from bisect import bisect_right
from itertools import accumulate

from PySide6.QtCore import QPointF, QRectF

from desktop.domain.chat import Message, MessageState
from desktop.ui import tokens as design
from desktop.ui.transcript import metrics
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.content import RowContent
from desktop.ui.transcript.endings import FailureCard, note_of
from desktop.ui.transcript.looks import Looks, thought_of
from desktop.ui.transcript.marks import Mark
from desktop.ui.transcript.marks import height_of as mark_height
from desktop.ui.transcript.rendering import (
    CODE_HEADER,
    THOUGHT_HEADER,
    BlockRenderer,
    RenderedBlock,
)
from desktop.ui.transcript.sources import height_of
from desktop.ui.transcript.style import LIST_INDENT, TranscriptStyle


class RowLayout:
    """The blocks of one message for one width.

    Heights of blocks are estimates until ``measure`` has come by them. All places are relative to
    the upper left corner of the column at the row's top.
    """

    def __init__(
        self,
        message: Message,
        renderer: BlockRenderer,
        width: int,
        mark: Mark | None = None,
        looks: Looks | None = None,
    ) -> None:
        self.message = message
        self.mark = mark
        self.looks = looks or Looks()
        self._was_folded = False
        self.is_own = message.role != "assistant"
        self.renderer = renderer
        self._content = RowContent(message, self.looks)
        self._sources_height = -1
        self._width = width
        self._heights: list[int] = []
        self._measured = bytearray()
        self._tops: list[int] | None = None
        self._bubble = 0
        self._card: FailureCard | None = None
        self._estimate_from(0)

    @property
    def blocks(self) -> list[Block]:
        """The message's blocks, top down."""
        return self._content.blocks

    @property
    def style(self) -> TranscriptStyle:
        """What the row is drawn with."""
        return self.renderer.style

    def grow(self, message: Message) -> int:
        """Take in text that was added to a reply; return from where on it looks different."""
        was_waiting, self.message = self.is_waiting, message
        changed = self._content.grow(message)
        if self.is_own:
            return 0
        if self.is_folded != self._was_folded:
            changed = 0
        # The block before it may have become one that goes on.
        self._estimate_from(changed)
        if was_waiting or changed == 0:
            return 0
        return self._tops_list()[changed - 1]

    def set_width(self, width: int) -> None:
        """Lay out for another width; heights stay as estimates until they are measured again."""
        if width != self._width:
            self._width = width
            self._bubble = 0
            self._card = None
            self._sources_height = -1
            self._measured = bytearray(len(self.blocks))

    def code_text(self, index: int) -> str:
        """Return the whole code of the fence that a block belongs to."""
        return self._content.code_text(index)

    def table_lines(self, index: int) -> list[str]:
        """Return the rows of the table that a block begins, its head first, without the rule."""
        return self._content.table_lines(index)

    # --- thoughts and long lines ---------------------------------------------------------------

    @property
    def is_folded(self) -> bool:
        """Whether only the first line of the message's thought is shown."""
        first = thought_of(self.blocks)
        return first is not None and self.looks.is_folded(self.message, first)

    def is_hidden(self, index: int) -> bool:
        """Tell whether a block's text is folded away."""
        return self.blocks[index].kind is BlockKind.THOUGHT and self.is_folded

    def fold(self) -> None:
        """Fold the thought, or open it."""
        self.looks.thought_open = self.is_folded
        self._estimate_from(0)

    def wrap(self, index: int) -> None:
        """Let the long lines of a fence run on, or wrap them again."""
        first = self.blocks[index].first
        if self.looks.unwrapped.pop(first, None) is None:
            self.looks.unwrapped[first] = 0
        self._estimate_from(0)

    def scrolled_by(self, index: int) -> int:
        """Return by how many pixels a block of code is scrolled to the side."""
        block = self.blocks[index]
        return self.looks.unwrapped.get(block.first, 0) if block.kind is BlockKind.CODE else 0

    def scroll_code(self, index: int, pixels: int) -> bool:
        """Scroll a fence to the side; tell whether it is one that can be."""
        block, unwrapped = self.blocks[index], self.looks.unwrapped
        if block.kind is not BlockKind.CODE or block.first not in unwrapped:
            return False
        rendered = self.rendered(index)
        beyond = rendered.ideal_width() + design.M - self._block_width()
        unwrapped[block.first] = max(0, min(beyond, unwrapped[block.first] + pixels))
        return True

    def text_origin(self, index: int) -> QPointF:
        """Return where the text of a block begins, relative to the block's corner."""
        return self.rendered(index).origin - QPointF(self.scrolled_by(index), 0)

    # --- geometry ------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """The reading column's width."""
        return self._width

    @property
    def height(self) -> int:
        """The height of the row."""
        bottom = self.mark_top + self.mark_height
        return bottom + (metrics.ROW_BOTTOM if not self.mark else metrics.MARK_GAP)

    @property
    def mark_top(self) -> int:
        """Where it is said that messages were left out down to this one."""
        return self.actions_top + metrics.ACTIONS_HEIGHT

    @property
    def mark_height(self) -> int:
        """How high that is, 0 where it isn't said."""
        return mark_height(self.mark, self.style, self._width)

    @property
    def blocks_top(self) -> int:
        """Where the first block begins."""
        if self.is_own:
            return metrics.ROW_TOP + metrics.BUBBLE_TOP
        return metrics.ROW_TOP + self.style.small_line_height + metrics.NAME_GAP

    @property
    def blocks_bottom(self) -> int:
        """Where the last block ends, or the sign that text will come."""
        if self.is_waiting or (self.is_own and not self.blocks):
            return self.blocks_top + self.style.line_height
        return self._tops_list()[-1]

    @property
    def is_waiting(self) -> bool:
        """Whether a reply is being written and has no text yet."""
        return self.message.state is MessageState.STREAMING and not self.message.text.strip()

    @property
    def note_top(self) -> int:
        """Where the quiet line begins."""
        return self.blocks_bottom + (metrics.NOTE_GAP if self.blocks else 0)

    @property
    def card_top(self) -> int:
        """Where the card of a failed reply begins."""
        return self.blocks_bottom + (metrics.CARD_GAP if self.blocks else 0)

    @property
    def actions_top(self) -> int:
        """Where the actions are shown."""
        listed = self.sources_top + self.sources_height
        return (listed if self.sources_height else self._told_bottom) + metrics.ACTIONS_GAP

    @property
    def sources_top(self) -> int:
        """Where the list of what the reply stands on begins."""
        return self._told_bottom + metrics.SOURCES_GAP

    @property
    def sources_height(self) -> int:
        """How high that list is, 0 where there is none."""
        if self._sources_height < 0:
            self._sources_height = height_of(self.message, self.style, self._width)
        return self._sources_height

    @property
    def _told_bottom(self) -> int:
        """Where the text ends, with what is said of how it ended."""
        bottom = self.blocks_bottom
        if self.is_own:
            bottom += metrics.BUBBLE_BOTTOM
        if note_of(self.message):
            bottom = self.note_top + self.style.small_line_height
        if self.has_card:
            bottom = self.card_top + round(self.card.rect(0).height())
        return bottom

    @property
    def bubble_rect(self) -> QRectF:
        """The tint behind an own message."""
        width = self._bubble or self._widest_bubble()
        height = self.blocks_bottom - self.blocks_top + metrics.BUBBLE_TOP + metrics.BUBBLE_BOTTOM
        return QRectF(self._width - width, metrics.ROW_TOP, width, height)

    def block_rect(self, index: int) -> QRectF:
        """Return a block's rectangle."""
        left = 0.0
        if self.is_own:
            left = self.bubble_rect.left() + metrics.BUBBLE_PADDING_X
        return QRectF(left, self.block_top(index), self._block_width(), self._heights[index])

    def block_top(self, index: int) -> int:
        """Return where a block begins."""
        return self._tops_list()[index] + self._gap(index)

    def block_at(self, y: float) -> int:
        """Return the block at or above a place; -1 without blocks."""
        return min(max(0, bisect_right(self._tops_list(), y) - 1), len(self.blocks) - 1)

    def is_measured(self, index: int) -> bool:
        """Tell whether a block's height is known."""
        return bool(self._measured[index])

    # --- the card of a failed reply ------------------------------------------------------------

    @property
    def has_card(self) -> bool:
        """Whether the reply failed."""
        return self.message.state is MessageState.FAILED

    @property
    def card(self) -> FailureCard:
        """The card with the cause, the remedy and the place of its button."""
        if self._card is None:
            self._card = FailureCard(self.message, self.style, self._width)
        return self._card

    # --- measuring -----------------------------------------------------------------------------

    def measure(self, top: float, bottom: float, deadline: float) -> bool:
        """Lay out the blocks between two places; tell whether any height changed.

        Past ``deadline`` (of ``time.perf_counter``) only what is in the cache is laid out.
        """
        changed = False
        index = max(0, self.block_at(top))
        y = self._tops_list()[index] if self.blocks else 0
        for number in range(index, len(self.blocks)):
            if y > bottom:
                break
            if self.is_hidden(number):
                changed |= self._take_folded(number)
                y += self._gap(number) + self._heights[number]
                continue
            piece = self._content.piece(number)
            if self.renderer.is_cached(piece) or time.perf_counter() < deadline:
                changed |= self._take_height(number, self.rendered(number))
            y += self._gap(number) + self._heights[number]
        if changed:
            self._tops = None
        return changed

    def unmeasured(self, top: float, bottom: float) -> bool:
        """Tell whether some block between two places still has to be laid out."""
        if not self.blocks:
            return False
        first, last = self.block_at(top), self.block_at(bottom)
        return not all(self._measured[first : last + 1])

    def rendered(self, index: int) -> RenderedBlock:
        """Return a block laid out for this row's width."""
        return self.renderer.render(self._content.piece(index), self._block_width())

    def _take_folded(self, index: int) -> bool:
        height = self._estimate(self.blocks[index])
        changed = self._heights[index] != height
        self._heights[index], self._measured[index] = height, 1
        return changed

    def _take_height(self, index: int, block: RenderedBlock) -> bool:
        if self.is_own:
            whole = len(self.blocks) == 1
            ideal = block.ideal_width() + 2 * metrics.BUBBLE_PADDING_X
            self._bubble = min(self._widest_bubble(), ideal) if whole else self._widest_bubble()
        changed = self._heights[index] != block.height
        self._heights[index] = block.height
        self._measured[index] = 1
        return changed

    # --- estimates -----------------------------------------------------------------------------

    def _estimate_from(self, index: int) -> None:
        # Until it is laid out again, the block that grew keeps the height that it had.
        known = self._heights[index] if index < len(self._heights) else 0
        del self._heights[index:], self._measured[index:]
        self._heights += [self._estimate(block) for block in self.blocks[index:]]
        self._measured += bytes(len(self.blocks) - index)
        if known and index < len(self._heights):
            self._heights[index] = known
        self._tops = None
        self._was_folded = self.is_folded

    def _estimate(self, block: Block) -> int:
        style, width = self.style, self._block_width() - block.level * LIST_INDENT
        lines = block.source.count("\n") + 1
        header = 0 if block.part else THOUGHT_HEADER
        if block.kind is BlockKind.THOUGHT and self.is_folded:
            return header
        if block.kind is BlockKind.CODE:
            return lines * style.code_line_height + (0 if block.part else CODE_HEADER)
        if block.kind is BlockKind.TABLE:
            return lines * (round(style.body_px * 1.45) + 13)
        wrapped = round(len(block.source) * style.average_char / max(60, width))
        if block.kind is not BlockKind.THOUGHT:
            header = 0
        return header + max(lines, wrapped) * style.line_height

    def _gap(self, index: int) -> int:
        blocks = self.blocks
        if self.is_own:
            return 0
        return metrics.gap_before(blocks[index], blocks[index - 1] if index else None)

    def _tops_list(self) -> list[int]:
        """Return where the space of each block begins, and the end of the last."""
        if self._tops is None:
            spaces = (self._gap(number) + high for number, high in enumerate(self._heights))
            self._tops = list(accumulate(spaces, initial=self.blocks_top))
        return self._tops

    def _block_width(self) -> int:
        if self.is_own:
            return self._widest_bubble() - 2 * metrics.BUBBLE_PADDING_X
        return self._width

    def _widest_bubble(self) -> int:
        return round(self._width * metrics.BUBBLE_SHARE)
