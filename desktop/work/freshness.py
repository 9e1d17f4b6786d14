"""Whether documents are still what was read of them, and how to catch up where they aren't.

What was read stays as it was, so that everything that leads back to it still does. A file that
changed is read as a document of its own, which takes the other's place in its collections.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from desktop.domain.documents import Document
from desktop.storage.collections import CollectionStore
from desktop.storage.database import Database
from desktop.storage.documents import DocumentStore
from desktop.work.intake import OnProgress, fingerprint, take_in
from models.wording import mark, tr

State = Literal["current", "changed", "moved", "gone"]
_MARKS: Final[dict[State, str]] = {
    "current": "",
    "changed": mark("The file has changed since it was read."),
    "moved": mark("The file was moved since it was read."),
    "gone": mark("The file is not where it was read any more."),
}
_MOST_BESIDE: Final = 1_000
"""Files of a folder that are looked at for one that was renamed."""


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How a document's file stands to what was read of it; ``path`` is where it lies now."""

    state: State
    path: str = ""

    @property
    def mark(self) -> str:
        """Return it in words, empty where there is nothing to tell."""
        told = _MARKS[self.state]
        return tr(told)


def freshness(
    document: Document,
    store: DocumentStore,
    cancelled: Callable[[], bool] = lambda: False,
) -> Freshness:
    """Return whether a document's file is still what was read.

    A file that looks different is read to tell, and only once where it isn't. One that is gone is
    looked for in its folder and where the same contents were read from besides. Raises UserError
    and CancelledError.
    """
    path = Path(document.path)
    try:
        stat = path.stat()
        if (stat.st_size, stat.st_mtime_ns) == (document.size, document.mtime_ns):
            return Freshness(state="current", path=document.path)
        if stat.st_size != document.size or not _holds(path, document, cancelled):
            return Freshness(state="changed", path=document.path)
        store.move(document.id, document.path, document.name, stat.st_mtime_ns)
        return Freshness(state="current", path=document.path)
    except OSError:
        found = _elsewhere(document, store, cancelled)
    if found is None:
        return Freshness(state="gone")
    return Freshness(state="moved", path=str(found))


def caught_up(
    document: Document,
    database: Database,
    *,
    on_progress: OnProgress = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Document:
    """Return the document as its file is now: read again where it changed, found where it moved.

    One that is gone comes back as it is. Raises UserError where the file can't be read, and
    CancelledError.
    """
    store = DocumentStore(database)
    now = freshness(document, store, cancelled)
    if now.state == "moved":
        path = Path(now.path)
        store.move(document.id, now.path, path.name, path.stat().st_mtime_ns)
        return store.document(document.id) or document
    if now.state != "changed":
        return document
    newer = take_in(Path(document.path), store, on_progress=on_progress, cancelled=cancelled)
    CollectionStore(database).replace(document.id, newer.id)
    return newer


def _elsewhere(
    document: Document, store: DocumentStore, cancelled: Callable[[], bool]
) -> Path | None:
    for path in (*store.paths_of(document.sha256), *_beside(Path(document.path))):
        try:
            if path.stat().st_size == document.size and _holds(path, document, cancelled):
                return path
        except OSError:
            continue
    return None


def _beside(path: Path) -> list[Path]:
    """Return the files of a path's folder, as far as it can be read."""
    try:
        beside = [each for each, _ in zip(path.parent.iterdir(), range(_MOST_BESIDE), strict=False)]
        return [each for each in beside if each.is_file()]
    except OSError:
        return []


def _holds(path: Path, document: Document, cancelled: Callable[[], bool]) -> bool:
    return fingerprint(path, cancelled)[1] == document.sha256
