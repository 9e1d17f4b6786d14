"""What a document is read into: blocks of text that know their place.

These records cross the pipe from the process that reads, so they are typed and frozen.
"""

from __future__ import annotations

from typing import Literal

import msgspec

BlockKind = Literal["heading", "paragraph", "item", "row", "code", "note"]


class Part(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of everything that reading a document gives."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a block stands.

    ``page`` counts from 1: a page, a slide, a sheet or a chapter; 0 where the format has none.
    ``section`` are the headings above it, outermost first. ``line`` counts from 1: the line of a
    text, or the row of a table; 0 where that means nothing.
    """

    page: int = 0
    section: tuple[str, ...] = ()
    line: int = 0


class Opened(Part, frozen=True, kw_only=True):
    """The first part: what the file turned out to be.

    ``page_word`` is what ``page`` counts: page, slide, sheet, chapter, message; empty where there
    is nothing to count. ``pages`` is 0 where their number shows only at the end.
    """

    format_name: str
    title: str = ""
    pages: int = 0
    page_word: str = ""


class Block(Part, frozen=True, kw_only=True):
    """A paragraph, a heading (``level`` from 1), a list's item, a table's row, code, or a note.

    ``text`` is plain and never empty. A row's cells are written ``header: value``, where the table
    has headers, and joined with `` | ``.
    """

    kind: BlockKind
    text: str
    place: Place
    level: int = 0


class Unreadable(Part, frozen=True, kw_only=True):
    """A page without text that can be read, and why: a scanned picture, damage."""

    page: int
    reason: str


class Progress(Part, frozen=True, kw_only=True):
    """``done`` of ``total`` are read; pages, or bytes where there are none."""

    done: int
    total: int


DocumentPart = Opened | Block | Unreadable | Progress
