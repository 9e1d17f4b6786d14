"""The list of chats: what pinning, filing, renaming, deleting and taking back mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.chat import Chat, Folder, is_private

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore
    from desktop.storage.private import Homes

_FORGET_MS: Final = 15_000
"""How long a deleted private chat can be taken back: a little longer than its notice is shown."""


class ChatListController(QObject):
    """Keeps ``chats``, newest first, and ``folders`` in step with the store.

    Private chats are among them, ahead of the stored ones. ``deleted`` carries a chat that can be
    restored, ``folder_deleted`` a folder and the function that brings it back.
    """

    chats_changed = Signal(object)
    deleted = Signal(object)
    folder_deleted = Signal(object, object)
    folder_made = Signal(object)
    private_made = Signal(int)

    def __init__(self, store: StoreThread) -> None:
        super().__init__()
        self.chats: list[Chat] = []
        self.folders: list[Folder] = []
        self._store = store
        self._forgetting: dict[int, QTimer] = {}
        store.changed_elsewhere.connect(self.refresh)

    def refresh(self) -> None:
        """Read the list again."""
        self._store.call_homes(_read, self._on_read)

    def chat(self, chat_id: int | None) -> Chat | None:
        """Return a chat of the list."""
        return next((chat for chat in self.chats if chat.id == chat_id), None)

    # --- chats -----------------------------------------------------------------------------------

    def new_private(self) -> None:
        """Make a chat that is never stored; ``private_made`` names it."""
        self._store.call_homes(
            lambda homes: homes.create_private_chat(), lambda chat: self.private_made.emit(chat.id)
        )
        self.refresh()

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat another title; an empty one changes nothing."""
        title = " ".join(title.split())
        if title:
            self._change(lambda store: store.rename_chat(chat_id, title))

    def pin(self, chat_id: int, *, pinned: bool) -> None:
        """Keep a chat at the head of the list, or no longer."""
        self._change(lambda store: store.pin_chat(chat_id, pinned=pinned))

    def move(self, chat_id: int, folder_id: int | None) -> None:
        """Put a chat into a folder; None takes it out. A private one lies in none."""
        if not is_private(chat_id):
            self._change(lambda store: store.move_chat(chat_id, folder_id))

    def delete(self, chat_id: int) -> None:
        """Put a chat into the trash. A private one is gone a little later."""
        chat = self.chat(chat_id)
        if chat is None:
            return
        self._store.call(
            lambda store: store.delete_chat(chat_id), lambda _: self.deleted.emit(chat)
        )
        if is_private(chat_id):
            self._forget_soon(chat_id)
        self.refresh()

    def restore(self, chat_id: int) -> None:
        """Take a chat out of the trash."""
        self._keep(chat_id)
        self._change(lambda store: store.restore_chat(chat_id))

    def _forget_soon(self, chat_id: int) -> None:
        self._keep(chat_id)
        timer = self._forgetting[chat_id] = QTimer(self, interval=_FORGET_MS, singleShot=True)
        timer.timeout.connect(lambda: self._forget(chat_id))
        timer.start()

    def _forget(self, chat_id: int) -> None:
        self._keep(chat_id)
        self._store.call_homes(lambda homes: homes.forget(chat_id))

    def _keep(self, chat_id: int) -> None:
        """Wait no longer to forget a chat."""
        if (timer := self._forgetting.pop(chat_id, None)) is not None:
            timer.stop()
            timer.deleteLater()

    # --- folders ---------------------------------------------------------------------------------

    def create_folder(self, name: str, chat_id: int | None = None) -> None:
        """Make a folder, and put a chat into it; ``folder_made`` carries it once it is listed."""

        def make(store: ChatStore) -> Folder:
            folder = store.create_folder(name)
            if chat_id is not None and not is_private(chat_id):
                store.move_chat(chat_id, folder.id)
            return folder

        self._store.call(
            make, lambda folder: self._read_then(lambda: self.folder_made.emit(folder))
        )

    def rename_folder(self, folder_id: int, name: str) -> None:
        """Give a folder another name; an empty one changes nothing."""
        name = " ".join(name.split())
        if name:
            self._change(lambda store: store.rename_folder(folder_id, name))

    def delete_folder(self, folder: Folder) -> None:
        """Take a folder away; its chats stay."""

        def tell(chat_ids: list[int]) -> None:
            def bring_back() -> None:
                self._change(lambda store: store.restore_folder(folder, chat_ids))

            self.folder_deleted.emit(folder, bring_back)

        self._store.call(lambda store: store.delete_folder(folder.id), tell)
        self.refresh()

    # --- parts -----------------------------------------------------------------------------------

    def _change(self, work: Callable[[ChatStore], None]) -> None:
        self._store.call(work)
        self.refresh()

    def _read_then(self, then: Callable[[], object]) -> None:
        def show(found: tuple[list[Chat], list[Folder]]) -> None:
            self._on_read(found)
            then()

        self._store.call_homes(_read, show)

    def _on_read(self, found: tuple[list[Chat], list[Folder]]) -> None:
        if found != (self.chats, self.folders):
            self.chats, self.folders = found
            self.chats_changed.emit(self.chats)


def _read(homes: Homes) -> tuple[list[Chat], list[Folder]]:
    return homes.all_chats(), homes.folders()
