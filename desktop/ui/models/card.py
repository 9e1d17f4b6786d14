"""A model's card, as text: nothing it names is loaded, and its links open on a click alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QPalette, QResizeEvent, QTextCursor, QTextListFormat
from PySide6.QtWidgets import QFrame, QTextBrowser

from desktop.ui import tokens as design
from desktop.ui.controls import plain_tip
from desktop.ui.theme import Theme
from desktop.ui.transcript import markdown
from desktop.ui.transcript.builder import DocumentBuilder
from desktop.ui.transcript.document import Marker, SealedDocument
from desktop.ui.transcript.style import TranscriptStyle
from desktop.ui.transcript.tables import column_widths, insert_table, rows_of
from models.wording import tr

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST_CHARACTERS: Final = 20_000
_MOST_PIECES: Final = 3000
_MOST_COLUMNS: Final = 12
_LINE_BREAK: Final = "\u2028"
_WIDE: Final = 560
_MARKS: Final = {
    Marker.BULLET: QTextListFormat.Style.ListDisc,
    Marker.RING: QTextListFormat.Style.ListCircle,
    Marker.OPEN_TASK: QTextListFormat.Style.ListSquare,
    Marker.DONE_TASK: QTextListFormat.Style.ListSquare,
}


class CardView(QTextBrowser):
    """Shows a card as tall as it is.

    ``link_chosen`` carries a web address that was pressed, ``link_pointed_at`` the one under the
    pointer or the focus, empty where there is none.
    """

    link_chosen = Signal(str)
    link_pointed_at = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._card = ""
        self.setObjectName("modelCard")
        self.setAccessibleName(tr("Model card"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.anchorClicked.connect(self._on_anchor_clicked)
        self.highlighted.connect(self._on_highlighted)
        theme.changed.connect(self._on_theme_changed)
        # Slow to import: done by when the hub has answered with a card.
        threading.Thread(target=markdown.load, daemon=True).start()

    def show_card(self, card: str) -> None:
        """Show a card's Markdown; what is longer than a card should be is cut."""
        self._card = card
        style = TranscriptStyle(self._theme.palette, self._theme.text_scale)
        document = SealedDocument(style)
        document.setParent(self)
        write_card(document, card, style)
        self.setDocument(document)
        self._set_colours()
        self._fit()

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing."""
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Grow with the text's lines."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the document's own height."""
        return QSize(_WIDE, max(1, round(self.document().size().height())))

    def _on_theme_changed(self) -> None:
        self.show_card(self._card)

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        self.setFixedHeight(max(1, round(self.document().size().height()) + 2))

    def _set_colours(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        self.setPalette(palette)

    def _on_anchor_clicked(self, url: QUrl) -> None:
        address = url.toString()
        if is_web_address(address):
            self.link_chosen.emit(address)

    def _on_highlighted(self, url: QUrl) -> None:
        address = url.toString()
        self.viewport().setToolTip(plain_tip(address))
        self.link_pointed_at.emit(address)


def is_web_address(address: str) -> bool:
    """Tell whether a card's link may be opened: the web, nothing else."""
    return address.lower().startswith(("https://", "http://"))


def write_card(document: SealedDocument, card: str, style: TranscriptStyle) -> None:
    """Write a card's Markdown into an empty document."""
    builder = DocumentBuilder(document, style, _no_formula)
    for block in _blocks(markdown.parse(_cut(card))):
        match block[0].type:
            case "table_open":
                _write_table(document, block, style)
            case "fence" | "code_block" if not document.isEmpty():
                _write_code(document, block[0].content, style)
            case _:
                builder.build(block)
    _show_marks(document)


def _no_formula(_source: str, _display: bool) -> None:  # noqa: FBT001 - the builder's own call
    """Leave formulas as they are written."""


def _cut(card: str) -> str:
    if len(card) <= MOST_CHARACTERS:
        return card
    end = card.rfind("\n", 0, MOST_CHARACTERS)
    return card[: end if end > 0 else MOST_CHARACTERS] + "\n\n…"


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each outermost block, up to as many as a card should have."""
    block: list[Token] = []
    pieces = depth = 0
    for token in tokens:
        depth += token.nesting
        block.append(token)
        pieces += 1 + len(token.children or ())
        if depth == 0:
            yield block
            block = []
            if pieces > _MOST_PIECES:
                return


def _write_table(document: SealedDocument, tokens: Sequence[Token], style: TranscriptStyle) -> None:
    rows = [row[:_MOST_COLUMNS] for row in rows_of(tokens)]
    if not rows:
        return
    cursor = _end(document)
    builder = DocumentBuilder(document, style, _no_formula)
    insert_table(cursor, rows, column_widths(rows, style, _WIDE), builder, style, header=True)
    table = cursor.currentTable()
    shape = table.format()
    shape.setTopMargin(design.S)
    shape.setBottomMargin(design.S)
    table.setFormat(shape)


def _write_code(document: SealedDocument, code: str, style: TranscriptStyle) -> None:
    shape = style.paragraph_format(style.code_line_height)
    shape.setBackground(QColor(style.palette.panel))
    shape.setTopMargin(design.S)
    shape.setBottomMargin(design.S)
    cursor = _end(document)
    cursor.insertBlock(shape, style.code_format())
    cursor.insertText(code.removesuffix("\n").replace("\n", _LINE_BREAK), style.code_format())


def _end(document: SealedDocument) -> QTextCursor:
    cursor = QTextCursor(document)
    cursor.movePosition(QTextCursor.MoveOperation.End)
    return cursor


def _show_marks(document: SealedDocument) -> None:
    """Let Qt draw the marks of lists, which a transcript's painter draws itself."""
    for number, marker in document.markers:
        items = document.findBlockByNumber(number).textList()
        if items is not None:
            shape = items.format()
            shape.setStyle(_MARKS[marker])
            items.setFormat(shape)
