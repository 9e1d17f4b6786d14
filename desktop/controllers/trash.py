"""The trash: what is in it, what comes back, and what is deleted for good."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.chat import Chat, Deletion, Message

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore

_EXPIRE_FIRST_MS: Final = 5_000
_EXPIRE_EVERY_MS: Final = 6 * 3_600_000
_PREVIEWED: Final = 40
"""How many messages are read to show what lies in the trash."""

Found = tuple[frozenset[int], frozenset[int]]
"""Ids of the chats and of the deletions that have what was looked for."""


class TrashController(QObject):
    """Keeps ``chats`` and ``deletions`` as they were read last; what is too old goes by itself.

    ``found`` tells which of them have what was looked for, None where nothing is. ``previewed``
    carries a chat or a deletion, and some of its messages.

    ``purged`` carries the chats of which something is gone for good from the store, so that what
    is kept of them elsewhere goes too. It may come again for one that was purged before.
    """

    changed = Signal()
    restored = Signal(int)
    purged = Signal(object)
    previewed = Signal(object, object)

    def __init__(self, store: StoreThread) -> None:
        super().__init__()
        self.chats: list[Chat] = []
        self.deletions: list[Deletion] = []
        self.found: Found | None = None
        self._query = ""
        self._store = store
        self._condemned: set[int] = set()
        self._purging = False
        self._expiry = QTimer(self, interval=_EXPIRE_EVERY_MS)
        self._expiry.timeout.connect(self.expire)
        self._first = QTimer(self, interval=_EXPIRE_FIRST_MS, singleShot=True)
        self._first.timeout.connect(self.expire)
        store.changed_elsewhere.connect(self.refresh)

    def start(self) -> None:
        """Delete what is too old, and what a crash left half deleted, from time to time.

        First when the window is at rest.
        """
        self._first.start()
        self._expiry.start()

    def close(self) -> None:
        """Delete no more; what is condemned goes at the next start."""
        self._first.stop()
        self._expiry.stop()

    def refresh(self) -> None:
        """Read what is in the trash, and look again; ``changed`` follows."""
        query = self._query

        def read(store: ChatStore) -> tuple[list[Chat], list[Deletion], Found | None]:
            found = store.found_in_trash(query) if query else None
            return store.deleted_chats(), store.deletions(), found

        def show(read: tuple[list[Chat], list[Deletion], Found | None]) -> None:
            # A query that was overtaken is passed by: the newer one has asked as well.
            if query == self._query and read != (self.chats, self.deletions, self.found):
                self.chats, self.deletions, self.found = read
                self.changed.emit()

        self._store.call(read, show)

    def look_for(self, query: str) -> None:
        """Look for words in titles and messages; an empty query ends it."""
        self._query = query.strip()
        self.refresh()

    def preview(self, item: Chat | Deletion) -> None:
        """Read what lies in the trash as this; ``previewed`` follows."""

        def read(store: ChatStore) -> list[Message]:
            if isinstance(item, Deletion):
                return store.deleted_messages(item, _PREVIEWED)
            return store.path_around(item.id, _PREVIEWED)[0]

        self._store.call(read, lambda messages: self.previewed.emit(item, messages))

    # --- back ------------------------------------------------------------------------------------

    def restore_chat(self, chat_id: int) -> None:
        """Take a chat back."""
        self._restore(chat_id, lambda store: store.restore_chat(chat_id))

    def restore_messages(self, deletion: Deletion) -> None:
        """Take messages back to their places."""
        chat_id = deletion.chat_id
        self._restore(chat_id, lambda store: store.restore_deletion(chat_id, deletion.id))

    def _restore(self, chat_id: int, restore: Callable[[ChatStore], object]) -> None:
        self._store.call(restore, lambda _done: self.restored.emit(chat_id))
        self.refresh()

    # --- for good --------------------------------------------------------------------------------

    def delete_chat(self, chat_id: int) -> None:
        """Delete a chat for good."""
        self._condemn(lambda store: store.condemn_chat(chat_id))

    def delete_messages(self, deletion: Deletion) -> None:
        """Delete messages for good."""
        self._condemn(lambda store: store.condemn_deletion(deletion.chat_id, deletion.id))

    def empty(self) -> None:
        """Delete all that is in the trash for good."""
        self._condemn(lambda store: store.condemn_trash())

    def expire(self) -> None:
        """Delete what has been in the trash for longer than it is kept."""

        def condemn(store: ChatStore) -> set[int]:
            from desktop.storage.trash import KEPT_S

            return store.condemn_trash(before=time.time() - KEPT_S)

        self._condemn(condemn)

    def _condemn(self, condemn: Callable[[ChatStore], set[int]]) -> None:
        def condemned(chats: set[int]) -> None:
            self._condemned |= chats
            if self._condemned and not self._purging:
                self._purging = True
                self._purge()

        self._store.call(condemn, condemned)
        self.refresh()

    def _purge(self) -> None:
        """Have a little deleted, behind whatever else waits for the store by then."""
        self._store.call(lambda store: store.purge_some(), self._on_some_purged, self._on_failed)

    def _on_some_purged(self, has_more: bool) -> None:  # noqa: FBT001 - what a call returns
        if has_more:
            self._purge()
            return
        self._purging = False
        chats, self._condemned = self._condemned, set()
        self.purged.emit(chats)
        self.refresh()

    def _on_failed(self, trouble: object) -> None:
        # It goes on at the next start.
        self._purging = False
        self._store.failed.emit(trouble)
