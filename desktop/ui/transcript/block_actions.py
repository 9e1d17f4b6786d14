"""What the buttons on code, tables and thoughts do."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from desktop.ui.transcript.block_buttons import BlockPlace, Button
from desktop.ui.transcript.layout import TranscriptLayout
from desktop.ui.transcript.table_text import as_csv


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
