"""The left panel: search, new chat, the chats, and the ways to the pages and the About box."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QMenu, QWidget

from desktop.controllers.chat_list import ChatListController
from desktop.domain.chat import Chat
from desktop.ui import tokens
from desktop.ui.chat_delegate import ChatDelegate
from desktop.ui.chat_list_model import CHAT_ROLE, AnyIndex, ChatListModel
from desktop.ui.controls import column, label, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme


class ChatPanel(QWidget):
    """Lists the chats. ``chat_chosen`` names the one to open."""

    chat_chosen = Signal(int)
    new_requested = Signal()
    models_requested = Signal()
    documents_requested = Signal()
    about_requested = Signal()

    def __init__(self, theme: Theme, chats: ChatListController) -> None:
        super().__init__()
        self.setObjectName("chatPanel")
        self.setAccessibleName("Chats")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._chats = chats
        self._current: int | None = None
        self.search = self._make_search()
        self._new = push_button("New chat", "quiet", self.new_requested.emit)
        self._new.setObjectName("newChatButton")
        self.model = ChatListModel()
        self.list = ChatListView(theme, self.model)
        self._nothing = label("No chat has these words in its title.", tone="secondary", wraps=True)
        self._nothing.hide()
        self._models = push_button("Models", "quiet", self.models_requested.emit)
        self._models.setToolTip("Models  Ctrl+Shift+M")
        self._models.setCheckable(True)
        self._models.setObjectName("modelsButton")
        self._documents = push_button("Documents", "quiet", self.documents_requested.emit)
        self._documents.setToolTip("Documents  Ctrl+Shift+D")
        self._documents.setCheckable(True)
        self._documents.setObjectName("documentsButton")
        self._about = push_button("About Snug", "quiet", self.about_requested.emit)
        self._about.setToolTip("About Snug  Shift+F1")
        self._about.setObjectName("aboutButton")
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.M, tokens.M, tokens.M, tokens.S)
        layout.addWidget(self.search)
        layout.addWidget(self._new)
        layout.addSpacing(tokens.XS)
        layout.addWidget(self._nothing)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._models)
        layout.addWidget(self._documents)
        layout.addWidget(self._about)
        self._connect(chats)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_current(self, chat_id: int | None) -> None:
        """Mark the chat that is open."""
        self._current = chat_id
        row = self.model.row_of(chat_id)
        self.list.setCurrentIndex(self.model.index(row) if row >= 0 else QModelIndex())

    def show_downloads(self, count: int) -> None:
        """Show how many models are being fetched."""
        self._models.setText(f"Models · {count}" if count else "Models")
        fetched = f", {count} being fetched" if count else ""
        self._models.setAccessibleName(f"Models{fetched}")

    def mark_page(self, key: str | None) -> None:
        """Show which page is open."""
        self._models.setChecked(key == "models")
        self._documents.setChecked(key == "documents")

    def _connect(self, chats: ChatListController) -> None:
        chats.chats_changed.connect(self._on_chats_changed)
        self.model.renamed.connect(chats.rename)
        self.list.chosen.connect(self.chat_chosen)
        self.list.delete_requested.connect(chats.delete)
        self.list.edited.connect(self._on_edited)
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_search_entered)

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setObjectName("chatSearch")
        search.setPlaceholderText("Search chats")
        search.setAccessibleName("Search chats by title")
        search.setClearButtonEnabled(False)
        self._search_icon = QAction("Search", search)
        search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        return search

    def _on_chats_changed(self, chats: list[Chat]) -> None:
        # A title that is being edited would be lost with its row.
        if self.list.is_editing:
            return
        self.model.set_chats(chats)
        self.set_current(self._current)

    def _on_edited(self) -> None:
        self._on_chats_changed(self._chats.chats)

    def _on_search(self, text: str) -> None:
        self.model.set_filter(text)
        self._nothing.setVisible(bool(text) and self.model.rowCount() == 0)
        self.set_current(self._current)

    def _on_search_entered(self) -> None:
        first = self.model.first_chat()
        if first is not None:
            self.chat_chosen.emit(first.id)

    def _on_theme_changed(self) -> None:
        secondary = self._theme.colour("secondary").name()
        self._search_icon.setIcon(icon("search", secondary, 16))
        self._new.setIcon(icon("plus", secondary, 16))
        self._models.setIcon(icon("cube", secondary, 16))
        self._documents.setIcon(icon("document", secondary, 16))
        self._about.setIcon(icon("info", secondary, 16))


class ChatListView(QListView):
    """The list itself: Enter or a click opens, F2 renames in place, Delete deletes."""

    chosen = Signal(int)
    delete_requested = Signal(int)
    edited = Signal()

    def __init__(self, theme: Theme, model: ChatListModel) -> None:
        super().__init__()
        self.setObjectName("chatList")
        self.setAccessibleName("Chats")
        self.setModel(model)
        delegate = ChatDelegate(theme, self)
        delegate.menu_requested.connect(self._on_menu_button)
        self._menu_asked = False
        # Queued: the list leaves its editing state only after the delegate has said so.
        delegate.closeEditor.connect(
            lambda _editor, _hint: self.edited.emit(), Qt.ConnectionType.QueuedConnection
        )
        self.setItemDelegate(delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_context_menu)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self.viewport().update)

    @property
    def is_editing(self) -> bool:
        """Return whether a title is being edited."""
        return self.state() is QAbstractItemView.State.EditingState

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open, rename and delete with the keys."""
        index = self.currentIndex()
        chat = index.data(CHAT_ROLE) if index.isValid() else None
        if chat is None or self.is_editing:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(chat.id)
        elif event.key() == Qt.Key.Key_F2:
            self.edit(index)
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_requested.emit(chat.id)
        else:
            super().keyPressEvent(event)

    def _on_menu_button(self, index: AnyIndex, place: QPoint) -> None:
        # The view calls this click a click on the row as well, right after.
        self._menu_asked = True
        self._show_menu(index, place)

    def _on_clicked(self, index: QModelIndex) -> None:
        chat = index.data(CHAT_ROLE)
        asked, self._menu_asked = self._menu_asked, False
        if chat is not None and not asked:
            self.chosen.emit(chat.id)

    def _on_context_menu(self, place: QPoint) -> None:
        self._show_menu(self.indexAt(place), self.viewport().mapToGlobal(place))

    def _show_menu(self, index: AnyIndex, place: QPoint) -> None:
        chat = index.data(CHAT_ROLE) if index.isValid() else None
        if chat is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename\tF2", lambda: self.edit(index))
        menu.addAction("Delete\tDel", lambda: self.delete_requested.emit(chat.id))
        menu.popup(place)
