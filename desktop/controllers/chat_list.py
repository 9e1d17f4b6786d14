"""The list of chats: what renaming, deleting and taking back mean."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.chat import Chat


class ChatListController(QObject):
    """Keeps ``chats``, newest first, in step with the store. ``deleted`` can be restored."""

    chats_changed = Signal(object)
    deleted = Signal(object)

    def __init__(self, store: StoreThread) -> None:
        super().__init__()
        self.chats: list[Chat] = []
        self._store = store
        store.changed_elsewhere.connect(self.refresh)

    def refresh(self) -> None:
        """Read the list again."""
        self._store.call(lambda store: store.chats(), self._on_chats)

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat another title; an empty one changes nothing."""
        title = " ".join(title.split())
        if title:
            self._store.call(lambda store: store.rename_chat(chat_id, title))
            self.refresh()

    def delete(self, chat_id: int) -> None:
        """Put a chat into the trash."""
        chat = next((chat for chat in self.chats if chat.id == chat_id), None)
        if chat is None:
            return
        self._store.call(
            lambda store: store.delete_chat(chat_id), lambda _: self.deleted.emit(chat)
        )
        self.refresh()

    def restore(self, chat_id: int) -> None:
        """Take a chat out of the trash."""
        self._store.call(lambda store: store.restore_chat(chat_id))
        self.refresh()

    def _on_chats(self, chats: list[Chat]) -> None:
        if chats != self.chats:
            self.chats = chats
            self.chats_changed.emit(chats)
