"""The list of chats as one works in it: keys, clicks, and the menu of a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu

from desktop.controllers.chat_list import ChatListController
from desktop.domain.chat import Chat, Folder, is_private
from desktop.ui.chat_delegate import ChatDelegate
from desktop.ui.chat_drag import DropPlace, dragged_chat, paint_place, place_at
from desktop.ui.chat_list_model import CHAT_ROLE, HEADING_ROLE, AnyIndex, ChatListModel, Heading
from desktop.ui.controls import with_key
from desktop.ui.theme import Theme
from models.wording import mark, tr

NEW_FOLDER: Final = mark("New folder")
FORMS: Final = {
    "markdown": mark("Markdown…"),
    "html": mark("HTML…"),
    "pdf": mark("PDF…"),
    "json": mark("JSON, with all versions…"),
}


class ChatListView(QListView):
    """Enter or a click opens a chat and folds a folder, F2 renames in place, Delete deletes."""

    chosen = Signal(int)
    delete_requested = Signal(int)
    edited = Signal()
    export_requested = Signal(int, str)
    filed = Signal(object, object)
    """A chat as it was before it was dragged, and the ``DropPlace`` it was put to."""

    def __init__(self, theme: Theme, model: ChatListModel, chats: ChatListController) -> None:
        super().__init__()
        self.setObjectName("chatList")
        self.setAccessibleName(tr("Chats"))
        self._theme = theme
        self._model = model
        self._chats = chats
        self.setModel(model)
        delegate = ChatDelegate(theme, self)
        delegate.menu_requested.connect(self._on_menu_button)
        self._menu_asked = False
        # The list leaves its editing state only after the delegate has said so. A queued signal
        # would carry an editor that may be gone by then.
        self._edited_soon = QTimer(self, interval=0, singleShot=True)
        self._edited_soon.timeout.connect(self.edited)
        delegate.closeEditor.connect(lambda _editor, _hint: self._edited_soon.start())
        self.setItemDelegate(delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self._place: DropPlace | None = None
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_context_menu)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self.viewport().update)

    @property
    def is_editing(self) -> bool:
        """Return whether a title or a name is being edited."""
        return self.state() is QAbstractItemView.State.EditingState

    def edit_folder(self, folder_id: int) -> None:
        """Begin to rename a folder."""
        row = self._model.row_of_folder(folder_id)
        if row >= 0:
            self.setCurrentIndex(self._model.index(row))
            self.edit(self._model.index(row))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open, rename and delete with the keys."""
        index = self.currentIndex()
        chat, folder = _chat(index), _folder(index)
        if (chat is None and folder is None) or self.is_editing:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(index)
        elif event.key() == Qt.Key.Key_F2:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Delete:
            self._delete(index)
        elif folder is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._fold(folder, is_open=event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def _open(self, index: AnyIndex) -> None:
        chat, folder = _chat(index), _folder(index)
        if chat is not None:
            self.chosen.emit(chat.id)
        elif folder is not None:
            self._fold(folder, is_open=folder.id in self._model.closed_folders)

    def _fold(self, folder: Folder, *, is_open: bool) -> None:
        closed = self._model.closed_folders
        self._model.set_closed_folders(closed - {folder.id} if is_open else closed | {folder.id})
        row = self._model.row_of_folder(folder.id)
        if self.hasFocus() and row >= 0:
            self.setCurrentIndex(self._model.index(row))

    def _delete(self, index: AnyIndex) -> None:
        chat, folder = _chat(index), _folder(index)
        if chat is not None:
            self.delete_requested.emit(chat.id)
        elif folder is not None:
            self._chats.delete_folder(folder)

    def _on_menu_button(self, index: AnyIndex, place: QPoint) -> None:
        # The view calls this click a click on the row as well, right after.
        self._menu_asked = True
        self._show_menu(index, place)

    def _on_clicked(self, index: QModelIndex) -> None:
        asked, self._menu_asked = self._menu_asked, False
        if not asked:
            self._open(index)

    # --- dragging --------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take chats; what else is dragged goes on to the window."""
        if dragged_chat(event.mimeData()) is None:
            event.ignore()
            return
        super().dragEnterEvent(event)
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the chat would come to."""
        # It scrolls at the edges.
        super().dragMoveEvent(event)
        chat = self._chats.chat(dragged_chat(event.mimeData()))
        place = place_at(self, event.position().toPoint())
        moves = chat is not None and place is not None and place.changes(chat)
        self._show_place(place if moves else None)
        event.setAccepted(moves)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show no place any more."""
        super().dragLeaveEvent(event)
        self._show_place(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """File the chat, or pin it."""
        place, chat = self._place, self._chats.chat(dragged_chat(event.mimeData()))
        self._show_place(None)
        self.setState(QAbstractItemView.State.NoState)
        if place is None or chat is None:
            event.ignore()
            return
        # The list itself takes no row away: it is read anew.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.put(chat, place)

    def put(self, chat: Chat, place: DropPlace) -> None:
        """Let a chat lie in a folder, in none, or at the head of the list."""
        if not place.pinned:
            self._chats.move(chat.id, None if place.folder is None else place.folder.id)
        if place.pinned != (chat.pinned_at is not None):
            self._chats.pin(chat.id, pinned=place.pinned)
        self.filed.emit(chat, place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows, and the place that a dragged chat would come to."""
        super().paintEvent(event)
        if self._place is not None:
            paint_place(self, self._place, self._theme)

    def _show_place(self, place: DropPlace | None) -> None:
        if place != self._place:
            self._place = place
            self.viewport().update()

    # --- the menu of a row -----------------------------------------------------------------------

    def _on_context_menu(self, place: QPoint) -> None:
        self._show_menu(self.indexAt(place), self.viewport().mapToGlobal(place))

    def _show_menu(self, index: AnyIndex, place: QPoint) -> None:
        menu = self.make_menu(index)
        if menu is not None:
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(place)

    def make_menu(self, index: AnyIndex) -> QMenu | None:
        """Return what can be done with a row, None where nothing can."""
        chat, folder = _chat(index), _folder(index)
        if chat is None and folder is None:
            return None
        menu = QMenu(self)
        menu.addAction(with_key(tr("Rename"), "F2"), lambda: self.edit(index))
        if chat is not None and not is_private(chat.id):
            is_pinned = chat.pinned_at is not None
            pin = partial(self._chats.pin, chat.id, pinned=not is_pinned)
            menu.addAction(tr("Unpin") if is_pinned else tr("Pin"), pin)
            self._fill_folders(menu.addMenu(tr("Move to folder")), chat)
        if chat is not None:
            fill_forms(menu.addMenu(tr("Export as")), partial(self.export_requested.emit, chat.id))
        menu.addSeparator()
        words = tr("Delete") if folder is None else tr("Delete folder, keep its chats")
        menu.addAction(with_key(words, "Del"), lambda: self._delete(index))
        return menu

    def _fill_folders(self, menu: QMenu, chat: Chat) -> None:
        for folder in self._chats.folders:
            entry = menu.addAction(
                folder.name.replace("&", "&&"), partial(self._chats.move, chat.id, folder.id)
            )
            entry.setEnabled(folder.id != chat.folder_id)
        if self._chats.folders:
            menu.addSeparator()
        new = partial(self._chats.create_folder, tr(NEW_FOLDER), chat.id)
        menu.addAction(tr("New folder…"), new)
        if chat.folder_id is not None:
            menu.addAction(tr("None"), partial(self._chats.move, chat.id, None))


def fill_forms(menu: QMenu, choose: Callable[[str], object]) -> None:
    """Offer the forms in which chats go into files."""
    for form, name in FORMS.items():
        menu.addAction(tr(name), partial(choose, form))


def _chat(index: AnyIndex) -> Chat | None:
    found: Chat | None = index.data(CHAT_ROLE) if index.isValid() else None
    return found


def _folder(index: AnyIndex) -> Folder | None:
    heading: Heading | None = index.data(HEADING_ROLE) if index.isValid() else None
    return None if heading is None else heading.folder
