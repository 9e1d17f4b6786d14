"""The list of the models on this machine."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop.ui.models.library_delegate import LibraryDelegate
from desktop.ui.models.library_model import ENTRY_ROLE, LibraryModel
from desktop.ui.theme import Theme
from models.library.entry import LibraryEntry
from models.wording import tr

LIST_MIN: Final = 300
"""The least width, in device-independent pixels, in which a row can be read."""


class ModelList(QListView):
    """Shows them in rows.

    ``opened`` carries the path of a model that was clicked or entered, ``moved`` that of one that
    the keys went to.
    """

    opened = Signal(str)
    moved = Signal(str)

    def __init__(self, theme: Theme, model: LibraryModel) -> None:
        super().__init__()
        self.setObjectName("modelList")
        self.setAccessibleName(tr("Models on this machine"))
        self.setModel(model)
        self.setItemDelegate(LibraryDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self._open)
        theme.changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        """Ask for little; the layout gives what there is."""
        return QSize(LIST_MIN, 200)

    def visible_rows(self) -> tuple[int, int]:
        """Return the first and the last row that can be seen."""
        top = self.indexAt(self.viewport().rect().topLeft())
        bottom = self.indexAt(self.viewport().rect().bottomLeft())
        last = bottom.row() if bottom.isValid() else self.model().rowCount() - 1
        return max(0, top.row()), last

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; going up and down opens as well where the model is shown beside."""
        before = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(before)
            return
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self.moved.emit(self._path(self.currentIndex()))

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self._path(index))

    def _path(self, index: QModelIndex) -> str:
        entry: LibraryEntry | None = index.data(ENTRY_ROLE)
        return entry.path if entry is not None else ""
