"""A great chat's path: what it was opened without comes bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from desktop.controllers.replies import Replies
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message
from desktop.domain.errors import UserError

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore

OPENED: Final = 400
"""How many messages a chat is opened with: more than a window shows."""
AT_ONCE: Final = 500
"""How many are read and shown at a time: less than a frame's work."""


class PathReader(QObject):
    """Completes a list of messages in place: what is below first, then what is above.

    ``put_below`` and ``put_above`` carry what came, ``completed`` says that nothing lacks.
    """

    put_below = Signal(object)
    put_above = Signal(object)
    completed = Signal()

    def __init__(self, store: StoreThread, replies: Replies) -> None:
        super().__init__()
        self._store = store
        self._replies = replies
        self._path: list[Message] = []
        self._below: Sequence[int] = ()
        self._is_reading = False
        self._waiting: Callable[[], None] | None = None

    @property
    def has_end(self) -> bool:
        """Return whether the path is there down to its leaf."""
        return not self._below

    @property
    def is_whole(self) -> bool:
        """Return whether all of the path is there."""
        return self.has_end and (not self._path or self._path[0].parent_id is None)

    def complete(self, path: list[Message], below: Sequence[int] = ()) -> None:
        """Complete this path; ``below`` are the ids of what follows it."""
        self._path, self._below, self._waiting = path, below, None
        self._read_on()

    def when_ended(self, call: Callable[[], None]) -> None:
        """Call this once the end of the path is there; forgotten if it becomes another one."""
        self._waiting = call

    def _read_on(self) -> None:
        """Read the next bit; one such call is under way."""
        if self._is_reading or self.is_whole:
            return
        path, first, wanted = self._path, self._path[0], tuple(self._below[:AT_ONCE])

        def read(store: ChatStore) -> list[Message]:
            return store.messages(wanted) if wanted else store.path_above(first.id, AT_ONCE)

        def show(found: list[Message]) -> None:
            self._is_reading = False
            # It may have become another path meanwhile, of this chat or of the next.
            if path is self._path:
                if not found:
                    return
                self._take([self._replies.live(message) for message in found], wanted)
            self._read_on()

        def failed(trouble: UserError) -> None:
            self._is_reading = False
            self._store.failed.emit(trouble)

        self._is_reading = True
        self._store.call(read, show, failed)

    def _take(self, found: list[Message], wanted: Sequence[int]) -> None:
        if wanted:
            self._below = self._below[len(wanted) :]
            self._path.extend(found)
            self.put_below.emit(found)
        else:
            self._path[0:0] = found
            self.put_above.emit(found)
        if self.is_whole:
            self.completed.emit()
        if self.has_end and self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting()
