"""What one must know of documents that can be read: pages without text, files that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.document_thread import DocumentThread
from desktop.domain.documents import Document
from desktop.domain.page_words import pages_counted
from desktop.engine.tasks import TaskThread
from models.wording import mark, tr, trn

_NO_TEXT: Final = {
    "page": mark("No page of it has text that Snug can read."),
    "slide": mark("No slide of it has text that Snug can read."),
    "sheet": mark("No sheet of it has text that Snug can read."),
    "chapter": mark("No chapter of it has text that Snug can read."),
    "message": mark("No message of it has text that Snug can read."),
}


class DocumentMark(msgspec.Struct, frozen=True, kw_only=True):
    """``words`` to show by a document; those on its ``file`` alone, and what mends that.

    Each of the latter is empty where there is nothing of it.
    """

    words: str
    file: str = ""
    remedy: str = ""


class MarksController(QObject):
    """Looks at the documents' files and unreadable pages; ``changed`` carries marks by id."""

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, thread: DocumentThread) -> None:
        super().__init__()
        self.marks: dict[int, DocumentMark] = {}
        self._thread = thread
        # Apart from the database's: a folder of another machine may take its time.
        self._tasks = TaskThread("document files")
        self._tasks.failed.connect(self.failed)
        self._wish = 0
        self._closing = False

    def look(self, documents: Sequence[Document]) -> None:
        """Look at these documents anew; an older look is given up."""
        self._wish += 1
        wish, ready = self._wish, [each for each in documents if each.state == "ready"]

        def is_stale() -> bool:
            return self._closing or wish != self._wish

        def show(marks: dict[int, DocumentMark] | None) -> None:
            if marks is not None and not is_stale() and marks != self.marks:
                self.marks = marks
                self.changed.emit(marks)

        self._tasks.run(lambda: _marks(self._thread, ready, is_stale), show)

    def close(self) -> None:
        """End the thread. Blocks until then."""
        self._closing = True
        self._tasks.close()


def _marks(
    thread: DocumentThread, documents: Sequence[Document], cancelled: Callable[[], bool]
) -> dict[int, DocumentMark] | None:
    """Return the marks, None once it is cancelled."""
    from desktop.work.freshness import freshness
    from desktop.work.intake import CancelledError

    store = thread.stores().documents
    marks: dict[int, DocumentMark] = {}
    for document in documents:
        if cancelled():
            return None
        try:
            now = freshness(document, store, cancelled)
        except CancelledError:
            return None
        unread = unreadable_in_short(document, len(store.unreadable_pages(document.id)))
        words = " ".join(filter(None, (now.mark, unread)))
        remedies = {"changed": tr("Read the new version"), "moved": tr("Follow the file")}
        if words:
            marks[document.id] = DocumentMark(
                words=words, file=now.mark, remedy=remedies.get(now.state, "")
            )
    return marks


def unreadable_in_short(document: Document, count: int) -> str:
    """Return in a few words how many pages have no text, empty where all have."""
    if count == 0:
        return ""
    if count >= document.pages:
        return tr(_NO_TEXT.get(document.page_word, _NO_TEXT["page"]))
    return trn(
        "{pages} could not be read.",
        "{pages} could not be read.",
        count,
        pages=pages_counted(document.page_word, count),
    )
