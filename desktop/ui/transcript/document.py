"""A text document that loads nothing, with formulas as letters of its text."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextList,
)

from desktop.ui.transcript.formulas import Formula
from desktop.ui.transcript.style import LIST_INDENT, TranscriptStyle

_FORMULA_TYPE: Final = QTextFormat.ObjectTypes.UserObject.value + 1
_INDEX: Final = QTextFormat.Property.UserProperty.value + 1
_OBJECT_CHARACTER: Final = "\ufffc"
_LINE_SEPARATORS: Final = {0x2028: "\n", 0x2029: "\n", 0xFDD0: None, 0xFDD1: None}


class Marker(Enum):
    """What stands before a list item that has no number, drawn by the painter."""

    BULLET = auto()
    RING = auto()
    OPEN_TASK = auto()
    DONE_TASK = auto()


class SealedDocument(QTextDocument):
    """What a block is laid out in. Whatever its text names, no file and no address is read."""

    def __init__(self, style: TranscriptStyle) -> None:
        super().__init__()
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.setIndentWidth(LIST_INDENT)
        self.setDefaultFont(style.body_font)
        self.markers: list[tuple[int, Marker]] = []
        """Paragraphs, by their number, and what stands before them."""
        self._formulas: _FormulaObject | None = None

    def mark(self, block: QTextBlock, marker: Marker) -> None:
        """Put a mark before a list item."""
        self.markers.append((block.blockNumber(), marker))

    def loadResource(self, _kind: int, _name: object) -> object:  # noqa: D102
        return None

    def insert_formula(
        self, cursor: QTextCursor, formula: Formula, source: str, text: QTextCharFormat
    ) -> None:
        """Put a formula on the baseline of the text around it."""
        if self._formulas is None:
            self._formulas = _FormulaObject(self)
            self.documentLayout().registerHandler(_FORMULA_TYPE, self._formulas)
        shape = QTextCharFormat(text)
        shape.setObjectType(_FORMULA_TYPE)
        self._formulas.add(formula, source, shape)
        cursor.insertText(_OBJECT_CHARACTER, shape)

    def plain_text(self, start: int = 0, end: int | None = None) -> str:
        """Return the text between two positions as one would type it, formulas as LaTeX."""
        end = self.characterCount() - 1 if end is None else end
        marks = dict(self.markers)
        lines: list[str] = []
        block = self.findBlock(start)
        while block.isValid() and block.position() <= end:
            mark = _written_mark(block, marks) if block.position() >= start else ""
            last = min(end, block.position() + block.length() - 1)
            lines.append(mark + self._text_between(max(start, block.position()), last))
            block = block.next()
        return "\n".join(lines)

    def _text_between(self, start: int, end: int) -> str:
        cursor = QTextCursor(self)
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        text = cursor.selectedText().translate(_LINE_SEPARATORS)
        return self._formulas.spelled_out(text, cursor) if self._formulas else text


class _FormulaObject(QPyTextObject):
    """Draws the formulas of one document.

    Qt hangs an object as deep as the font's letters, or sets it around half the height of an x.
    With room added above or below, one of the two brings any formula onto its baseline.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._entries: list[tuple[Formula, float, float, str]] = []

    def add(self, formula: Formula, source: str, shape: QTextCharFormat) -> None:
        """Give the format of a formula's letter its place in the list and its alignment."""
        metrics = QFontMetricsF(shape.font())
        ascent = formula.height - formula.depth
        if formula.depth <= metrics.descent():
            shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
            above, height = 0.0, ascent + metrics.descent()
        else:
            shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
            half_x = metrics.xHeight() / 2
            height = max(2 * ascent - half_x, 2 * formula.depth + half_x)
            above = (height + half_x) / 2 - ascent
        shape.setProperty(_INDEX, len(self._entries))
        self._entries.append((formula, above, height, source))

    def spelled_out(self, text: str, selection: QTextCursor) -> str:
        """Return selected text with the LaTeX of the formulas that are in it."""
        walker = QTextCursor(selection)
        walker.setPosition(selection.selectionStart())
        parts = text.split(_OBJECT_CHARACTER)
        spelled = [parts[0]]
        for part in parts[1:]:
            walker = selection.document().find(_OBJECT_CHARACTER, walker)
            spelled += [self._entries[walker.charFormat().property(_INDEX)][3], part]
        return "".join(spelled)

    def intrinsicSize(  # noqa: N802
        self, _document: QTextDocument, _position: int, shape: QTextFormat
    ) -> QSizeF:
        formula, _, height, _ = self._entries[shape.property(_INDEX)]
        return QSizeF(formula.width, height)

    def drawObject(  # noqa: N802
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        _document: QTextDocument,
        _position: int,
        shape: QTextFormat,
    ) -> None:
        formula, above, _, _ = self._entries[shape.property(_INDEX)]
        place = QRectF(rect.left(), rect.top() + above, formula.width, formula.height)
        formula.renderer.render(painter, place)


def _written_mark(block: QTextBlock, marks: dict[int, Marker]) -> str:
    """Return an item's number or mark as one types it, indented as deep as its list is."""
    items: QTextList | None = block.textList()
    if items is None:
        return ""
    words = {Marker.OPEN_TASK: "- [ ]", Marker.DONE_TASK: "- [x]"}
    marker = marks.get(block.blockNumber())
    mark = items.itemText(block) if marker is None else words.get(marker, "-")
    return "  " * (items.format().indent() - 1) + mark + " "
