"""What a row shows, before it has a place: a message's blocks, and what each is laid out from."""

from __future__ import annotations

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript.blocks import Block, BlockKind, split_plain
from desktop.ui.transcript.looks import Looks
from desktop.ui.transcript.markdown import find_references
from desktop.ui.transcript.rendering import Piece
from desktop.ui.transcript.sources import with_support
from desktop.ui.transcript.splitter import BlockSplitter


class RowContent:
    """The blocks of one message, which grow with a reply that is being written."""

    def __init__(self, message: Message, looks: Looks) -> None:
        self._message = message
        self._looks = looks
        is_reply = message.role == "assistant"
        self._splitter = BlockSplitter(message.text) if is_reply else None
        self._plain = [] if is_reply else split_plain(message.text)
        self._references: tuple[tuple[str, str, str], ...] = ()
        self._sources = _numbers(message)
        self._wholes: dict[int, str] = {}
        if self._splitter and message.state is not MessageState.STREAMING:
            self._splitter.finish()
            self._references = _resolve(self._splitter.blocks)

    @property
    def blocks(self) -> list[Block]:
        """The message's blocks, top down."""
        return self._splitter.blocks if self._splitter else self._plain

    def grow(self, message: Message) -> int:
        """Take in text that was added to a reply; return the first block that changed."""
        self._message = message
        if self._splitter is None:
            return 0
        self._wholes.clear()
        return self._splitter.append(message.text[len(self._splitter.text) :])

    def code_text(self, index: int) -> str:
        """Return the whole code of the fence that a block belongs to."""
        block = self.blocks[index]
        whole = self._wholes.get(block.first)
        if whole is None:
            begin = index - block.part
            parts = [self.blocks[begin].source]
            for part in self.blocks[begin + 1 :]:
                if part.kind is not BlockKind.CODE or part.part == 0:
                    break
                parts.append(part.source)
            whole = self._wholes[block.first] = "".join(parts)
        return whole

    def table_lines(self, index: int) -> list[str]:
        """Return the rows of the table that a block begins, its head first, without the rule."""
        blocks = self.blocks
        lines = [blocks[index].info.split("\n")[0]]
        for place in range(index, len(blocks)):
            if place > index and (
                blocks[place].kind is not BlockKind.TABLE or not blocks[place].part
            ):
                break
            lines += blocks[place].source.split("\n") if blocks[place].source else []
        return lines

    def piece(self, index: int) -> Piece:
        """Return all that a block is laid out from."""
        blocks = self.blocks
        block = blocks[index]
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        last = following is None or following.part == 0
        if block.kind is BlockKind.CODE:
            wrap = block.first not in self._looks.unwrapped
            if not block.closed:
                return Piece(block, last=last, wrap=wrap)
            whole, line = self.code_text(index), self._first_line(index)
            return Piece(block, whole, line, last, wrap=wrap)
        sources = self._sources if "[" in block.source else ()
        if block.kind is BlockKind.TABLE and block.part:
            return Piece(block, blocks[index - block.part].source, last=last, sources=sources)
        if self._sources and block.kind is BlockKind.TEXT:
            block = block._replace(source=with_support(self._message, block.start, block.source))
            sources = self._sources if "[" in block.source else ()
        references = self._references if "[" in block.source else ()
        return Piece(block, references=references, sources=sources)

    def _first_line(self, index: int) -> int:
        part = self.blocks[index].part
        return sum(block.source.count("\n") for block in self.blocks[index - part : index])


def _numbers(message: Message) -> tuple[int, ...]:
    grounds = message.grounds
    return tuple(each.number for each in grounds.sources) if grounds else ()


def _resolve(blocks: list[Block]) -> tuple[tuple[str, str, str], ...]:
    texts = (block.source for block in blocks if block.kind is BlockKind.TEXT)
    return tuple(
        (label, str(found.get("href", "")), str(found.get("title", "")))
        for label, found in find_references(texts).items()
    )
