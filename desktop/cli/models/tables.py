"""Tables for people: aligned columns, numbers to the right, harmless in a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from desktop.cli.terminal import harmless

_GAP: Final = "  "


def print_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Print rows below their titles; the columns whose numbers are in ``right`` end flush."""
    lines = [titles, *([harmless(" ".join(cell.split())) for cell in row] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        cells = (
            _padded(cell, width, to_right=column in right)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print(_GAP.join(cells).rstrip())


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Print names and values, the values below each other."""
    width = max((_width(name) for name, _ in facts), default=0)
    for name, value in facts:
        print(f"{_padded(name, width)}{_GAP}{harmless(' '.join(value.split()))}".rstrip())


def _padded(text: str, width: int, *, to_right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if to_right else text + space


def _width(text: str) -> int:
    """Return how many cells of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (_is_wide(character)) for character in text
    )


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}
