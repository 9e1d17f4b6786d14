"""What was found, in the place of the chats while there is something to search for."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from desktop.domain.search import Found, SearchResults, letters
from desktop.ui.controls import column, label
from desktop.ui.search_delegate import SearchDelegate
from desktop.ui.search_model import FOUND_ROLE, SearchModel
from desktop.ui.theme import Theme
from models.wording import mark, tr

_NOTHING: Final = mark("No chat and no message has this.")
_NO_TITLE: Final = mark(
    "No title has a word that begins like this. With one letter more, messages are searched too."
)
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchResultsView(QWidget):
    """Lists hits. ``chosen`` is one to open; ``left`` asks for the field's return."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = SearchModel()
        self.list = _ResultList(theme, self.model)
        self._nothing = label(tone="secondary", wraps=True)
        layout = column(self)
        layout.addWidget(self._nothing)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.list)
        self.list.chosen.connect(self.chosen)
        self.list.left.connect(self.left)
        theme.changed.connect(self.list.viewport().update)

    def show_results(self, results: SearchResults) -> None:
        """Show what was found, from the best on."""
        self.model.set_results(results)
        is_empty = self.model.rowCount() == 0
        self._nothing.setText(tr(_NOTHING) if letters(results.query) > 1 else tr(_NO_TITLE))
        self._nothing.setVisible(is_empty)
        self.list.setVisible(not is_empty)
        self.list.scrollToTop()

    def choose_first(self) -> None:
        """Open the best hit."""
        found = self.model.first().data(FOUND_ROLE)
        if found is not None:
            self.chosen.emit(found)

    def enter(self) -> None:
        """Go to the best hit."""
        first = self.model.first()
        if first.isValid():
            self.list.setCurrentIndex(first)
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)


class _ResultList(QListView):
    chosen = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, model: SearchModel) -> None:
        super().__init__()
        self.setObjectName("searchResults")
        self.setAccessibleName(tr("Found"))
        self.setModel(model)
        self._model = model
        self.setItemDelegate(SearchDelegate(theme, self))
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter; go back up to the field from the first hit."""
        index = self.currentIndex()
        if event.key() in _ENTER:
            self._choose(index)
        elif event.key() == Qt.Key.Key_Up and index.row() <= self._model.first().row():
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for the heights anew: some depend on the width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _choose(self, index: QModelIndex) -> None:
        found: Found | None = index.data(FOUND_ROLE)
        if found is not None:
            self.chosen.emit(found)
