"""The chat store on its own thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.engine.tasks import Failure, TaskThread

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore
    from desktop.storage.database import Database

T = TypeVar("T")
_POLL_MS = 1000


class StoreThread(QObject):
    """Opens the store on its thread at the first call, and runs every later call there.

    ``noticed`` carries what people must know of how it was opened. ``changed_elsewhere`` fires
    when another process, such as a terminal chat, wrote to the store.
    """

    noticed = Signal(str)

    changed_elsewhere = Signal()
    failed = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._database: Database | None = None
        self._store: ChatStore | None = None
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
        self._tasks.run(lambda: work(self._opened()), done, failed)

    def watch(self) -> None:
        """Begin to look, once a second, for what other processes write."""
        self.call(lambda store: store.data_version(), self._on_first_version)

    def close(self) -> None:
        """Finish what is queued, close the store and end the thread."""
        self._poll.stop()
        self._tasks.run(self._close_database)
        self._tasks.close()

    def _opened(self) -> ChatStore:
        if self._store is None:
            # On this thread: the window must not wait for the database's library.
            from desktop.storage.chats import ChatStore
            from desktop.storage.database import Database

            self._database = Database.open(self._path)
            self._store = ChatStore(self._database)
            if self._database.notice:
                self.noticed.emit(self._database.notice)
        return self._store

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()

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
