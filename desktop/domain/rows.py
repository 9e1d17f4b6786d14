"""Rows of several sections put together: what is said twice becomes one row with both sources."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from desktop.domain.evidence import Cell
from desktop.domain.table import Value

_NO_WORD: Final = re.compile(r"[\W_]+")
_MOST_SOURCES: Final = 8


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a finished table: its cells in the order of the columns, and its document."""

    document_id: int
    cells: tuple[Cell, ...]

    @property
    def pages(self) -> list[int]:
        """Return the pages that its values are from."""
        return sorted({ref.page for cell in self.cells for ref in cell.sources if ref.page})

    @property
    def doubts(self) -> int:
        """Return how many values a person should check."""
        return sum(cell.found in {"apart", "nowhere"} for cell in self.cells)

    @property
    def is_borne_out(self) -> bool:
        """Return whether any of its values stands in the text, or is a person's own.

        Where all that it has is yes or no, there is nothing to look for.
        """
        filled = [cell for cell in self.cells if cell.value is not None]
        return any(cell.found in {"quoted", "edited"} for cell in filled) or all(
            isinstance(cell.value, bool) for cell in filled
        )


class Merger:
    """Joins rows as they come, within a document.

    Two rows are one where the first value of each is the same and no column of theirs says two
    things: then what one leaves open the other fills. Rows that differ in anything stay apart.
    """

    def __init__(self) -> None:
        self._rows: list[TableRow] = []
        self._by_key: dict[tuple[int, int, str], list[int]] = {}
        self.joined = 0

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """Return what there is by now, in the order in which it came."""
        return tuple(self._rows)

    def add(self, rows: Sequence[TableRow]) -> None:
        """Take rows in."""
        for row in rows:
            key = _key(row)
            if key is None:
                continue
            places = self._by_key.setdefault(key, [])
            twin = next((at for at in places if _agree(self._rows[at], row)), None)
            if twin is None:
                places.append(len(self._rows))
                self._rows.append(row)
            else:
                self._rows[twin] = _together(self._rows[twin], row)
                self.joined += 1


def same_value(value: Value) -> str:
    """Return what two values have in common that mean the same: letters' case, marks, spaces."""
    if isinstance(value, str):
        plain = unicodedata.normalize("NFKC", value).casefold()
        return _NO_WORD.sub(" ", plain).strip() or plain.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def _key(row: TableRow) -> tuple[int, int, str] | None:
    """Return a row's first value and its column; None for a row without any."""
    for column, cell in enumerate(row.cells):
        if cell.value is not None:
            return row.document_id, column, same_value(cell.value)
    return None


def _agree(one: TableRow, other: TableRow) -> bool:
    return all(
        mine.value is None
        or theirs.value is None
        or same_value(mine.value) == same_value(theirs.value)
        for mine, theirs in zip(one.cells, other.cells, strict=True)
    )


def _together(one: TableRow, other: TableRow) -> TableRow:
    cells = [_joint(mine, theirs) for mine, theirs in zip(one.cells, other.cells, strict=True)]
    return msgspec.structs.replace(one, cells=tuple(cells))


def _joint(mine: Cell, theirs: Cell) -> Cell:
    if mine.value is None or theirs.value is None:
        return theirs if mine.value is None else mine
    # What was found word for word leads back better than what was not.
    first, second = (
        (theirs, mine) if mine.found != "quoted" and theirs.found == "quoted" else (mine, theirs)
    )
    extra = second.sources if first.found == second.found else ()
    sources = tuple(dict.fromkeys((*first.sources, *extra)))[:_MOST_SOURCES]
    return msgspec.structs.replace(first, sources=sources)
