"""The left column of the documents page: what there is, and ways to add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from desktop.controllers.collections import CollectionsController
from desktop.controllers.document_marks import DocumentMark, MarksController
from desktop.controllers.documents import DocumentsController, Intake
from desktop.domain.documents import Document
from desktop.domain.page_words import pages_counted
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button, with_key
from desktop.ui.documents.collection_bar import CollectionBar
from desktop.ui.documents.list_model import DocumentListModel, Entry
from desktop.ui.documents.list_view import DocumentList
from desktop.ui.drops import local_paths
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import tr, trn

if TYPE_CHECKING:
    from desktop.storage.collections import Collection

LEAST_WIDTH: Final = 240


class Shelf(QWidget):
    """Search, list, and how the reading goes. ``ask_requested`` carries documents."""

    ask_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        documents: DocumentsController,
        collections: CollectionsController,
        marks: MarksController,
    ) -> None:
        super().__init__()
        self._marks = marks
        self._theme = theme
        self._documents = documents
        self.model = DocumentListModel()
        self.search = self._make_search()
        self.list = DocumentList(theme, self.model)
        self.collections = CollectionBar(
            theme, collections, lambda: [each.id for each in self.list.documents]
        )
        self.add_button = push_button(tr("Add"), "outline", self._show_add_menu)
        self.add_button.setObjectName("addDocumentsButton")
        self.add_button.setAccessibleName(tr("Add documents"))
        self._nothing = label(tone="secondary", wraps=True)
        self._state = label(kind="small", tone="secondary")
        self._stop = IconButton(theme, "close", tr("Stop reading"), documents.cancel_all)
        self.layout_column = column(self, spacing=tokens.S)
        self._lay_out()
        self._connect()
        theme.changed.connect(self._dress)
        self._dress()

    def paste(self) -> None:
        """Take in what is on the clipboard: files, or a text."""
        data = QGuiApplication.clipboard().mimeData()
        if data.hasUrls():
            self._documents.add(local_paths(data))
        elif data.hasText() and data.text().strip():
            self._documents.add_text(data.text())

    def choose_files(self) -> None:
        """Let a person choose files."""
        self._choose(QFileDialog.FileMode.ExistingFiles, tr("Add documents"))

    def choose_folder(self) -> None:
        """Let a person choose a folder."""
        self._choose(QFileDialog.FileMode.Directory, tr("Add a folder of documents"))

    # --- parts -----------------------------------------------------------------------------------

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setObjectName("documentSearch")
        search.setPlaceholderText(tr("Search documents"))
        search.setAccessibleName(tr("Search documents by name"))
        search.textChanged.connect(lambda _text: self._filter())
        self._search_icon = QAction(tr("Search"), search)
        search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        return search

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(tokens.S)
        top.addWidget(self.search, 1)
        top.addWidget(self.add_button)
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        foot.addWidget(self._state, 1)
        foot.addWidget(self._stop)
        self.layout_column.addLayout(top)
        self.layout_column.addWidget(self.collections)
        self.layout_column.addWidget(self._nothing)
        self.layout_column.addWidget(self.list, 1)
        self.layout_column.addLayout(foot)
        self.setMinimumWidth(LEAST_WIDTH)

    def _connect(self) -> None:
        documents = self._documents
        documents.changed.connect(self._on_changed)
        documents.intake_changed.connect(self._on_intake)
        documents.batch_ended.connect(self._on_batch_ended)
        self._marks.changed.connect(self._on_marks)
        self.collections.chosen.connect(self._filter)
        self.collections.ask_requested.connect(self._on_ask_collection)
        self.list.delete_requested.connect(documents.delete)
        self.list.menu_requested.connect(self._show_menu)
        self._on_marks(self._marks.marks)
        self._on_changed(documents.documents)
        self._show_intakes()

    def _dress(self) -> None:
        secondary = self._theme.colour("secondary").name()
        self._search_icon.setIcon(icon("search", secondary, 16))
        self.add_button.setIcon(icon("plus", secondary, 16))

    # --- what is shown ---------------------------------------------------------------------------

    def _on_changed(self, documents: Sequence[Document]) -> None:
        self.model.set_documents(documents)
        self._marks.look(documents)
        self._count()

    def _on_intake(self, _intake: Intake) -> None:
        self._show_intakes()

    def _on_batch_ended(self, _batch: int, documents: Sequence[Document]) -> None:
        self._show_intakes()
        # One file is what a person wants to see; of many, the first, where nothing is open.
        if len(documents) == 1 or (documents and not self.list.documents):
            self.list.choose({documents[0].id})

    def _show_intakes(self) -> None:
        self.model.set_intakes(list(self._documents.intakes.values()))
        self._count()

    def _on_marks(self, marks: Mapping[int, DocumentMark]) -> None:
        self.model.set_marks({key: mark.words for key, mark in marks.items()})

    def _on_ask_collection(self, collection: Collection) -> None:
        ids = frozenset(collection.document_ids)
        asked = (each for each in self._documents.documents if each.id in ids)
        self.ask_requested.emit(tuple(each for each in asked if each.state == "ready"))

    def _filter(self) -> None:
        self.model.set_filter(self.search.text(), self.collections.document_ids)
        self._count()

    def _count(self) -> None:
        waiting = [each for each in self._documents.intakes.values() if not each.is_over]
        self._stop.setVisible(bool(waiting))
        count = len(self._documents.documents)
        if waiting:
            self._state.setText(
                trn("Reading · {count} file to go", "Reading · {count} files to go", len(waiting))
            )
        else:
            self._state.setText(pages_counted("document", count) if count else "")
        is_cut = bool(self.search.text()) or self.collections.current is not None
        self._nothing.setText(
            tr("No document matches.")
            if self.search.text()
            else tr("Nothing is in this collection yet.")
        )
        self._nothing.setVisible(is_cut and self.model.rowCount() == 0)

    # --- menus -----------------------------------------------------------------------------------

    def _show_add_menu(self) -> None:
        menu = _menu(self.add_button)
        menu.addAction(tr("Files…"), self.choose_files)
        menu.addAction(tr("Folder…"), self.choose_folder)
        menu.addAction(with_key(tr("From the clipboard"), "Ctrl+V"), self.paste)
        menu.popup(self.add_button.mapToGlobal(self.add_button.rect().bottomLeft()))

    def _show_menu(self, entry: Entry, place: QPoint) -> None:
        menu = _menu(self)
        if isinstance(entry, Intake):
            if entry.is_over:
                menu.addAction(tr("Try again"), lambda: self._again(entry))
                menu.addAction(tr("Take off the list"), lambda: self._dismiss(entry))
            else:
                menu.addAction(tr("Stop"), lambda: self._documents.cancel(entry.id))
        else:
            self._fill_menu(menu, self.list.documents or (entry,))
        menu.popup(place)

    def _fill_menu(self, menu: QMenu, documents: tuple[Document, ...]) -> None:
        ids = [each.id for each in documents]
        ready = tuple(each for each in documents if each.state == "ready")
        if ready:
            menu.addAction(tr("Ask in a chat"), lambda: self.ask_requested.emit(ready))
        menu.addAction(tr("Read again"), lambda: self._documents.add([d.path for d in documents]))
        self.collections.fill_menu(menu, ids)
        menu.addSeparator()
        menu.addAction(with_key(tr("Delete"), "Del"), lambda: self._documents.delete(ids))

    def _again(self, intake: Intake) -> None:
        self._documents.dismiss(intake.id)
        self._documents.add([intake.path])

    def _dismiss(self, intake: Intake) -> None:
        self._documents.dismiss(intake.id)
        self._show_intakes()

    def _choose(self, mode: QFileDialog.FileMode, title: str) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        dialog.filesSelected.connect(self._documents.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _menu(parent: QWidget | QPushButton) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
