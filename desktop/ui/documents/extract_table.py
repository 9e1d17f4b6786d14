"""The table itself: every value leads to its place, can be changed, copied and taken out."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop.domain.evidence import Cell
from desktop.ui.controls import with_key
from desktop.ui.documents.extract_model import CELL_ROLE, AnyIndex, ExtractModel
from desktop.ui.theme import Theme
from desktop.work.table_export import defused
from models.wording import tr

_ROW_HEIGHT: Final = 32
_WIDEST: Final = 320
_NARROWEST: Final = 88
_LOOK_AT: Final = 100
"""Rows that a column's width is taken from."""
_ROLES: Final = {"nowhere": "warning", "apart": "warning", "beside": "secondary"}
"""The colours of values that don't stand in the text beside the others."""


class ExtractTable(QTableView):
    """Shows a table. A press on a value asks for its source, again for its next one.

    ``source_requested`` carries a ``SourceRef``, ``removal_requested`` the shown rows to take out.
    """

    source_requested = Signal(object)
    removal_requested = Signal(object)

    def __init__(self, theme: Theme, model: ExtractModel) -> None:
        super().__init__()
        self.setObjectName("extractTable")
        self.setAccessibleName(tr("Table"))
        self._model = model
        self._last: tuple[Cell, int] | None = None
        self._is_fitted = False
        self.setModel(model)
        self.setItemDelegate(_Cells(theme, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(_NARROWEST)
        header.setResizeContentsPrecision(_LOOK_AT)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.clicked.connect(self._on_clicked)
        model.modelReset.connect(self._on_reset)
        model.rowsInserted.connect(lambda *_: self._fit())

    @property
    def chosen_rows(self) -> list[int]:
        """Return the shown rows with a chosen cell."""
        return sorted({index.row() for index in self.selectionModel().selectedIndexes()})

    def show_source(self, index: AnyIndex) -> None:
        """Ask for the source of a cell; in the last column, for that of its row."""
        row = self._model.shown_rows[index.row()]
        cell = index.data(CELL_ROLE) or next((each for each in row.cells if each.sources), None)
        if not isinstance(cell, Cell) or not cell.sources:
            return
        known, turn = self._last or (None, 0)
        turn = (turn + 1) % len(cell.sources) if known == cell else 0
        self._last = cell, turn
        self.source_requested.emit(cell.sources[turn])

    def copy(self) -> None:
        """Copy the chosen cells, as lines that a spreadsheet takes and runs nothing of."""
        chosen = self.selectionModel().selectedIndexes()
        if not chosen:
            return
        cells = {(index.row(), index.column()): str(index.data() or "") for index in chosen}
        columns = sorted({column for _, column in cells})
        file = io.StringIO()
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        for row in sorted({row for row, _ in cells}):
            writer.writerow([defused(cells.get((row, column), "")) for column in columns])
        QGuiApplication.clipboard().setText(file.getvalue())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the source on Enter, take rows out on Delete, copy."""
        index = self.currentIndex()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index.isValid():
            self.show_source(index)
        elif event.key() == Qt.Key.Key_Delete and self._model.is_editable and self.chosen_rows:
            self.removal_requested.emit(self.chosen_rows)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done, with the keys for it; sorting has no key of its own."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        place = self.visualRect(index).center() if by_key else event.pos()
        self.make_menu(index).popup(self.viewport().mapToGlobal(place))

    def make_menu(self, index: QModelIndex) -> QMenu:
        """Return the menu of a cell."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(
            with_key(tr("Show in the document"), "Enter"), lambda: self.show_source(index)
        )
        menu.addAction(with_key(tr("Copy"), "Ctrl+C"), self.copy)
        if self._model.flags(index) & Qt.ItemFlag.ItemIsEditable:
            menu.addAction(with_key(tr("Change"), "F2"), lambda: self.edit(index))
        menu.addSeparator()
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        for words, column, order in (
            (tr("Sort up"), index.column(), up),
            (tr("Sort down"), index.column(), down),
            (tr("As they were found"), -1, up),
        ):
            menu.addAction(words, partial(self.sortByColumn, column, order))
        if self._model.is_editable:
            menu.addSeparator()
            rows = self.chosen_rows or [index.row()]
            menu.addAction(
                with_key(tr("Take out"), "Del"), lambda: self.removal_requested.emit(rows)
            )
        return menu

    def _on_clicked(self, index: QModelIndex) -> None:
        several = len(self.selectionModel().selectedIndexes()) > 1
        if not several and not QGuiApplication.keyboardModifiers():
            self.show_source(index)

    def _on_reset(self) -> None:
        self._last = None
        if not self._model.rows:
            self._is_fitted = False
            self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._fit()

    def _fit(self) -> None:
        """Make the columns as wide as the first rows need, once: then they are the person's."""
        if self._is_fitted or not self._model.rowCount():
            return
        self._is_fitted = True
        # The last one takes what is left.
        for column in range(self._model.columnCount() - 1):
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, min(_WIDEST, self.columnWidth(column)))


class _Cells(QStyledItemDelegate):
    """Draws a value in the colour of how sure its source is."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: N802
        """Colour the words."""
        super().initStyleOption(option, index)
        cell = index.data(CELL_ROLE)
        if cell is None:
            role = "secondary"
        else:
            role = {"nowhere": "warning", "apart": "warning", "beside": "secondary"}.get(
                cell.found, "text"
            )
        for which in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(which, self._theme.colour(role))
