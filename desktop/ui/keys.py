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
from desktop.ui.controls import column, label, push_button
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
    if not action.keys:
        return ""
    sequence = action.keys[0]
    return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText) or sequence


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
        places = [column(spacing=tokens.L) for _ in range(_COLUMNS)]
        done = 0
        for group in groups:
            places[done * _COLUMNS // len(keyed)].addLayout(_lines(group))
            done += len(group)
        for place in places:
            place.addStretch(1)
            beside.addLayout(place)
        return beside


def _lines(group: list[WindowAction]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(tokens.XL)
    grid.setVerticalSpacing(tokens.S)
    grid.setColumnStretch(1, 1)
    grid.addWidget(label(tr(group[0].group), kind="heading"), 0, 0, 1, 2)
    for row, action in enumerate(group, start=1):
        grid.addWidget(label(shown_keys(action), kind="strong"), row, 0)
        grid.addWidget(label(tr(action.sheet or action.name), tone="secondary"), row, 1)
    return grid
