"""What the open chat is asked about: files on their way in, documents, collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.sources import SourcesController, mark_of
from desktop.controllers.store import StoreThread
from desktop.domain.errors import UserError
from desktop.domain.grounds import Attached

if TYPE_CHECKING:
    from desktop.controllers.document_thread import DocumentStores
    from desktop.controllers.documents import Intake
    from desktop.controllers.session import DocumentRooms
    from desktop.domain.documents import Document

State = Literal["reading", "ready", "failed", "gone"]
_NEW = 0
"""Stands for the chat that its first message is going to store."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a chat is asked about, as it stands.

    ``attached`` is None as long as a file is on its way in, and where it could not be read.
    ``done`` of ``total`` pages or bytes are read. ``documents`` are those that it is made of: one,
    or a collection's. ``mark`` is why a text may not be what its file says now.
    """

    name: str
    state: State = "ready"
    attached: Attached | None = None
    intake_id: int = 0
    batch: int = 0
    done: int = 0
    total: int = 0
    documents: tuple[Document, ...] = ()
    problem: tuple[str, str] = ("", "")
    mark: str = ""


_Found = dict[Attached, "tuple[tuple[Document, ...] | None, str]"]


class AttachmentsController(QObject):
    """Keeps what each chat is asked about.

    ``changed`` carries the attachments of the open chat, ``failed`` why a file can't be read.
    Files are read in by the documents' controller; a chat that was left gets them all the same.
    """

    changed = Signal(object)
    failed = Signal(object)
    documents_gone = Signal()
    """Some were deleted for good: what is known of sources may not be so any more."""

    def __init__(
        self,
        store: StoreThread,
        rooms: Callable[[], DocumentRooms],
        sources: SourcesController,
    ) -> None:
        super().__init__()
        self._store = store
        self._make_rooms = rooms
        self._sources = sources
        self._rooms: DocumentRooms | None = None
        self._open = _NEW
        self._items: dict[int, tuple[Attachment, ...]] = {}
        self._waiting: list[tuple[int, Callable[[], object]]] = []

    @property
    def chat_id(self) -> int:
        """Return the open chat, 0 for one that its first message will store."""
        return self._open

    @property
    def items(self) -> tuple[Attachment, ...]:
        """Return the attachments of the open chat."""
        return self._items.get(self._open, ())

    @property
    def attached(self) -> tuple[Attached, ...]:
        """Return what the open chat is asked about, as far as it is there."""
        return _attached(self.items)

    @property
    def of_new_chat(self) -> tuple[Attached, ...]:
        """Return what the chat that is not stored yet is asked about."""
        return _attached(self._items.get(_NEW, ()))

    def restore_new_chat(self, attached: Sequence[Attached]) -> None:
        """Ask the chat that is not stored yet about what it was asked about before a restart."""
        self._set(_NEW, tuple(Attachment(name=each.name, attached=each) for each in attached))
        if self._open == _NEW:
            self.refresh()

    # --- going from chat to chat -----------------------------------------------------------------

    def open_chat(self, chat_id: int | None, attached: Sequence[Attached]) -> None:
        """Show what a chat is asked about; None is the one that is not stored yet."""
        self._open = chat_id or _NEW
        if chat_id is not None and not self.is_reading(chat_id):
            self._items = {
                key: items
                for key, items in self._items.items()
                if key == _NEW or self.is_reading(key)
            }
            self._items[chat_id] = tuple(
                Attachment(name=each.name, attached=each) for each in attached
            )
        self.changed.emit(self.items)
        if self.attached:
            self.refresh()

    def adopt_chat(self, chat_id: int, stored: Sequence[Attached]) -> None:
        """Say that the open chat has been stored, and what it is asked about as far as it was."""
        self._items[chat_id] = self._items.pop(_NEW, ())
        if _attached(self._items[chat_id]) != tuple(stored):
            self._keep(chat_id)
        self._waiting = [(chat_id if key == _NEW else key, then) for key, then in self._waiting]
        self._open = chat_id

    def is_reading(self, chat_id: int) -> bool:
        """Return whether a file of a chat is on its way in."""
        return any(each.state == "reading" for each in self._items.get(chat_id, ()))

    def when_read(self, chat_id: int, then: Callable[[], object]) -> None:
        """Call ``then`` once no file of a chat is on its way in: now, if there is none."""
        if self.is_reading(chat_id):
            self._waiting.append((chat_id, then))
        else:
            then()

    # --- adding and removing ---------------------------------------------------------------------

    def add_files(self, paths: Iterable[str]) -> None:
        """Read files in, and ask the open chat about them."""
        self._await_batch(self.rooms.documents.add(paths))

    def add_text(self, text: str) -> None:
        """Keep a text as a document, and ask the open chat about it."""
        self._await_batch(self.rooms.documents.add_text(text))

    def add_documents(self, documents: Iterable[Document]) -> None:
        """Ask the open chat about documents that are here."""
        self._add(self._open, map(_of_document, documents))

    def add_collection(self, collection_id: int, name: str) -> None:
        """Ask the open chat about all of a collection."""
        attached = Attached(kind="collection", source_id=collection_id, name=name)
        self._add(self._open, [Attachment(name=name, attached=attached)])
        self.refresh()

    def remove(self, item: Attachment) -> None:
        """Ask the open chat about this no more. A file that is being read is not read on."""
        if item.state == "reading" and item.intake_id:
            self.rooms.documents.cancel(item.intake_id)
        elif item.state == "failed":
            self.rooms.documents.dismiss(item.intake_id)
        self._set(self._open, tuple(each for each in self.items if each != item))

    def choices(self, done: Callable[[tuple[list[Document], list[tuple[int, str]]]], None]) -> None:
        """Give ``done`` the documents that are here, and the collections by id and name."""
        self.rooms.thread.call(_choices, done, self.rooms.thread.failed.emit)

    def refresh(self) -> None:
        """Look again at what the open chat is asked about: it may be gone, or have changed."""
        key, attached = self._open, self.attached

        def show(found: _Found) -> None:
            items = self._items.get(key, ())
            self._set(key, tuple(_looked_at(item, found) for item in items))

        if attached:
            self._sources.call(self.rooms.thread, lambda stores: _look(stores, attached), show)

    # --- the files on their way in ---------------------------------------------------------------

    @property
    def rooms(self) -> DocumentRooms:
        """Return what documents stand on, made when a chat is first asked about any."""
        if self._rooms is None:
            self._rooms = self._make_rooms()
            self._rooms.documents.intake_changed.connect(self._on_intake)
            self._rooms.documents.batch_ended.connect(self._on_batch_ended)
            self._rooms.documents.removed.connect(self._on_removed)
        return self._rooms

    def _await_batch(self, batch: int) -> None:
        self._add(self._open, [Attachment(name="", state="reading", batch=batch)])

    def _on_intake(self, intake: Intake) -> None:
        chat = self._chat_of(intake.batch)
        if chat is None:
            return
        items = self._items[chat]
        known = [each for each in items if each.intake_id == intake.id]
        made = _of_intake(intake)
        if made.state == "failed":
            self.failed.emit(UserError(intake.problem_title, intake.problem_hint))
        if intake.state == "cancelled":
            self._set(chat, tuple(each for each in items if each not in known))
        elif known:
            self._set(chat, tuple(made if each in known else each for each in items))
        else:
            # Before the place that keeps the batch, until all of its files are known.
            place = next(n for n, each in enumerate(items) if _is_place(each, intake.batch))
            self._set(chat, (*items[:place], made, *items[place:]))

    def _on_batch_ended(self, batch: int, _documents: object) -> None:
        chat = self._chat_of(batch)
        if chat is None:
            return
        items = [each for each in self._items[chat] if not _is_place(each, batch)]
        self._set(chat, _once(_at_rest(each) if each.batch == batch else each for each in items))
        if not self.is_reading(chat):
            waiting, self._waiting = self._waiting, []
            for key, then in waiting:
                if key == chat:
                    then()
                else:
                    self._waiting.append((key, then))

    def _on_removed(self, _ids: object) -> None:
        self.refresh()
        self.documents_gone.emit()

    def _chat_of(self, batch: int) -> int | None:
        """Return the chat that waits for a batch, None where none does."""
        for key, items in self._items.items():
            if any(_is_place(each, batch) for each in items):
                return key
        return None

    def _add(self, chat_id: int, items: Iterable[Attachment]) -> None:
        self._set(chat_id, _once((*self._items.get(chat_id, ()), *items)))

    def _set(self, chat_id: int, items: tuple[Attachment, ...]) -> None:
        before = self._items.get(chat_id, ())
        self._items[chat_id] = items
        if chat_id != _NEW and _attached(items) != _attached(before):
            self._keep(chat_id)
        if chat_id == self._open and items != before:
            self.changed.emit(items)

    def _keep(self, chat_id: int) -> None:
        wanted = _attached(self._items[chat_id])
        self._store.call(lambda store: store.attach(chat_id, wanted))


def _attached(items: Iterable[Attachment]) -> tuple[Attached, ...]:
    return tuple(each.attached for each in items if each.attached is not None)


def _is_place(item: Attachment, batch: int) -> bool:
    """Tell whether this keeps the place of a batch whose files are not known yet."""
    return item.batch == batch and not item.intake_id


def _at_rest(item: Attachment) -> Attachment:
    return msgspec.structs.replace(item, batch=0)


def _once(items: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return the items with none attached twice."""
    seen: set[tuple[str, int]] = set()
    kept = []
    for item in items:
        if item.attached is not None:
            key = (item.attached.kind, item.attached.source_id)
            if key in seen:
                continue
            seen.add(key)
        kept.append(item)
    return tuple(kept)


