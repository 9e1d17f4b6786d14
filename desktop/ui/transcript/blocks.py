"""Blocks: the pieces of a message, each small enough to be laid out within a frame."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

PART_CHARS: Final = 2_400
"""How long a piece without a blank line may get before it is cut."""

_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"')\]]*\s")


class BlockKind(Enum):
    """What a block is drawn as."""

    TEXT = auto()
    QUOTE = auto()
    CODE = auto()
    TABLE = auto()
    PLAIN = auto()
    THOUGHT = auto()
    """What a model wrote before its answer."""


class Block(NamedTuple):
    """A piece of a message.

    ``source`` is what is drawn: without the indent of the list it stands in, the marks of its
    quote, or the fences of its code. ``start`` is its offset in the message. ``level`` counts the
    lists around it. ``info`` is a fence's language or a table's header and rule. ``part`` counts
    from 0 the parts of what was cut, and ``first`` is the offset where that began. A code block is
    ``closed`` once nothing can be added to its fence.
    """

    kind: BlockKind
    source: str
    start: int
    level: int = 0
    info: str = ""
    part: int = 0
    first: int = 0
    closed: bool = True


def split_plain(text: str) -> list[Block]:
    """Split text that is shown as it was typed, at line ends where it can."""
    blocks: list[Block] = []
    offset = 0
    while offset < len(text):
        end = min(len(text), offset + PART_CHARS)
        if end < len(text):
            line_end = text.rfind("\n", offset, end)
            end = line_end + 1 if line_end >= offset else place_to_cut(text, offset, end)
        source = text[offset:end].removesuffix("\n")
        blocks.append(Block(BlockKind.PLAIN, source, offset, part=len(blocks)))
        offset = end
    return blocks


def place_to_cut(text: str, start: int, end: int) -> int:
    """Return where to cut an overlong line: after a sentence, a space, or anywhere."""
    limit = min(end, start + PART_CHARS)
    for match in reversed(list(_SENTENCE_END.finditer(text, start + PART_CHARS // 2, limit))):
        return match.end()
    space = text.rfind(" ", start + PART_CHARS // 2, limit)
    return space + 1 if space >= 0 else limit
