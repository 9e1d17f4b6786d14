"""Collections: documents that a person put together, to ask all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.controllers.document_thread import DocumentStores, DocumentThread

if TYPE_CHECKING:
    from desktop.storage.collections import Collection, CollectionStore

T = TypeVar("T")


class CollectionsController(QObject):
    """Keeps the list of collections; ``changed`` carries it, ``failed`` trouble with a name."""

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, thread: DocumentThread) -> None:
        super().__init__()
        self.collections: tuple[Collection, ...] = ()
        self._thread = thread

    def refresh(self) -> None:
        """Read the list again."""
        self._thread.call(lambda s: _store(s).collections(), self._show, self.failed.emit)

    def collection(self, collection_id: int) -> Collection | None:
        """Return a collection of the list."""
        return next((each for each in self.collections if each.id == collection_id), None)

    def create(
        self, name: str, document_ids: Sequence[int], created: Callable[[Collection], None]
    ) -> None:
        """Make a collection of these documents; ``created`` gets it."""

        def work(store: CollectionStore) -> Collection:
            made = store.create(name)
            store.add(made.id, document_ids)
            return made

        self._change(work, created)

    def rename(self, collection_id: int, name: str) -> None:
        """Give a collection another name."""
        self._change(lambda store: store.rename(collection_id, name))

    def delete(self, collection_id: int) -> None:
        """Delete a collection; its documents stay."""
        self._change(lambda store: store.delete(collection_id))

    def add(self, collection_id: int, document_ids: Sequence[int]) -> None:
        """Put documents into a collection."""
        self._change(lambda store: store.add(collection_id, document_ids))

    def take_out(self, collection_id: int, document_ids: Sequence[int]) -> None:
        """Take documents out of a collection; they stay."""
        self._change(lambda store: store.take_out(collection_id, document_ids))

    def _change(
        self, work: Callable[[CollectionStore], T], done: Callable[[T], None] | None = None
    ) -> None:
        def changed(result: T) -> None:
            self.refresh()
            if done is not None:
                done(result)

        self._thread.call(lambda s: work(_store(s)), changed, self.failed.emit)

    def _show(self, collections: list[Collection]) -> None:
        self.collections = tuple(collections)
        self.changed.emit(self.collections)


def _store(stores: DocumentStores) -> CollectionStore:
    # On the database's thread: the window doesn't wait for it.
    from desktop.storage.collections import CollectionStore

    return CollectionStore(stores.database)
