"""The documents' database on its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.engine.tasks import Failure, TaskThread

if TYPE_CHECKING:
    from desktop.storage.database import Database
    from desktop.storage.documents import DocumentStore
    from desktop.storage.jobs import JobStore

T = TypeVar("T")


@dataclass(frozen=True)
class DocumentStores:
    """What the documents' database holds. Each may be used from any thread."""

    database: Database
    documents: DocumentStore
    jobs: JobStore


class DocumentThread(QObject):
    """Opens the documents' database when it is first needed; short calls run on its thread.

    ``noticed`` carries what people must know of how it was opened, ``failed`` trouble of calls
    without a ``failed`` of their own.
    """

    noticed = Signal(str)
    failed = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._opening = threading.Lock()
        self._stores: DocumentStores | None = None
        self._tasks = TaskThread("documents")
        self._tasks.failed.connect(self.failed)

    def call(
        self,
        work: Callable[[DocumentStores], T],
        done: Callable[[T], None] | None = None,
        failed: Failure | None = None,
    ) -> None:
        """Run ``work`` after the calls before it; ``done`` gets its result. It must be short."""
        self._tasks.run(lambda: work(self.stores()), done, failed)

    def stores(self) -> DocumentStores:
        """Return the stores, opened now if need be. For threads that may wait. Raises UserError."""
        with self._opening:
            if self._stores is None:
                self._stores = _open(self._path)
                if self._stores.database.notice:
                    self.noticed.emit(self._stores.database.notice)
            return self._stores

    def close(self) -> None:
        """Finish what is queued, close the database and end the thread."""
        self._tasks.close()
        if self._stores is not None:
            self._stores.database.close()


def _open(path: Path) -> DocumentStores:
    # On the calling thread: the window must not wait for the database's library. Nor may two
    # threads meet numpy half imported: whoever searches has the stores first, opened by one.
    import numpy as np  # noqa: F401 - whole before anybody else asks for it

    from desktop.storage.database import Database
    from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
    from desktop.storage.documents import DocumentStore
    from desktop.storage.jobs import JobStore

    database = Database.open(path, DOCUMENT_MIGRATIONS, "documents")
    stores = DocumentStores(database, DocumentStore(database), JobStore(database))
    # What ran was cut by the end of its process.
    stores.jobs.pause_all()
    return stores
