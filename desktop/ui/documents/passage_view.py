"""A document's text as it was read: never markup, whatever it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QPalette,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QTextBrowser

from desktop.domain.documents import SourceRef, StoredPassage
from desktop.domain.page_words import place_at_start
from desktop.ui import tokens
from desktop.ui.theme import Theme
from models.wording import number, tr

_HEADING_STEPS: Final = (4, 2, 1)
"""What a heading's letters are larger than the text's, by its level."""
_WITH_AIR: Final = frozenset({"paragraph", "code", "note"})
_LINE_BREAK: Final = "\u2028"
_PARTS_AIR: Final = 0.35


class PassageView(QTextBrowser):
    """Shows passages one below the other, pages apart, a source of them marked."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("passageView")
        self.setAccessibleName(tr("Text of the document"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.WidgetWidth)
        self._theme = theme
        self._shown: tuple[Sequence[StoredPassage], str, SourceRef | None] = ((), "", None)
        theme.changed.connect(self._dress)
        self._dress()

    def show_passages(
        self, passages: Sequence[StoredPassage], page_word: str, source: SourceRef | None = None
    ) -> None:
        """Show these; ``page_word`` names what they are counted by, ``source`` is marked."""
        self._shown = (passages, page_word, source)
        document = QTextDocument(self)
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(self._font(self._theme.body_px))
        marked = self._write(document, passages, page_word, source)
        self.setDocument(document)
        if marked is not None:
            self._scroll_to(marked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep lines as short as one reads with ease."""
        wide = self.width() - self.verticalScrollBar().sizeHint().width()
        self.setViewportMargins(0, 0, max(0, wide - tokens.COLUMN_MAX), 0)
        super().resizeEvent(event)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing."""
        return None

    # --- writing ---------------------------------------------------------------------------------

    def _write(
        self,
        document: QTextDocument,
        passages: Sequence[StoredPassage],
        page_word: str,
        source: SourceRef | None,
    ) -> int | None:
        """Write the passages; return where the first mark begins, None without one."""
        cursor = QTextCursor(document)
        marked: int | None = None
        page = 0
        cursor.beginEditBlock()
        for passage in passages:
            if passage.page != page and page_word:
                page = passage.page
                self._write_page(cursor, place_at_start(page_word, number(page)))
            self._begin_block(cursor, self._block_format(passage))
            start = cursor.position()
            style = self._char_format(passage)
            cursor.insertText(passage.text.replace("\n", _LINE_BREAK), style)
            if source is not None and source.first <= passage.number <= source.last:
                self._mark(document, start, passage.text, source.quote)
                marked = start if marked is None else marked
        cursor.endEditBlock()
        return marked

    def _begin_block(self, cursor: QTextCursor, shape: QTextBlockFormat) -> None:
        if cursor.position():
            cursor.insertBlock(shape, QTextCharFormat())
        else:
            cursor.setBlockFormat(shape)

    def _write_page(self, cursor: QTextCursor, words: str) -> None:
        shape = QTextBlockFormat()
        shape.setTopMargin(tokens.XL if cursor.position() else 0)
        shape.setBottomMargin(tokens.S)
        self._begin_block(cursor, shape)
        style = QTextCharFormat()
        style.setFont(self._font(12))
        style.setForeground(self._theme.colour("secondary"))
        cursor.insertText(words, style)

    def _block_format(self, passage: StoredPassage) -> QTextBlockFormat:
        shape = QTextBlockFormat()
        shape.setLineHeight(
            tokens.LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        shape.setBottomMargin(tokens.M if passage.kind in _WITH_AIR else tokens.XS)
        if passage.kind == "heading":
            shape.setTopMargin(tokens.S)
        if passage.kind == "item":
            shape.setLeftMargin(tokens.L)
        if passage.kind == "code":
            shape.setBackground(self._theme.colour("panel"))
        return shape

    def _char_format(self, passage: StoredPassage) -> QTextCharFormat:
        style = QTextCharFormat()
        size = self._theme.body_px
        font = self._font(size)
        if passage.kind == "heading":
            step = min(max(1, passage.level), len(_HEADING_STEPS)) - 1
            font = self._font(size + _HEADING_STEPS[step])
            font.setWeight(QFont.Weight(tokens.WEIGHT_STRONG))
        elif passage.kind == "code":
            font.setFamilies(["monospace"])
            font.setPixelSize(max(9, size - 1))
        style.setFont(font)
        style.setForeground(self._theme.colour("secondary" if passage.kind == "note" else "text"))
        return style

    def _mark(self, document: QTextDocument, start: int, text: str, quote: str) -> None:
        at = text.find(quote) if quote else -1
        first, length = (at, len(quote)) if at >= 0 else (0, len(text))
        cursor = QTextCursor(document)
        cursor.setPosition(start + _units(text[:first]))
        cursor.setPosition(start + _units(text[: first + length]), QTextCursor.MoveMode.KeepAnchor)
        tint = QTextCharFormat()
        tint.setBackground(self._theme.colour("selection"))
        cursor.mergeCharFormat(tint)

    # --- the view --------------------------------------------------------------------------------

    def _scroll_to(self, position: int) -> None:
        block = self.document().findBlock(position)
        top = self.document().documentLayout().blockBoundingRect(block).top()
        air = self.viewport().height() * _PARTS_AIR
        self.verticalScrollBar().setValue(max(0, round(top - air)))

    def _font(self, pixels: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        return font

    def _dress(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        self.setPalette(palette)
        place = self.verticalScrollBar().value()
        passages, page_word, source = self._shown
        self.show_passages(passages, page_word, source)
        self.verticalScrollBar().setValue(place)


def _units(text: str) -> int:
    """Return the text's length as Qt counts it: some letters take two."""
    return len(text.encode("utf-16-le")) // 2
