"""What the buttons on code, tables and thoughts do."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.ui.transcript.block_buttons import BlockPlace, Button
from desktop.ui.transcript.layout import TranscriptLayout

_CELL_ENDS: Final = re.compile(r"(?<!\\)\|")
_DRESS: Final = re.compile(r"\*\*|__|~~|`")
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)


class BlockActions(QObject):
    """Copies, saves, folds and unwraps.

    ``copied`` carries the button whose text is in the clipboard now, ``save_requested`` code and
    its language, ``resized`` the row that has another height.
    """

    copied = Signal(object)
    save_requested = Signal(str, str)
    resized = Signal(int)

    def __init__(self, layout: TranscriptLayout, parent: QObject) -> None:
        super().__init__(parent)
        self._layout = layout

    def run(self, place: BlockPlace) -> None:
        """Do what a button on a block stands for."""
        row = self._layout.row(place.row)
        match place.button:
            case Button.COPY:
                self._copy(place, row.code_text(place.block).removesuffix("\n"))
            case Button.SAVE:
                language = row.blocks[place.block].info.split(" ")[0]
                self.save_requested.emit(row.code_text(place.block), language)
            case Button.CSV:
                self._copy(place, as_csv(row.table_lines(place.block)))
            case Button.WRAP:
                row.wrap(place.block)
                self.resized.emit(place.row)
            case Button.FOLD:
                row.fold()
                self.resized.emit(place.row)

    def scroll(self, block: tuple[int, int] | None, pixels: int) -> bool:
        """Scroll code to the side; tell whether it is code whose lines run on."""
        return block is not None and self._layout.row(block[0]).scroll_code(block[1], pixels)

    def _copy(self, place: BlockPlace, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(place)


def as_csv(lines: list[str]) -> str:
    """Return the lines of a Markdown table, its rule left out, such that nothing runs in them.

    A text that a spreadsheet would take for a formula is disarmed, numbers stay numbers.
    """
    # Not at the window's start: it brings the room of the spreadsheets with it.
    from desktop.work.table_export import defused  # noqa: PLC0415

    written = io.StringIO()
    writer = csv.writer(written)
    width = len(_cells(lines[0])) if lines else 0
    for line in lines:
        cells = _cells(line)[:width]
        cells += [""] * (width - len(cells))
        writer.writerow([cell if _is_number(cell) else defused(cell) for cell in cells])
    return written.getvalue()


def _cells(line: str) -> list[str]:
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
