"""A choice of a few, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from desktop.ui.controls import push_button


class Segments(QFrame):
    """Shows the names of some values, one of them chosen. ``chosen`` carries a pressed value."""

    chosen = Signal(object)

    def __init__(self, name: str, values: Sequence[tuple[object, str]]) -> None:
        super().__init__()
        self.setProperty("kind", "segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        group = QButtonGroup(self)
        self._buttons: dict[object, QPushButton] = {}
        for value, text in values:
            button = push_button(text, "segment", partial(self.chosen.emit, value))
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {text}")
            group.addButton(button)
            row.addWidget(button, 1)
            self._buttons[value] = button

    def show_value(self, value: object) -> None:
        """Mark the value that holds."""
        self._buttons[value].setChecked(True)
