"""What stands before the first chat where Snug was installed without a model: ways to one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label, plain_tip, push_button
from desktop.ui.model_chooser import in_a_row
from models.library.entry import LibraryEntry
from models.wording import tr

_OFFERED: Final = 3


class FirstModel(QWidget):
    """Offers to find a model, to open a file, and what other programs left on this computer.

    ``chosen`` carries the path of one that is here already.
    """

    find_requested = Signal()
    open_requested = Signal()
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        layout = column(self, spacing=tokens.L)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(push_button(tr("Find a model"), "primary", self.find_requested.emit))
        row.addWidget(push_button(tr("Open a GGUF file…"), "outline", self.open_requested.emit))
        row.addStretch(1)
        layout.addLayout(row)
        self._here = QWidget()
        here = column(self._here, spacing=tokens.S)
        here.addWidget(label(tr("Already on this computer"), kind="small", tone="secondary"))
        self._models = QVBoxLayout()
        self._models.setSpacing(tokens.S)
        here.addLayout(self._models)
        layout.addWidget(self._here)
        self._here.hide()

    def offer(self, entries: Sequence[LibraryEntry]) -> None:
        """Show the first of the models that can chat."""
        while (item := self._models.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        offered = [each for each in entries if each.problem is None and each.kind == "chat"]
        for entry in offered[:_OFFERED]:
            button = push_button(in_a_row(entry), "example", partial(self.chosen.emit, entry.path))
            button.setToolTip(plain_tip(entry.path))
            button.setAccessibleName(tr("Use {name}", name=entry.name))
            self._models.addWidget(button)
        self._here.setVisible(bool(offered))
