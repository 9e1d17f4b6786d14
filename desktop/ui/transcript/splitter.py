"""Splits a message into blocks, again and again while it grows.

Text is split at blank lines outside code and math. What has no blank line, a long paragraph, list,
table or code fence, is cut into parts. While a reply streams, only what follows the last certain
boundary is split again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from desktop.ui.transcript.blocks import PART_CHARS, Block, BlockKind, place_to_cut
from desktop.ui.transcript.paragraphs import (
    Fence,
    Line,
    Paragraph,
    State,
    begins_block,
    dedent,
    level_of,
)
from models.reasoning import Division, divide, plain

PART_CODE_LINES: Final = 40
PART_TABLE_ROWS: Final = 8
_CODE_LINE_CHARS: Final = 2_000


class BlockSplitter:
    """Splits Markdown that may still grow. ``blocks`` is always the whole of it."""

    def __init__(self, text: str = "") -> None:
        self._text = ""
        self.blocks: list[Block] = []
        self._states: list[State] = []
        self._pending = State()
        self._division: Division | None = None
        if text:
            self.append(text)

    @property
    def text(self) -> str:
        """All of the text so far."""
        return self._text

    def append(self, text: str) -> int:
        """Add text; return the index of the first block that may have changed."""
        self._text += text
        if self._division is None or not self._division.closed:
            self._division = divide(self._text)
        unfinished = self._text.rfind("\n", 0, len(self._text) - len(text)) + 1
        keep = len(self.blocks)
        state = self._pending
        while keep and (keep == len(self.blocks) or self._states[keep].offset >= unfinished):
            keep -= 1
            state = self._states[keep]
        del self.blocks[keep:], self._states[keep:]
        self._split(state)
        return keep

    def finish(self) -> None:
        """Close a fence that was left open: nothing more will come."""
        self._close_fence()

    def _split(self, state: State) -> None:
        while state.offset < len(self._text):
            if self._division and (state.thought or state.offset == 0):
                state = self._split_thought(state, self._division)
            elif state.fence:
                state = self._split_code(state, state.fence)
            elif state.table:
                state = self._split_table(state)
            else:
                state = self._split_text(state)
        self._pending = state

    def _emit(self, state: State, block: Block) -> None:
        self.blocks.append(block)
        self._states.append(state)

    # --- thoughts ------------------------------------------------------------------------------

    def _split_thought(self, state: State, division: Division) -> State:
        text, begin, end = self._text, max(state.offset, division.start), division.end
        if end - begin > PART_CHARS:
            line_end = text.rfind("\n", begin, begin + PART_CHARS)
            end = line_end + 1 if line_end > begin else place_to_cut(text, begin, end)
        if begin < end or not division.closed:
            source = plain(text[begin:end]).strip("\n")
            kind, part = BlockKind.THOUGHT, state.part
            self._emit(state, Block(kind, source, state.offset, part=part, closed=False))
        if end < division.end:
            return State(end, part=state.part + 1, thought=True)
        if division.closed:
            self._close_fence()
        return State(division.answer, thought=not division.closed)

    # --- code ----------------------------------------------------------------------------------

    def _split_code(self, state: State, fence: Fence) -> State:
        lines: list[str] = []
        size = 0
        following = state._replace(offset=len(self._text), part=state.part + 1)
        for line in self._lines(state.offset):
            if line.start == state.first:
                continue
            if _closes(line.text, fence):
                following = State(line.end, state.lists)
                break
            if len(lines) >= PART_CODE_LINES or (lines and size + len(line.text) > PART_CHARS):
                following = state._replace(offset=line.start, part=state.part + 1)
                break
            if len(line.text) > _CODE_LINE_CHARS:
                cut = line.start + _CODE_LINE_CHARS
                lines.append(dedent(self._text[line.start : cut], fence.indent))
                following = state._replace(offset=cut, part=state.part + 1)
                break
            lines.append(dedent(line.text, fence.indent) + ("\n" if line.terminated else ""))
            size += len(line.text) + 1
        if lines or not state.part:
            level, _ = level_of(state.lists, fence.indent)
            source = "".join(lines)
            block = Block(
                BlockKind.CODE,
                source,
                state.offset,
                level,
                fence.info,
                state.part,
                state.first,
                closed=False,
            )
            self._emit(state, block)
        if following.fence is None:
            self._close_fence()
        return following

    def _close_fence(self) -> None:
        for index in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[index]
            if block.closed:
                break
            self.blocks[index] = block._replace(closed=True)

    # --- tables --------------------------------------------------------------------------------

    def _split_table(self, state: State) -> State:
        rows: list[str] = []
        size = 0
        following = state._replace(offset=len(self._text), part=state.part + 1)
        for line in self._lines(state.offset):
            if not line.text.strip() or begins_block(line.text):
                following = State(line.start, state.lists)
                break
            if rows and (len(rows) >= PART_TABLE_ROWS or size + len(line.text) > PART_CHARS):
                following = state._replace(offset=line.start, part=state.part + 1)
                break
            rows.append(line.text)
            size += len(line.text)
        if rows or not state.part:
            level, _ = level_of(state.lists, 0)
            source = "\n".join(rows)
            self._emit(
                state,
                Block(
                    BlockKind.TABLE,
                    source,
                    state.offset,
                    level,
                    state.table,
                    state.part,
                    state.first,
                ),
            )
        return following

    # --- text ----------------------------------------------------------------------------------

    def _split_text(self, state: State) -> State:
        collector = Paragraph(state)
        for line in self._lines(state.offset):
            if not line.text.strip() and not collector.in_math:
                if collector.lines:
                    self._emit(collector.state, collector.block())
                    return State(line.end, collector.lists)
                collector = Paragraph(State(line.end, collector.lists))
                continue
            following = collector.ends_before(line)
            if following is not None:
                if collector.lines:
                    self._emit(collector.state, collector.block())
                return following
            if len(line.text) > PART_CHARS:
                cut = place_to_cut(self._text, line.start, line.end)
                collector.add(line._replace(text=self._text[line.start : cut]))
                self._emit(collector.state, collector.block())
                return collector.rest(cut)
            collector.add(line)
            if collector.complete:
                self._emit(collector.state, collector.block())
                return State(line.end, collector.lists)
        if collector.lines:
            self._emit(collector.state, collector.block())
        return State(len(self._text), collector.lists)

    def _lines(self, offset: int) -> Iterator[Line]:
        text = self._text
        while offset < len(text):
            end = text.find("\n", offset)
            terminated = end >= 0
            if not terminated:
                end = len(text)
            line = text[offset:end]
            if "\t" in line or "\r" in line:
                line = line.rstrip("\r").expandtabs(4)
            yield Line(offset, line, end + terminated, terminated)
            offset = end + terminated


def _closes(line: str, fence: Fence) -> bool:
    stripped = line.strip()
    return (
        len(stripped) >= len(fence.mark)
        and stripped.startswith(fence.mark)
        and not stripped.strip(fence.mark[0])
    )
