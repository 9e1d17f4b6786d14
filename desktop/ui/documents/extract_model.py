"""The rows of a table, sorted and filtered, for a view that asks for what it shows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from desktop.domain.cell_text import text_of, value_of
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.evidence import Cell
from desktop.domain.rows import TableRow
from desktop.domain.table import TYPE_WORDS, Column, Value
from desktop.work.extraction import pages_in_words
from models.wording import mark, tr

CELL_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``Cell`` of an index, None in the last column, which tells the place."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_FOUND: Final[Mapping[str, str]] = {
    "quoted": "",
    "apart": mark("These words stand apart from the row’s other values: check them."),
    "beside": mark("Chosen by the model from the passage of the row’s other values."),
    "nowhere": mark("The text doesn’t say it in these words: check it."),
    "edited": mark("Changed by you."),
}
_TIP: Final = mark("Press Enter for its place in the document, F2 to change it.")


class ExtractModel(QAbstractTableModel):
    """Shows the rows that the text bears out, and on request the others.

    ``edited`` carries a row's index among all rows, the column and the new value, ``refused`` a
    ``UserError`` about what was written.
    """

    edited = Signal(int, int, object)
    refused = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[Column, ...] = ()
        self.rows: tuple[TableRow, ...] = ()
        self.is_editable = False
        self._documents: Mapping[int, Document] = {}
        self._with_doubtful = False
        self._order: list[int] = []
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None

    def show_columns(self, columns: Sequence[Column], documents: Sequence[Document]) -> None:
        """Show an empty table of these columns."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.rows = ()
        self._documents = {document.id: document for document in documents}
        self._order = []
        self._sorted_by = None
        self.endResetModel()

    def show_rows(self, rows: Sequence[TableRow], *, is_editable: bool) -> None:
        """Show these rows in the order that was chosen."""
        self.is_editable = is_editable
        before, order = self.rows, self._arranged(tuple(rows))
        if len(rows) == len(before):
            # Values were changed or added: nothing moves under the eyes.
            self.rows = tuple(rows)
            self._touch()
        elif order[: len(self._order)] == self._order:
            self.beginInsertRows(_NO_PARENT, len(self._order), len(order) - 1)
            self.rows, self._order = tuple(rows), order
            self.endInsertRows()
        else:
            self.beginResetModel()
            self.rows, self._order = tuple(rows), order
            self.endResetModel()

    def show_doubtful(self, *, shown: bool) -> None:
        """Show the rows that stand nowhere in the text too, or no more."""
        self._with_doubtful = shown
        self._rearrange()

    @property
    def doubtful(self) -> int:
        """Return how many rows stand nowhere in the text."""
        return sum(not row.is_borne_out for row in self.rows)

    @property
    def shown_rows(self) -> list[TableRow]:
        """Return the rows as they are shown."""
        return [self.rows[place] for place in self._order]

    def place_of(self, row: int) -> int:
        """Return where a shown row stands among all of them."""
        return self._order[row]

    # --- what Qt asks ----------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of rows that are shown."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: AnyIndex = _NO_PARENT) -> int:  # noqa: N802 - Qt's own name
        """Return the columns, and one for the place where places have names."""
        return 0 if parent.isValid() else len(self.columns) + self._has_places

    @property
    def _has_places(self) -> bool:
        documents = self._documents.values()
        return len(documents) > 1 or any(document.page_word for document in documents)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a cell."""
        row = self.rows[self._order[index.row()]]
        if index.column() == len(self.columns):
            is_text = role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}
            return self._place(row) if is_text else None
        cell, column = row.cells[index.column()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return text_of(cell.value)
            case Qt.ItemDataRole.AccessibleTextRole:
                value = text_of(cell.value) or tr("empty")
                return f"{column.name}: {value}. {_tip(cell)}"
            case Qt.ItemDataRole.ToolTipRole:
                return f"{_tip(cell)} {tr(_TIP)}".strip() if self.is_editable else _tip(cell)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _:
                return cell if role == CELL_ROLE else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401
        """Name a column."""
        if orientation != Qt.Orientation.Horizontal or section > len(self.columns):
            return None
        is_place = section == len(self.columns)
        if role == Qt.ItemDataRole.DisplayRole:
            return tr("Place") if is_place else self.columns[section].name
        if role == Qt.ItemDataRole.ToolTipRole and not is_place:
            return tr(TYPE_WORDS[self.columns[section].type])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(None if is_place else self.columns[section])
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let values be changed once the table is finished."""
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.is_editable and index.column() < len(self.columns):
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def setData(
        self,
        index: AnyIndex,
        value: Any,  # noqa: ANN401
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Take what a person has written, if it can stand in the column."""
        if role != Qt.ItemDataRole.EditRole or not self.is_editable:
            return False
        text, column = str(value), self.columns[index.column()]
        if text == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        try:
            written: Value = value_of(text, column)
        except UserError as error:
            self.refused.emit(error)
            return False
        self.edited.emit(self._order[index.row()], index.column(), written)
        return True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, empty cells last; by less than the first, as they were found."""
        self._sorted_by = None if column < 0 else (column, order)
        self._rearrange()

    # --- order -----------------------------------------------------------------------------------

    def _rearrange(self) -> None:
        self.beginResetModel()
        self._order = self._arranged(self.rows)
        self.endResetModel()

    def _arranged(self, rows: Sequence[TableRow]) -> list[int]:
        places = [
            place for place, row in enumerate(rows) if self._with_doubtful or row.is_borne_out
        ]
        if self._sorted_by is None:
            return places
        column, order = self._sorted_by
        keys = {place: self._sort_key(rows[place], column) for place in places}
        filled = [(key, place) for place, key in keys.items() if key is not None]
        filled.sort(reverse=order == Qt.SortOrder.DescendingOrder)
        return [place for _, place in filled] + [p for p, key in keys.items() if key is None]

    def _sort_key(self, row: TableRow, column: int) -> tuple[int, float, str] | None:
        if column >= len(self.columns):
            return 0, float(min(row.pages, default=0)), ""
        value = row.cells[column].value
        if value is None:
            return None
        if isinstance(value, int | float):
            return 0, float(value), ""
        return 1, 0.0, text_of(value).casefold()

    def _place(self, row: TableRow) -> str:
        """Return the pages of a row, and its document where there are several."""
        document = self._documents.get(row.document_id)
        if document is None:
            return ""
        parts = [document.name] if len(self._documents) > 1 else []
        parts.append(pages_in_words(document.page_word, row.pages))
        return ", ".join(part for part in parts if part)

    def _touch(self) -> None:
        if self._order:
            last = self.index(len(self._order) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def _alignment(column: Column | None) -> int:
    is_number = column is not None and column.type in {"integer", "number"}
    side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _tip(cell: Cell) -> str:
    """Return how a value stands to the text: words of ours, never the document's."""
    found = _FOUND.get(cell.found, "")
    cut = tr("It met the limit of its length and may be cut.") if cell.is_cut else ""
    return " ".join(part for part in (tr(found), cut) if part)
