"""The places that replies stand on: what is there now, and the way to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.domain.errors import UserError
from desktop.domain.grounds import Source, SourceNote

if TYPE_CHECKING:
    from desktop.controllers.document_thread import DocumentStores, DocumentThread
    from desktop.domain.documents import SourceRef

_LETTERS = 240
"""Of a source's text: more than a line shows."""
_GONE = "deleted"


class SourcesController(QObject):
    """Looks sources up on the documents' thread.

    ``noted`` carries a ``SourceNote`` for each source that was asked about, ``opened`` the
    ``SourceRef`` of one that a person wants to see, with the text to highlight.
    """

    noted = Signal(object)
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, stores: Callable[[], DocumentThread]) -> None:
        super().__init__()
        self._stores = stores

    def look(self, sources: Sequence[Source]) -> None:
        """Find out what is there of sources now."""
        wanted = tuple(sources)
        self._stores().call(lambda stores: _notes(stores, wanted), self.noted.emit)

    def open(self, source: Source) -> None:
        """Show a source's place."""

        def show(ref: SourceRef | None) -> None:
            if ref is None:
                title = f"“{source.name}” was deleted, and its text with it."
                self.failed.emit(UserError(title, "Add the file again to read it."))
            else:
                self.opened.emit(ref)

        self._stores().call(lambda stores: _ref(stores, source), show)


def _notes(stores: DocumentStores, sources: Sequence[Source]) -> dict[Source, SourceNote]:
    from desktop.work.grounding import quote  # noqa: PLC0415 - not at the window's start

    notes = {}
    for source in sources:
        text = " ".join(quote(stores.documents, source)[:_LETTERS].split())
        notes[source] = SourceNote(text=text, mark="" if text else _GONE)
    return notes


def _ref(stores: DocumentStores, source: Source) -> SourceRef | None:
    from desktop.domain.documents import SourceRef  # noqa: PLC0415 - not at the window's start
    from desktop.work.grounding import quote  # noqa: PLC0415

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
