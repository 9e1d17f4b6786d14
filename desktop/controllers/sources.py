"""The places that replies stand on: what is there now, and the way to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.domain.errors import UserError
from desktop.domain.grounds import Source, SourceNote
from desktop.engine.tasks import TaskThread
from models.wording import mark, tr

if TYPE_CHECKING:
    from desktop.controllers.document_thread import DocumentStores, DocumentThread
    from desktop.domain.documents import SourceRef

T = TypeVar("T")
_LETTERS = 240
"""Of a source's text: more than a line shows."""
_MARKS: Final = {
    "current": "",
    "changed": mark("changed since"),
    "moved": mark("moved"),
    "gone": mark("file gone"),
}
_DELETED: Final = mark("deleted")


class SourcesController(QObject):
    """Looks sources up.

    ``noted`` carries a ``SourceNote`` for each source that was asked about, ``opened`` the
    ``SourceRef`` of one that a person wants to see, with the text to highlight.
    """

    noted = Signal(object)
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, stores: Callable[[], DocumentThread]) -> None:
        super().__init__()
        self._stores = stores
        self._tasks: TaskThread | None = None

    def look(self, sources: Sequence[Source]) -> None:
        """Find out what is there of sources now."""
        wanted = tuple(sources)
        self.call(self._stores(), lambda stores: _notes(stores, wanted), self.noted.emit)

    def open(self, source: Source) -> None:
        """Show a source's place."""

        def show(ref: SourceRef | None) -> None:
            if ref is None:
                title = tr("“{name}” was deleted, and its text with it.", name=source.name)
                self.failed.emit(UserError(title, tr("Add the file again to read it.")))
            else:
                self.opened.emit(ref)

        self._stores().call(lambda stores: _ref(stores, source), show)

    def call(
        self,
        thread: DocumentThread,
        work: Callable[[DocumentStores], T],
        done: Callable[[T], None],
    ) -> None:
        """Run ``work``, which may wait for files, apart from the short calls of ``thread``."""
        if self._tasks is None:
            self._tasks = TaskThread("sources")
            self._tasks.failed.connect(self.failed)
        self._tasks.run(lambda: work(thread.stores()), done)

    def close(self) -> None:
        """End the thread, without waiting for a folder that may never answer."""
        if self._tasks is not None:
            self._tasks.leave()


def _notes(stores: DocumentStores, sources: Sequence[Source]) -> dict[Source, SourceNote]:
    from desktop.work.grounding import quote

    marks = {each: mark_of(stores, each) for each in {source.document_id for source in sources}}
    notes = {}
    for source in sources:
        text = " ".join(quote(stores.documents, source)[:_LETTERS].split())
        notes[source] = SourceNote(text=text, mark=tr(marks[source.document_id]))
    return notes


def mark_of(stores: DocumentStores, document_id: int) -> str:
    """Return in a word why a document's text may not be what its file says; mostly empty.

    ``tr`` translates it.
    """
    from desktop.work.freshness import freshness

    document = stores.documents.document(document_id)
    if document is None:
        return _DELETED
    return _MARKS[freshness(document, stores.documents).state]


def _ref(stores: DocumentStores, source: Source) -> SourceRef | None:
    from desktop.domain.documents import SourceRef
    from desktop.work.grounding import quote

    text = quote(stores.documents, source)
    if not text:
        return None
    return SourceRef(
        document_id=source.document_id,
        first=source.first,
        last=source.last,
        page=source.page,
        quote=text if source.stop else "",
    )
