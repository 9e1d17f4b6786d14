"""Where a text has what was searched for, told by the tokenizers that the index was made with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import apsw

from desktop.domain.search import Part

_WINDOW: Final = 8_000
_OVERLAP: Final = 400
_BEFORE: Final = 32
_LENGTH: Final = 200
_SPACE: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(r"\*\*|~~|`+|\|+|^\s*#{1,6} ", re.MULTILINE)
"""Signs of Markdown that say nothing in one line of plain text."""

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
        data = text.encode("utf-8", "replace")
        found: Tokens = self._split(
            data, apsw.FTS5_TOKENIZE_DOCUMENT, None, include_colocated=False
        )
        return found

    def words(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text without their places."""
        return tuple(token for _, _, token in self.tokens(text))


def excerpt(text: str, tokenizer: Tokenizer, needles: Sequence[Needle]) -> tuple[Part, ...]:
    """Return the first place of a text that has a needle, with some words around it, in one line.

    Where none is found, which is so for a place too far into a long text, it is its beginning.
    """
    for start in range(0, max(1, len(text)), _WINDOW):
        window = text[start : start + _WINDOW + _OVERLAP]
        ranges = list(_merged(_ranges(window, tokenizer, needles)))
        if ranges:
            return _cut(window, ranges, is_first=start == 0, is_last=_ends(text, start))
    return _cut(text[:_WINDOW], [], is_first=True, is_last=len(text) <= _WINDOW)


def marked(text: str, tokenizer: Tokenizer, needles: Sequence[Needle]) -> tuple[Part, ...]:
    """Return a whole short text with the needles marked."""
    return tuple(_parts(text, list(_merged(_ranges(text, tokenizer, needles))), 0, len(text)))


def _ends(text: str, start: int) -> bool:
    return start + _WINDOW + _OVERLAP >= len(text)


def _ranges(
    text: str, tokenizer: Tokenizer, needles: Sequence[Needle]
) -> Iterator[tuple[int, int]]:
    """Yield the places of the needles, in characters."""
    tokens = tokenizer.tokens(text)
    data = text.encode("utf-8", "replace")
    for place, (start, _, token) in enumerate(tokens):
        for needle in needles:
            if token.startswith(needle.tokens[0]) and _fits(tokens, place, needle):
                end = tokens[place + len(needle.tokens) - 1][1]
                first = len(data[:start].decode("utf-8", "replace"))
                yield first, first + len(data[start:end].decode("utf-8", "replace"))


def _fits(tokens: Tokens, place: int, needle: Needle) -> bool:
    found = tuple(token for _, _, token in tokens[place : place + len(needle.tokens)])
    if needle.is_prefix:
        same = found[:-1] == needle.tokens[:-1] and len(found) == len(needle.tokens)
        return same and found[-1].startswith(needle.tokens[-1])
    return found == needle.tokens


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
    return _SPACE.sub(" ", _MARKS.sub("", text))
