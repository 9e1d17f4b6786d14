"""Where the values of a row stand in the document: looked up in the text, never asked of a model.

A model that is asked for its source makes one up as easily as the value. So a value's own words, or
a number's or a date's ways of being written, are looked for in the passages that it was read from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import msgspec

from desktop.domain.documents import SourceRef, StoredPassage
from desktop.domain.table import Column, Table, Value

Found = Literal["quoted", "apart", "beside", "nowhere", "edited", ""]
"""How sure the source is: the value's own words beside the row's others, its words in another
passage than those, the others' passage for a yes, a no or a choice, no such words in the section,
a person instead of a text, or nothing since there is no value."""
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_WORD: Final = re.compile(r"\w+")
_MOST_WORDS: Final = 40


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A value and the passages that it came from. ``is_cut`` marks a text that met its limit."""

    value: Value = None
    found: Found = ""
    sources: tuple[SourceRef, ...] = ()
    is_cut: bool = False


class Match(msgspec.Struct, frozen=True):
    """A passage, by its index, and the words in it."""

    passage: int
    quote: str


def located(
    row: Mapping[str, Value], table: Table, passages: Sequence[StoredPassage], first: int, last: int
) -> tuple[Cell, ...]:
    """Return the cells of a row that was read from ``passages[first]`` to ``passages[last]``.

    Where a value stands in several, the one that holds most of the row is its source.
    """
    around = _Around(passages, range(first, last + 1))
    matches = {
        column.name: list(_matches(row[column.name], column, around))
        for column in table.columns
        if row.get(column.name) is not None
    }
    anchor = _anchor(matches)
    return tuple(
        _cell(row.get(column.name), column, matches.get(column.name, []), anchor, around)
        for column in table.columns
    )


class _Around(msgspec.Struct, frozen=True):
    """The passages that a row was read from."""

    passages: Sequence[StoredPassage]
    within: range

    def ref(self, first: int, last: int, quote: str = "") -> SourceRef:
        """Return what leads to some of them."""
        return SourceRef(
            document_id=self.passages[first].document_id,
            first=self.passages[first].number,
            last=self.passages[last].number,
            page=self.passages[first].page,
            quote=quote,
        )


def _cell(
    value: Value, column: Column, matches: Sequence[Match], anchor: int | None, around: _Around
) -> Cell:
    if value is None:
        return Cell()
    is_cut = column.type == "text" and isinstance(value, str) and _is_at_limit(value, column)
    found: Found
    if matches:
        near = anchor if anchor is not None else matches[0].passage
        match = min(matches, key=lambda each: abs(each.passage - near))
        found = "quoted" if match.passage == near else "apart"
        ref = around.ref(match.passage, match.passage, match.quote)
    else:
        found = "beside" if column.type in {"boolean", "choice"} else "nowhere"
        first, last = (
            (around.within.start, around.within.stop - 1) if anchor is None else (anchor, anchor)
        )
        ref = around.ref(first, last)
    return Cell(value=value, found=found, sources=(ref,), is_cut=is_cut)


def _anchor(matches: dict[str, list[Match]]) -> int | None:
    """Return the passage that holds the values of most columns, the first of them."""
    held = Counter(
        passage for found in matches.values() for passage in {each.passage for each in found}
    )
    return max(held, key=lambda passage: (held[passage], -passage), default=None)


def _matches(value: Value, column: Column, around: _Around) -> Iterator[Match]:
    patterns = [pattern for pattern in _patterns(value, column) if pattern is not None]
    if not patterns:
        return
    for index in around.within:
        found = [pattern.search(around.passages[index].text) for pattern in patterns]
        hits = [hit for hit in found if hit is not None]
        # Of a list every item must stand there; of a date's ways one is enough.
        if hits and (column.type != "json" or len(hits) == len(patterns)):
            yield Match(index, hits[0][0])


def _patterns(value: Value, column: Column) -> Iterator[re.Pattern[str] | None]:
    if isinstance(value, bool):
        return
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        for each in inner:
            yield from _patterns(each, column)
    elif isinstance(value, int | float):
        yield re.compile(_number_pattern(value))
    elif isinstance(value, str) and column.type == "date":
        yield from (_phrase(way) for way in (value, *_ways_of_date(value)))
    elif isinstance(value, str):
        yield _phrase(value)


def _phrase(text: str) -> re.Pattern[str] | None:
    """Return what finds a text whatever stands between its words."""
    words = _WORD.findall(text)
    if not words or len(words) > _MOST_WORDS:
        return re.compile(re.escape(text), re.IGNORECASE) if text.strip() else None
    joined = r"[\W_]+".join(re.escape(word) for word in words)
    return re.compile(rf"(?<!\w){joined}(?!\w)", re.IGNORECASE)


def _number_pattern(value: float) -> str:
    """Return what finds a number, with its thousands parted or not, a point or a comma in it."""
    whole, _, part = f"{abs(value):.10f}".rstrip("0").partition(".")
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)][::-1]
    digits = r"[.,'’\s\u00a0\u202f]?".join(groups)
    ending = rf"[.,]{part}0*" if part else r"([.,]0+)?"
    return rf"(?<![\d.,]){digits}{ending}(?!\d|[.,]\d)"


def _ways_of_date(text: str) -> Iterator[str]:
    """Yield how a day may be written, beside the way of ISO 8601."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return
    month = _MONTHS[day.month - 1]
    for name in (month, month[:3]):
        yield f"{day.day} {name} {day.year}"
        yield f"{day.day:02} {name} {day.year}"
        yield f"{name} {day.day} {day.year}"
        for ending in ("st", "nd", "rd", "th"):
            yield f"{day.day}{ending} {name} {day.year}"
            yield f"{day.day}{ending} of {name} {day.year}"
            yield f"{name} {day.day}{ending} {day.year}"
    for first, second in ((day.day, day.month), (day.month, day.day)):
        yield f"{first} {second} {day.year}"
        yield f"{first:02} {second:02} {day.year}"
    yield f"{day.year} {day.month} {day.day}"


def _is_at_limit(value: str, column: Column) -> bool:
    limit = msgspec.json.decode(column.schema).get("maxLength", 0) if column.schema else 0
    return bool(limit) and len(value) >= limit