def _of_document(document: Document) -> Attachment:
    attached = Attached(kind="document", source_id=document.id, name=document.name)
    return Attachment(name=document.name, attached=attached, documents=(document,))


def _of_intake(intake: Intake) -> Attachment:
    if intake.document is not None:
        made = _of_document(intake.document)
        return msgspec.structs.replace(made, intake_id=intake.id, batch=intake.batch)
    return Attachment(
        name=intake.name,
        state="failed" if intake.state == "failed" else "reading",
        intake_id=intake.id,
        batch=intake.batch,
        done=intake.done,
        total=intake.total,
        problem=(intake.problem_title, intake.problem_hint),
    )


def _looked_at(item: Attachment, found: _Found) -> Attachment:
    if item.attached is None or item.attached not in found:
        return item
    documents, mark = found[item.attached]
    if documents is None:
        return msgspec.structs.replace(item, state="gone", documents=(), mark="")
    return msgspec.structs.replace(item, state="ready", documents=documents, mark=mark)


# --- on the documents' thread ------------------------------------------------------------------


def _look(stores: DocumentStores, attached: Sequence[Attached]) -> _Found:
    """Return the documents behind each, and a mark on them; None for what is gone."""
    found: _Found = {}
    for each in attached:
        documents = _documents_of(stores, each)
        marks = (mark_of(stores, document.id) for document in documents or ())
        found[each] = (documents, next(filter(None, marks), ""))
    return found


def _documents_of(stores: DocumentStores, attached: Attached) -> tuple[Document, ...] | None:
    from desktop.storage.collections import CollectionStore

    if attached.kind == "document":
        document = stores.documents.document(attached.source_id)
        return None if document is None else (document,)
    collection = CollectionStore(stores.database).collection(attached.source_id)
    if collection is None:
        return None
    found = (stores.documents.document(each) for each in collection.document_ids)
    return tuple(each for each in found if each is not None)


def _choices(stores: DocumentStores) -> tuple[list[Document], list[tuple[int, str]]]:
    from desktop.storage.collections import CollectionStore

    ready = [each for each in stores.documents.documents() if each.state == "ready"]
    collections = CollectionStore(stores.database).collections()
    return ready, [(each.id, each.name) for each in collections]
