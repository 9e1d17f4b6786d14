"""The chat store on its own thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.engine.tasks import Failure, TaskThread

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore
    from desktop.storage.database import Database
    from desktop.storage.private import Homes

T = TypeVar("T")
_POLL_MS = 1000


class StoreThread(QObject):
    """Opens the store on its thread at the first call, and runs every later call there.

    Calls that name a private chat, or a message of one, reach a store that no file knows of.
    ``noticed`` carries what people must know of how it was opened. ``changed_elsewhere`` fires
    when another process, such as a terminal chat, wrote to the store.
    """

    noticed = Signal(str)

    changed_elsewhere = Signal()
    failed = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._stores: tuple[Database, Homes] | None = None
        self._version = 0
        self._tasks = TaskThread("store")
        self._tasks.failed.connect(self.failed)
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self._on_poll)

    def call(
        self,
        work: Callable[[ChatStore], T],
        done: Callable[[T], None] | None = None,
        failed: Failure | None = None,
    ) -> None:
        """Run ``work(store)`` after the calls before it; ``done`` gets its result."""
        self.call_homes(lambda homes: work(cast("ChatStore", homes)), done, failed)

    def call_homes(
        self,
        work: Callable[[Homes], T],
        done: Callable[[T], None] | None = None,
        failed: Failure | None = None,
    ) -> None:
        """Run ``work`` like ``call`` does, with what tells private chats from stored ones."""
        self._tasks.run(lambda: work(self._opened()[1]), done, failed)

    def call_database(
        self,
        work: Callable[[Database], T],
        done: Callable[[T], None] | None = None,
        failed: Failure | None = None,
    ) -> None:
        """Run ``work`` like ``call`` does, with the database of the stored chats."""
        self._tasks.run(lambda: work(self._opened()[0]), done, failed)

    def watch(self) -> None:
        """Begin to look, once a second, for what other processes write."""
        self.call(lambda store: store.data_version(), self._on_first_version)

    def close(self) -> None:
        """Finish what is queued, close the store and end the thread."""
        self._poll.stop()
        self._tasks.run(self._close_database)
        self._tasks.close()

    def _opened(self) -> tuple[Database, Homes]:
        if self._stores is None:
            # On this thread: the window must not wait for the database's library.
            from desktop.storage.chats import ChatStore
            from desktop.storage.database import Database
            from desktop.storage.private import Homes

            database = Database.open(self._path)
            self._stores = database, Homes(ChatStore(database))
            if database.notice:
                self.noticed.emit(database.notice)
        return self._stores

    def _close_database(self) -> None:
        if self._stores is not None:
            database, homes = self._stores
            homes.close()
            database.close()

    def _on_first_version(self, version: int) -> None:
        self._version = version
        self._poll.start()

    def _on_poll(self) -> None:
        self.call(lambda store: store.data_version(), self._on_version, _ignore)

    def _on_version(self, version: int) -> None:
        if version != self._version:
            self._version = version
            self.changed_elsewhere.emit()


def _ignore(_trouble: object) -> None:
    """Do nothing: another look follows, and what matters fails in a call of its own."""
