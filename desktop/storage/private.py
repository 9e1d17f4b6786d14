"""Private chats: a store of their own that no file knows of, and one face for both stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from desktop.domain.chat import PRIVATE_FROM, Chat, Folder, is_private
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.purging import erase_chat

_COUNTED: Final = ("chats", "messages")


class Homes:
    """Stands for the store on the disk and for that of the private chats.

    A call goes to the store in which its first argument, the number of a chat or a message (or
    several of one kind), is at home; all other calls go to the disk. So whoever works with chats
    need not know of private ones, and one that is meant for them can't reach the disk.
    """

    def __init__(self, kept: ChatStore) -> None:
        self._kept = kept
        self._memory: Database | None = None
        self._private: ChatStore | None = None

    def create_private_chat(self) -> Chat:
        """Make a chat that is gone when this object is closed, or before."""
        if self._private is None:
            self._memory = Database.in_memory()
            with self._memory.transaction() as connection:
                connection.executemany(
                    "insert into sqlite_sequence (name, seq) values (?, ?)",
                    [(table, PRIVATE_FROM) for table in _COUNTED],
                )
            self._private = ChatStore(self._memory)
        return self._private.create_chat()

    def all_chats(self) -> list[Chat]:
        """Return the private chats and then those of the disk, the last used first in each."""
        private = [] if self._private is None else self._private.chats()
        return [*private, *self._kept.chats()]

    def folders(self) -> list[Folder]:
        """Return the folders, which hold stored chats alone."""
        return self._kept.folders()

    def forget(self, chat_id: int) -> None:
        """Erase a private chat."""
        if self._memory is not None:
            with self._memory.transaction() as connection:
                erase_chat(connection, chat_id)

    def close(self) -> None:
        """Erase the private chats."""
        if self._memory is not None:
            self._memory.close()
        self._memory = self._private = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a method of the stores that chooses between them."""
        return partial(self._call, name)

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - likewise
        home = self._private if arguments and _is_at_home(arguments[0]) else self._kept
        return getattr(home or self._kept, name)(*arguments, **named)


def _is_at_home(first: object) -> bool:
    """Return whether a call's first argument names something private."""
    if isinstance(first, Sequence) and not isinstance(first, str) and first:
        first = first[0]
    return isinstance(first, int) and is_private(first)
