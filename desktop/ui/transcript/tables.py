"""Tables: thin lines, a strong header, columns as wide as their text where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QTextBlockFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableCell,
    QTextTableCellFormat,
    QTextTableFormat,
)

from desktop.ui import tokens as design
from desktop.ui.transcript.builder import DocumentBuilder
from desktop.ui.transcript.style import TranscriptStyle

if TYPE_CHECKING:
    from markdown_it.token import Token

_ALIGNMENTS: Final = {
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
    "text-align:right": Qt.AlignmentFlag.AlignRight,
}
_LEAST_COLUMN: Final = 48
CELL_PADDING: Final = design.S + 2


class Cell(NamedTuple):
    """A cell's inline token, and how its column is aligned."""

    token: Token
    alignment: Qt.AlignmentFlag


def rows_of(tokens: Sequence[Token]) -> list[list[Cell]]:
    """Return the cells of a table's tokens by row, the header first."""
    rows: list[list[Cell]] = []
    alignment = Qt.AlignmentFlag.AlignLeft
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"th_open", "td_open"}:
            alignment = _ALIGNMENTS.get(
                str(token.attrs.get("style", "")), Qt.AlignmentFlag.AlignLeft
            )
        elif token.type == "inline" and rows:
            rows[-1].append(Cell(token, alignment))
    return rows


def column_widths(rows: Sequence[Sequence[Cell]], style: TranscriptStyle, room: float) -> list[int]:
    """Return widths in pixels: what the text needs, narrowed evenly from the widest down."""
    count = max((len(row) for row in rows), default=0)
    needs = [float(_LEAST_COLUMN)] * count
    for row in rows:
        for column, cell in enumerate(row):
            # Header weight and code are wider than the text that is measured.
            wide = style.body_metrics.horizontalAdvance(cell.token.content[:200]) * 1.12
            needs[column] = max(needs[column], wide + 2 * CELL_PADDING + 2)
    return [int(width) for width in _fitted(needs, room)]


def _fitted(needs: list[float], room: float) -> list[float]:
    if sum(needs) <= room or not needs:
        return needs
    widths = [0.0] * len(needs)
    left = room
    order = sorted(range(len(needs)), key=needs.__getitem__)
    for place, column in enumerate(order):
        share = left / (len(order) - place)
        widths[column] = max(min(needs[column], share), min(_LEAST_COLUMN, room / len(needs)))
        left -= widths[column]
    return widths


def insert_table(
    cursor: QTextCursor,
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[int],
    builder: DocumentBuilder,
    style: TranscriptStyle,
    *,
    header: bool,
) -> None:
    """Write a table, or a part of one, into an empty document."""
    shape = QTextTableFormat()
    shape.setCellSpacing(0)
    shape.setCellPadding(0)
    shape.setBorder(0)
    shape.setBorderCollapse(True)
    shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
    shape.setColumnWidthConstraints(
        [QTextLength(QTextLength.Type.FixedLength, width) for width in widths]
    )
    table = cursor.insertTable(len(rows), max(1, len(widths)), shape)
    for number, row in enumerate(rows):
        for column in range(len(widths)):
            cell = table.cellAt(number, column)
            _format(cell, style, strong=header and number == 0)
            if column < len(row):
                _write(table, cell, row[column], builder, style, header=header and number == 0)


def _write(
    _table: QTextTable,
    cell: QTextTableCell,
    content: Cell,
    builder: DocumentBuilder,
    style: TranscriptStyle,
    *,
    header: bool,
) -> None:
    cursor = cell.firstCursorPosition()
    paragraph: QTextBlockFormat = style.paragraph_format(round(style.body_px * 1.45))
    paragraph.setAlignment(content.alignment)
    cursor.setBlockFormat(paragraph)
    builder.write_inline(cursor, content.token, header=header)


def _format(cell: QTextTableCell, style: TranscriptStyle, *, strong: bool) -> None:
    shape = QTextTableCellFormat()
    shape.setLeftPadding(CELL_PADDING)
    shape.setRightPadding(CELL_PADDING)
    shape.setTopPadding(design.XS)
    shape.setBottomPadding(design.S)
    shape.setBottomBorder(1)
    shape.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    colour = style.palette.faint if strong else style.palette.line
    shape.setBottomBorderBrush(QBrush(QColor(colour)))
    cell.setFormat(shape)
