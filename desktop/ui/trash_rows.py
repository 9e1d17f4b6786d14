"""Rows of two lines that one chooses from: what is in the trash, and the backups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
)

from desktop.ui import tokens
from desktop.ui.controls import plain_tip
from desktop.ui.rows import RowDelegate, draw_name, draw_small, two_lines
from desktop.ui.theme import Theme

AnyIndex = QModelIndex | QPersistentModelIndex
_ROW_ROLE: Final = Qt.ItemDataRole.UserRole
_NO_PARENT: Final = QModelIndex()


@dataclass(frozen=True)
class TwoLines:
    """What a row stands for, its name, and what is said of it below."""

    item: object
    name: str
    words: str


class TwoLineModel(QAbstractListModel):
    """Some rows."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[TwoLines] = ()

    def set_rows(self, rows: Sequence[TwoLines]) -> None:
        """Show these."""
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a row."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.name}, {row.words}"
            case Qt.ItemDataRole.ToolTipRole:
                # The row may have no room for all of it.
                return plain_tip(row.words)
            case _:
                return row if role == _ROW_ROLE else None


class TwoLineList(QListView):
    """Shows the rows, one of which is chosen."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.rows = TwoLineModel()
        self.setAccessibleName(name)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        theme.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> object | None:
        """Return what the chosen row stands for, None where none is chosen."""
        row: TwoLines | None = self.currentIndex().data(_ROW_ROLE)
        return None if row is None else row.item

    def show_rows(self, rows: Sequence[TwoLines]) -> None:
        """Show these, with the row chosen that is in the place of the one before."""
        before = max(0, self.currentIndex().row())
        self.rows.set_rows(rows)
        if rows:
            self.setCurrentIndex(self.rows.index(min(before, len(rows) - 1)))


class _Delegate(RowDelegate):
    """Two lines; every row has the same height."""

    def paint_row(self, painter: QPainter, inner: QRect, index: AnyIndex) -> None:
        """Draw what is in the trash, or a backup."""
        row: TwoLines = index.data(_ROW_ROLE)
        top, below = two_lines(inner)
        draw_name(painter, top, row.name, self._theme.colour("text"), tokens.CODE_PX)
        draw_small(painter, below, row.words, self._theme.colour("secondary"))
