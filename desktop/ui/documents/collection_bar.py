"""Which documents the list shows: all, or those of a collection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QStackedWidget, QWidget

from desktop.controllers.collections import CollectionsController
from desktop.ui.controls import push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import mark, number, tr

if TYPE_CHECKING:
    from desktop.storage.collections import Collection

_ALL: Final = mark("All documents")


class CollectionBar(QStackedWidget):
    """A button with a menu of the collections; a name is written in its place.

    ``chosen`` tells that another collection is shown, or other documents of it.
    ``ask_requested`` carries the collection that a person wants to ask in a chat.
    """

    chosen = Signal()
    ask_requested = Signal(object)

    def __init__(
        self, theme: Theme, collections: CollectionsController, selected: Callable[[], list[int]]
    ) -> None:
        """Take what gives the ids of the documents that are chosen in the list."""
        super().__init__()
        self._theme = theme
        self._collections = collections
        self._selected = selected
        self._current: int | None = None
        self._named: Callable[[str], object] = lambda _name: None
        self.button = push_button(tr(_ALL), "device", self._show_menu)
        self.button.setObjectName("collectionButton")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.name = _NameField()
        self.name.setAccessibleName(tr("Name of the collection"))
        self.name.setPlaceholderText(tr("Name of the collection"))
        self.name.returnPressed.connect(self._on_named)
        self.name.cancelled.connect(self._close_name)
        around = QWidget()
        row = QHBoxLayout(around)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        row.addStretch(1)
        self.addWidget(around)
        self.addWidget(self.name)
        self.setFixedHeight(self.name.sizeHint().height())
        collections.changed.connect(self._on_changed)
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    @property
    def current(self) -> Collection | None:
        """Return the collection whose documents are shown, None for all documents."""
        return None if self._current is None else self._collections.collection(self._current)

    @property
    def document_ids(self) -> frozenset[int] | None:
        """Return the documents that are shown, None for all."""
        current = self.current
        return None if current is None else frozenset(current.document_ids)

    def fill_menu(self, menu: QMenu, document_ids: list[int]) -> None:
        """Add to a menu what can be done with documents and collections."""
        sub = menu.addMenu(tr("Add to a collection"))
        for each in self._collections.collections:
            sub.addAction(
                _literal(each.name), partial(self._collections.add, each.id, document_ids)
            )
        if self._collections.collections:
            sub.addSeparator()
        sub.addAction(tr("New collection…"), lambda: self._begin_new(document_ids))
        current = self.current
        if current is not None:
            menu.addAction(
                tr("Take out of “{name}”", name=_literal(current.name)),
                partial(self._collections.take_out, current.id, document_ids),
            )

    def menu(self) -> QMenu:
        """Return the menu, as things are now."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_choice(menu, tr(_ALL), None)
        for each in self._collections.collections:
            words = f"{_literal(each.name)} · {number(len(each.document_ids))}"
            self._add_choice(menu, words, each.id)
        menu.addSeparator()
        ids = self._selected()
        words = tr("New collection…")
        if len(ids) > 1:
            words = tr("New collection of the {count} chosen…", count=number(len(ids)))
        menu.addAction(words, lambda: self._begin_new(ids))
        current = self.current
        if current is not None:
            menu.addSeparator()
            menu.addAction(
                tr("Ask the collection in a chat"), lambda: self.ask_requested.emit(current)
            )
            menu.addAction(tr("Rename…"), lambda: self._begin_rename(current))
            menu.addAction(tr("Dissolve; its documents stay"), lambda: self._delete(current))
        return menu

    def _add_choice(self, menu: QMenu, words: str, collection_id: int | None) -> None:
        action = menu.addAction(words, lambda: self._choose(collection_id))
        action.setCheckable(True)
        action.setChecked(collection_id == self._current)

    def _show_menu(self) -> None:
        self.menu().popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    def _choose(self, collection_id: int | None) -> None:
        self._current = collection_id
        self._show()
        self.chosen.emit()

    def _delete(self, collection: Collection) -> None:
        self._choose(None)
        self._collections.delete(collection.id)

    # --- names -----------------------------------------------------------------------------------

    def _begin_new(self, document_ids: list[int]) -> None:
        self._begin_name(
            "",
            lambda name: self._collections.create(
                name, document_ids, lambda made: self._choose(made.id)
            ),
        )

    def _begin_rename(self, collection: Collection) -> None:
        self._begin_name(
            collection.name, lambda name: self._collections.rename(collection.id, name)
        )

    def _begin_name(self, name: str, named: Callable[[str], object]) -> None:
        self._named = named
        self.name.setText(name)
        self.name.selectAll()
        self.setCurrentWidget(self.name)
        self.name.setFocus()

    def _on_named(self) -> None:
        name = self.name.text().strip()
        self._close_name()
        if name:
            self._named(name)

    def _close_name(self) -> None:
        self.setCurrentIndex(0)
        self.button.setFocus()

    # --- what is shown ---------------------------------------------------------------------------

    def _on_changed(self, _collections: object) -> None:
        self._show()
        self.chosen.emit()

    def _show(self) -> None:
        current = self.current
        name = current.name if current is not None else tr(_ALL)
        self.button.setText(_literal(name))
        self.button.setAccessibleName(tr("Shown: {name}. Chooses a collection", name=name))

    def _dress(self) -> None:
        self.button.setIcon(icon("chevron-down", self._theme.colour("secondary").name(), 16))


def _literal(name: str) -> str:
    """Return a name for a button or a menu, which take a lone & for a key to press."""
    return name.replace("&", "&&")


class _NameField(QLineEdit):
    """A field that Escape leaves."""

    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)
