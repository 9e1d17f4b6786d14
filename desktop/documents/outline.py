"""Keeps the headings above the text that is being read."""

from __future__ import annotations

from typing import Final

from desktop.documents.limits import MAX_BLOCK_CHARS
from desktop.documents.parts import Block, BlockKind, Place

_DEEPEST: Final = 9
_LONGEST_HEADING: Final = 300


class Outline:
    """Makes blocks with the place they stand at, as headings, pages and lines go by."""

    def __init__(self, page: int = 0) -> None:
        self.page = page
        self._headings: list[tuple[int, str]] = []

    @property
    def section(self) -> tuple[str, ...]:
        """Return the headings above, outermost first."""
        return tuple(text for _, text in self._headings)

    def set_section(self, headings: tuple[str, ...]) -> None:
        """Take the headings from the document's own table of contents."""
        self._headings = [(level, text) for level, text in enumerate(headings, start=1)]

    def heading(self, text: str, level: int, line: int = 0) -> list[Block]:
        """Return the heading's block, if it has any text, and stand below it from here on."""
        title = " ".join(text.split())
        if not title:
            return []
        level = min(max(1, level), _DEEPEST)
        self._headings = [pair for pair in self._headings if pair[0] < level]
        place = Place(self.page, self.section, line)
        self._headings.append((level, title[:_LONGEST_HEADING]))
        return [Block(kind="heading", text=title[:MAX_BLOCK_CHARS], place=place, level=level)]

    def blocks(self, kind: BlockKind, text: str, line: int = 0, level: int = 0) -> list[Block]:
        """Return the text as blocks: none where it is empty, several where it is very long."""
        text = text.strip("\n\r\f\v\0") if kind == "code" else text.strip().strip("\0")
        place = Place(self.page, self.section, line)
        return [
            Block(kind=kind, text=text[start : start + MAX_BLOCK_CHARS], place=place, level=level)
            for start in range(0, len(text), MAX_BLOCK_CHARS)
            if text[start : start + MAX_BLOCK_CHARS].strip()
        ]
