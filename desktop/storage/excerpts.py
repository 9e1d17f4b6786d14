"""Where a text has what was searched for, told by the tokenizers that the index was made with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import apsw

from desktop.domain.search import Part
from models.reasoning import STYLES

_WINDOW: Final = 600
_OVERLAP: Final = 200
_MOST: Final = 30_000
_BEFORE: Final = 32
_LENGTH: Final = 200
_SPACE: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(r"\*\*|~~|`+|\|+|^\s*#{1,6} ", re.MULTILINE)
"""Signs of Markdown that say nothing in one line of plain text."""
_THOUGHTS: Final = re.compile(
    "|".join(re.escape(each) for style in STYLES for each in (style.opening, style.closing))
)
"""Thoughts are found like all that is said; their marks are nobody's words."""

Tokens = list[tuple[int, int, str]]
"""Start and end in bytes, and the token as the index has it."""


class Needle(NamedTuple):
    """Tokens that follow each other; the last may be the beginning of one where ``is_prefix``."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


class Tokenizer:
    """One of the tokenizers of the index."""

    def __init__(self, connection: apsw.Connection, name: str, *options: str) -> None:
        made: Callable[..., Any] = connection.fts5_tokenizer(name, list(options))
        self._split = made

    def tokens(self, text: str) -> Tokens:
        """Return the tokens of a text."""
        data = text.encode()
        found: Tokens = self._split(
            data, apsw.FTS5_TOKENIZE_DOCUMENT, None, include_colocated=False
        )
        return found

    def words(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text without their places."""
        return tuple(token for _, _, token in self.tokens(text))


class PairTokenizer(Tokenizer):
    """Cuts a text into all pairs of letters that follow each other."""

    def __init__(self) -> None:
        pass

    def tokens(self, text: str) -> Tokens:
        """Return the pairs."""
        places = list(accumulate((len(letter.encode()) for letter in text), initial=0))
        pairs = zip(places, places[2:], map("".join, pairwise(text)), strict=False)
        return list(pairs)


def excerpt(text: str, tokenizer: Tokenizer, needles: Sequence[Needle]) -> tuple[Part, ...]:
    """Return a place of a text that has a needle, with some words around it, in one line.

    Where none is found, which is so for a place too far into a long text, it is its beginning.
    """
    for start in _starts(text, needles):
        window = text[start : start + _WINDOW]
        ranges = list(_merged(_ranges(window, tokenizer, needles)))
        if ranges:
            is_last = start + _WINDOW >= len(text)
            return _cut(window, ranges, is_first=start == 0, is_last=is_last)
    return _cut(text[:_WINDOW], [], is_first=True, is_last=len(text) <= _WINDOW)


def _starts(text: str, needles: Sequence[Needle]) -> Iterator[int]:
    """Yield where to look: around what is written just like the first needle, then all over."""
    likely = text.lower().find(needles[0].tokens[0])
    if likely > _WINDOW - _LENGTH:
        yield likely - _LENGTH
    yield from range(0, max(1, min(len(text), _MOST) - _OVERLAP), _WINDOW - _OVERLAP)


def marked(text: str, tokenizer: Tokenizer, needles: Sequence[Needle]) -> tuple[Part, ...]:
    """Return a whole short text with the needles marked."""
    return tuple(_parts(text, list(_merged(_ranges(text, tokenizer, needles))), 0, len(text)))


def _ranges(
    text: str, tokenizer: Tokenizer, needles: Sequence[Needle]
) -> Iterator[tuple[int, int]]:
    """Yield the places of the needles, in characters."""
    tokens = tokenizer.tokens(text)
    words = [token for _, _, token in tokens]
    data = text.encode()
    for needle in needles:
        for place in _places(words, needle):
            start, end = tokens[place][0], tokens[place + len(needle.tokens) - 1][1]
            first = len(data[:start].decode())
            yield first, first + len(data[start:end].decode())


def _places(words: list[str], needle: Needle) -> Iterator[int]:
    """Yield which tokens a needle begins with."""
    *whole, last = needle.tokens
    if needle.is_prefix:
        ends = [place for place, word in enumerate(words) if word.startswith(last)]
    else:
        ends = [place for place, word in enumerate(words) if word == last]
    for end in ends:
        place = end - len(whole)
        if place >= 0 and words[place:end] == whole:
            yield place


def _merged(ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield ranges that don't touch."""
    open_range: tuple[int, int] | None = None
    for start, end in sorted(ranges):
        if open_range and start <= open_range[1]:
            open_range = open_range[0], max(open_range[1], end)
        else:
            if open_range:
                yield open_range
            open_range = start, end
    if open_range:
        yield open_range


def _cut(
    text: str, ranges: Sequence[tuple[int, int]], *, is_first: bool, is_last: bool
) -> tuple[Part, ...]:
    at = ranges[0][0] if ranges else 0
    start = max(0, at - _BEFORE)
    if start:
        # At a word's beginning, where there is one before the match.
        start += len(re.match(r"\S*\s*", text[start:at])[0])  # type: ignore[index]
        start = start if start < at else max(0, at - _BEFORE)
    stop = min(len(text), start + _LENGTH)
    parts = list(_parts(text, ranges, start, stop))
    before = "" if is_first and start == 0 else "…"
    after = "" if is_last and stop == len(text) else "…"
    return tuple(part for part in (Part(before), *parts, Part(after)) if part.text)


def _parts(text: str, ranges: Sequence[tuple[int, int]], start: int, stop: int) -> Iterator[Part]:
    place = start
    for first, last in ranges:
        if first >= stop:
            break
        yield Part(_plain(text[place:first]))
        yield Part(_SPACE.sub(" ", text[first : min(last, stop)]), is_match=True)
        place = min(last, stop)
    yield Part(_plain(text[place:stop]))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _MARKS.sub("", _THOUGHTS.sub("", text)))
