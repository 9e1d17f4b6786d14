"""A document cut into sections that fit the model, on sentence and section bounds."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

import msgspec

from desktop.domain.sentences import sentences

Counts = Sequence[int]
_SEPARATOR: Final = "\n\n"
_SEPARATOR_TOKENS: Final = 2
_FULL_ENOUGH: Final = 0.6
"""From here on a heading of the two highest levels begins a new section."""
_MARGIN: Final = 0.97
"""Texts joined may take a few tokens more than their parts."""
_LEAST_PIECE: Final = 8


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document, as the domain sees it: its text, its page and its headings.

    ``level`` is that of a heading, 0 for other text.
    """

    text: str
    page: int = 0
    headings: tuple[str, ...] = ()
    level: int = 0


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive passages that go to the model together.

    ``pages`` are those that it touches, ``first`` and ``last`` the passages' numbers; a passage
    that is too long for one section is spread over several. ``tokens`` is the size of ``text``.
    """

    index: int
    text: str
    tokens: int
    pages: tuple[int, ...]
    headings: tuple[str, ...]
    first: int
    last: int


class CountTexts(msgspec.Struct, frozen=True):
    """Asks for the tokens of each text, on the model's vocabulary."""

    texts: tuple[str, ...]


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    passage: int
    text: str
    tokens: int
    opens: bool
    joint: str


def split(
    passages: Sequence[Passage], room: int
) -> Generator[CountTexts, Counts, tuple[Section, ...]]:
    """Return sections of at most ``room`` tokens that hold every passage once, in order.

    A generator: it yields texts to be counted, and is sent their counts. What doesn't fit is cut
    at sentences, and where a sentence doesn't fit, at words.
    """
    counts = yield CountTexts(tuple(passage.text for passage in passages))
    pieces: list[_Piece] = []
    for number, (passage, tokens) in enumerate(zip(passages, counts, strict=True)):
        if tokens <= room * _MARGIN:
            opens = 0 < passage.level <= 2
            pieces.append(
                _Piece(
                    passage=number, text=passage.text, tokens=tokens, opens=opens, joint=_SEPARATOR
                )
            )
        else:
            pieces += yield from _cut(passage.text, number, room)
    return tuple(_pack(pieces, passages, room))


def _cut(text: str, number: int, room: int) -> Generator[CountTexts, Counts, list[_Piece]]:
    """Return a passage in pieces that fit: sentences, or halves of what is still too long."""
    parts = sentences(text)
    if len(parts) == 1:
        parts = list(_halves(text))
    counts = yield CountTexts(tuple(parts))
    pieces: list[_Piece] = []
    for part, tokens in zip(parts, counts, strict=True):
        if tokens <= room * _MARGIN or len(part) <= _LEAST_PIECE:
            # Within a passage pieces follow each other as they did.
            joint = "" if pieces else _SEPARATOR
            pieces.append(
                _Piece(passage=number, text=part, tokens=tokens, opens=False, joint=joint)
            )
        else:
            pieces += yield from _cut(part, number, room)
    return pieces


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    space = text.rfind(" ", 1, middle)
    cut = space + 1 if space > middle // 2 else middle
    return text[:cut], text[cut:]


def _pack(pieces: Sequence[_Piece], passages: Sequence[Passage], room: int) -> list[Section]:
    sections: list[Section] = []
    current: list[_Piece] = []
    size = 0
    for piece in pieces:
        added = piece.tokens + _SEPARATOR_TOKENS
        begins = piece.opens and size >= _FULL_ENOUGH * room
        if current and (size + added > room * _MARGIN or begins):
            sections.append(_section(len(sections), current, passages))
            current, size = [], 0
        current.append(piece)
        size += added
    if current:
        sections.append(_section(len(sections), current, passages))
    return sections


def _section(index: int, pieces: Sequence[_Piece], passages: Sequence[Passage]) -> Section:
    first, last = pieces[0].passage, pieces[-1].passage
    text = pieces[0].text + "".join(piece.joint + piece.text for piece in pieces[1:])
    touched = {passages[piece.passage].page for piece in pieces}
    return Section(
        index=index,
        text=text,
        tokens=sum(piece.tokens + _SEPARATOR_TOKENS for piece in pieces),
        pages=tuple(sorted(page for page in touched if page)),
        headings=passages[first].headings,
        first=first,
        last=last,
    )
