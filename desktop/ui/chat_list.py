"""The left panel: search, new chat, the chats, and the ways to the pages and the About box."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from desktop.controllers.chat_list import ChatListController
from desktop.domain.chat import Chat, Folder
from desktop.ui import tokens
from desktop.ui.chat_list_model import ChatListModel
from desktop.ui.chat_list_view import NEW_FOLDER, ChatListView, fill_forms
from desktop.ui.controls import IconButton, column, push_button, tip_with_key, with_key
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import number, tr


class ChatPanel(QWidget):
    """Lists the chats. ``chat_chosen`` names the one to open."""

    chat_chosen = Signal(int)
    new_requested = Signal()
    models_requested = Signal()
    documents_requested = Signal()
    trash_requested = Signal()
    backups_requested = Signal()
    export_requested = Signal(str)
    import_requested = Signal(bool)
    about_requested = Signal()

    def __init__(self, theme: Theme, chats: ChatListController) -> None:
        super().__init__()
        self.setObjectName("chatPanel")
        self.setAccessibleName(tr("Chats"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._chats = chats
        self._current: int | None = None
        self.search = self._make_search()
        self._new = push_button(tr("New chat"), "quiet", self.new_requested.emit)
        self._new.setObjectName("newChatButton")
        self._private = IconButton(theme, "lock", tr("New private chat"), chats.new_private)
        self._private.setObjectName("newPrivateButton")
        self._private.set_name(tr("New private chat"), "Ctrl+Shift+N")
        self._more = IconButton(
            theme, "more", tr("Folders, files, trash and backups"), self._show_menu
        )
        self._more.setObjectName("chatsMenuButton")
        self.model = ChatListModel()
        self.list = ChatListView(theme, self.model, chats)
        self._results: QWidget | None = None
        self._models = _page_button("models", tr("Models"), "Ctrl+Shift+M", self.models_requested)
        self._documents = _page_button(
            "documents", tr("Documents"), "Ctrl+Shift+D", self.documents_requested
        )
        self._trash = _page_button("trash", tr("Trash"), "Ctrl+Shift+T", self.trash_requested)
        self._about = push_button(tr("About Snug"), "quiet", self.about_requested.emit)
        self._about.setToolTip(tip_with_key(tr("About Snug"), "Shift+F1"))
        self._about.setObjectName("aboutButton")
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.M, tokens.M, tokens.M, tokens.S)
        layout.addWidget(self.search)
        head = QHBoxLayout()
        head.setSpacing(tokens.XS)
        head.addWidget(self._new, 1)
        head.addWidget(self._private)
        head.addWidget(self._more)
        layout.addLayout(head)
        layout.addSpacing(tokens.XS)
        self._place = column()
        self._place.addWidget(self.list, 1)
        layout.addLayout(self._place, 1)
        for button in (self._models, self._documents, self._trash, self._about):
            layout.addWidget(button)
        self._connect(chats)
        self._on_chats_changed(chats.chats)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_current(self, chat_id: int | None) -> None:
        """Mark the chat that is open."""
        self._current = chat_id
        row = self.model.row_of(chat_id)
        self.list.setCurrentIndex(self.model.index(row) if row >= 0 else QModelIndex())

    def show_results(self, results: QWidget | None) -> None:
        """Show what was found in the place of the chats; None shows the chats again."""
        if results is not None and self._results is None:
            self._results = results
            self._place.addWidget(results, 1)
        if self._results is not None:
            self._results.setVisible(results is not None)
        self.list.setVisible(results is None)

    def show_downloads(self, count: int) -> None:
        """Show how many models are being fetched."""
        name = tr("Models")
        self._models.setText(f"{name} · {number(count)}" if count else name)
        self._models.setAccessibleName(
            tr("Models, {count} being fetched", count=number(count)) if count else name
        )

    def mark_page(self, key: str | None) -> None:
        """Show which page is open."""
        self._models.setChecked(key == "models")
        self._documents.setChecked(key == "documents")
        self._trash.setChecked(key == "trash")

    def make_menu(self) -> QMenu:
        """Return what can be done with the chats as a whole."""
        menu = QMenu(self)
        private = with_key(tr("New private chat"), "Ctrl+Shift+N")
        menu.addAction(private, self._chats.new_private)
        menu.addAction(tr("New folder"), lambda: self._chats.create_folder(tr(NEW_FOLDER)))
        menu.addSeparator()
        menu.addAction(tr("Import a file…"), lambda: self.import_requested.emit(False))
        menu.addAction(tr("Import a folder…"), lambda: self.import_requested.emit(True))
        fill_forms(menu.addMenu(tr("Export all as")), self.export_requested.emit)
        menu.addSeparator()
        menu.addAction(tr("Trash"), self.trash_requested.emit)
        menu.addAction(tr("Backups…"), self.backups_requested.emit)
        return menu

    def _show_menu(self) -> None:
        menu = self.make_menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height() + tokens.XS)))

    def _connect(self, chats: ChatListController) -> None:
        chats.chats_changed.connect(self._on_chats_changed)
        chats.folder_made.connect(self._on_folder_made)
        self.model.renamed.connect(chats.rename)
        self.model.folder_renamed.connect(chats.rename_folder)
        # A folder that opens or folds moves the rows.
        self.model.folded.connect(lambda: self.set_current(self._current))
        self.list.chosen.connect(self.chat_chosen)
        self.list.delete_requested.connect(chats.delete)
        self.list.edited.connect(self._on_edited)

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setObjectName("chatSearch")
        search.setPlaceholderText(tr("Search"))
        search.setAccessibleName(tr("Search chats and messages"))
        search.setClearButtonEnabled(False)
        self._search_icon = QAction(tr("Search"), search)
        search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        return search

    def _on_chats_changed(self, chats: list[Chat]) -> None:
        # A title that is being edited would be lost with its row.
        if self.list.is_editing:
            return
        self.model.set_chats(chats, self._chats.folders)
        self.set_current(self._current)

    def _on_folder_made(self, folder: Folder) -> None:
        """Let a new folder be named at once."""
        self.list.setFocus()
        self.list.edit_folder(folder.id)

    def _on_edited(self) -> None:
        self._on_chats_changed(self._chats.chats)

    def _on_theme_changed(self) -> None:
        secondary = self._theme.colour("secondary").name()
        self._search_icon.setIcon(icon("search", secondary, 16))
        self._new.setIcon(icon("plus", secondary, 16))
        self._models.setIcon(icon("cube", secondary, 16))
        self._documents.setIcon(icon("document", secondary, 16))
        self._trash.setIcon(icon("trash", secondary, 16))
        self._about.setIcon(icon("info", secondary, 16))


def _page_button(key: str, name: str, keys: str, requested: SignalInstance) -> QPushButton:
    """Return a button that opens a page, and is down while that page is open."""
    button = push_button(name, "quiet", requested.emit)
    button.setToolTip(tip_with_key(name, keys))
    button.setCheckable(True)
    button.setObjectName(f"{key}Button")
    return button
