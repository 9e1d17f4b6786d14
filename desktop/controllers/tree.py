"""The tree of the open chat: what editing a reply, branching, deleting and taking back mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.controllers.chat import ChatController
from desktop.controllers.replies import Replies
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Chat, Deletion, Message

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore


class TreeController(QObject):
    """Adds to the tree what no model has to write, and takes from it what can be had back.

    ``edited`` carries the text of a reply that is stored by now, ``deleted`` what ``bring_back``
    takes, ``branched`` a chat that was made of a part of another one, ``restored`` the chat that
    something came back to.
    """

    edited = Signal(str)
    deleted = Signal(object)
    branched = Signal(object)
    restored = Signal(int)

    def __init__(self, store: StoreThread, replies: Replies, chat: ChatController) -> None:
        super().__init__()
        self._store = store
        self._replies = replies
        self._chat = chat

    def edit_reply(self, message_id: int, text: str) -> None:
        """Put a person's version beside a reply."""
        if not text.strip() or self._chat.refuse_busy():
            return

        def show(edited: Message) -> None:
            if edited.chat_id == self._chat.chat_id:
                self.edited.emit(text)
            self._chat.show_again(edited.chat_id)

        self._store.call(lambda store: store.edit_reply(message_id, text), show)

    def branch(self, message_id: int) -> None:
        """Make a chat of the conversation up to a message."""

        def made(chat: Chat) -> None:
            self._chat.chats_touched.emit()
            self.branched.emit(chat)

        self._store.call(lambda store: store.branch_chat(message_id), made)

    def delete_message(self, message_id: int) -> None:
        """Put a message in the trash; a person's takes its replies along."""
        self._delete(
            message_id, self._replies.stop_below, lambda store: store.delete_message(message_id)
        )

    def delete_branch(self, message_id: int) -> None:
        """Put a message in the trash with all that follows it."""
        self._delete(
            message_id,
            lambda message: self._replies.stop(message.chat_id),
            lambda store: store.delete_branch(message_id),
        )

    def bring_back(self, deletion: Deletion) -> None:
        """Take messages back from the trash, and show them."""
        chat_id = deletion.chat_id

        def shown(_is_back: object) -> None:
            self._chat.show_again(chat_id)
            self.restored.emit(chat_id)

        self._store.call(lambda store: store.restore_deletion(chat_id, deletion.id), shown)

    def _delete(
        self,
        message_id: int,
        stop: Callable[[Message], None],
        delete: Callable[[ChatStore], Deletion],
    ) -> None:
        message = self._chat.message(message_id)
        if message is None:
            return
        # What is written of a reply by then comes back with it.
        stop(message)

        def gone(deletion: Deletion) -> None:
            self._chat.show_again(deletion.chat_id)
            self.deleted.emit(deletion)

        self._store.call(delete, gone)
