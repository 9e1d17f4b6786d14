"""A list of two lines a row that one chooses from: what is in the trash, and the backups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.ui import tokens
from desktop.ui.controls import column, label, plain_tip, push_button
from desktop.ui.rows import RowDelegate, draw_name, draw_small, two_lines
from desktop.ui.theme import Theme

AnyIndex = QModelIndex | QPersistentModelIndex
_ROW_ROLE: Final = Qt.ItemDataRole.UserRole
_NO_PARENT: Final = QModelIndex()
_PATIENCE_MS: Final = 5_000


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


class ListPane(QWidget):
    """A sentence, a list, and buttons for what is chosen in it."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.words = label(tone="secondary", wraps=True)
        self.list = TwoLineList(theme, name)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(tokens.S)
        layout = self.content = column(self, spacing=tokens.M)
        layout.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.L)
        layout.addWidget(self.words)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.buttons)
        self._for_one: list[QPushButton] = []

    def add_button(self, button: QPushButton, *, for_one: bool = True) -> QPushButton:
        """Add a button; one that is ``for_one`` row wants some to be there."""
        self.buttons.addWidget(button)
        if for_one:
            self._for_one.append(button)
        return button

    def show_rows(self, rows: Sequence[TwoLines]) -> None:
        """Show these rows."""
        had_focus = any(button.hasFocus() for button in self._for_one)
        self.list.show_rows(rows)
        for button in self._for_one:
            button.setEnabled(bool(rows))
        if had_focus and not rows:
            self.list.setFocus()


class _Delegate(RowDelegate):
    """Two lines; every row has the same height."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw what is in the trash, or a backup."""
        with self.drawn_row(painter, option) as inner:
            row: TwoLines = index.data(_ROW_ROLE)
            top, below = two_lines(inner)
            draw_name(painter, top, row.name, self._theme.colour("text"), tokens.CODE_PX)
            draw_small(painter, below, row.words, self._theme.colour("secondary"))


def sure_button(text: str, question: str, act: Callable[[], object]) -> QPushButton:
    """Return a button for what can't be undone: it asks first, and acts at the second press."""

    def press() -> None:
        if patience.isActive():
            reset()
            act()
        else:
            button.setText(question)
            patience.start()

    def reset() -> None:
        patience.stop()
        button.setText(text)

    button = push_button(text, "outline", press)
    patience = QTimer(button, interval=_PATIENCE_MS, singleShot=True)
    patience.timeout.connect(reset)
    return button
