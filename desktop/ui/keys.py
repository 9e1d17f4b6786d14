"""The window's keys, bound and shown from the table of actions."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.actions.action import WindowAction
from desktop.ui.actions.table import ACTIONS
from desktop.ui.controls import column, label, native_key, push_button
from desktop.ui.main_window import MainWindow
from models.wording import tr

_COLUMNS: Final = 2


def bind_keys(window: MainWindow) -> None:
    """Bind the keys of every action that is the whole window's."""
    for action in ACTIONS:
        for sequence in action.keys if action.bound else ():
            shortcut = QShortcut(QKeySequence(sequence), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(partial(action.run, window))


def shown_keys(action: WindowAction) -> str:
    """Return an action's key as this system writes it, empty for none."""
    return native_key(action.keys[0]) if action.keys else ""


class KeySheet(QDialog):
    """Lists the keys, group by group."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = column(self, spacing=tokens.L, margin=tokens.XL)
        layout.addWidget(label(tr("Keys"), kind="title"))
        layout.addLayout(self._make_columns())
        close = push_button(tr("Close"), "outline", self.accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        close.setFocus()

    def _make_columns(self) -> QHBoxLayout:
        """Return the groups side by side, about as many lines in each column."""
        keyed = [action for action in ACTIONS if action.keys]
        groups = [list(group) for _, group in groupby(keyed, key=lambda action: action.group)]
        beside = QHBoxLayout()
        beside.setSpacing(tokens.XXL)
        grids = [_grid() for _ in range(_COLUMNS)]
        done = 0
        for group in groups:
            _add_lines(grids[done * _COLUMNS // len(keyed)], group)
            done += len(group)
        for grid in grids:
            grid.setRowStretch(grid.rowCount(), 1)
            beside.addLayout(grid)
        return beside


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(tokens.XL)
    grid.setVerticalSpacing(tokens.S)
    grid.setColumnStretch(1, 1)
    return grid


def _add_lines(grid: QGridLayout, group: list[WindowAction]) -> None:
    """Add a group's keys below its heading, apart from the group above."""
    # A grid that is empty says that it has one row.
    row = grid.rowCount()
    if grid.count():
        grid.setRowMinimumHeight(row, tokens.S)
        row += 1
    grid.addWidget(label(tr(group[0].group), kind="heading"), row, 0, 1, 2)
    for at, action in enumerate(group, start=row + 1):
        grid.addWidget(label(shown_keys(action), kind="strong"), at, 0)
        grid.addWidget(label(tr(action.sheet or action.name), tone="secondary"), at, 1)
