"""What stands in the lines of a Markdown table, without how it is to look."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

_CELL_ENDS: Final = re.compile(r"(?<!\\)\|")
_DRESS: Final = re.compile(r"\*\*|__|~~|`")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)


def as_csv(lines: list[str]) -> str:
    """Return the lines of a Markdown table, its rule left out, such that nothing runs in them.

    A text that a spreadsheet would take for a formula is disarmed, numbers stay numbers.
    """
    # Not at the window's start: it brings the room of the spreadsheets with it.
    from desktop.work.table_export import defused  # noqa: PLC0415

    written = io.StringIO()
    writer = csv.writer(written)
    width = len(cells_of(lines[0])) if lines else 0
    for line in lines:
        cells = cells_of(line)[:width]
        cells += [""] * (width - len(cells))
        writer.writerow([cell if _is_number(cell) else defused(cell) for cell in cells])
    return written.getvalue()


def cells_of(line: str) -> list[str]:
    """Return what stands in the cells of a line of a Markdown table, without its marks."""
    inner = line.strip().removeprefix("|")
    parts = _CELL_ENDS.split(inner)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [_plain(part) for part in parts]


def _plain(cell: str) -> str:
    text = _LINK.sub(r"\1", _DRESS.sub("", cell))
    return _BREAK.sub("\n", text).replace("\\|", "|").strip()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
