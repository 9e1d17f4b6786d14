"""Takes a document in: reads it in its own process, and keeps its text as it comes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from desktop.documents.parts import Block, DocumentPart, Opened, Progress, Unreadable
from desktop.documents.problems import DocumentError
from desktop.documents.reader import read_document
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.storage.documents import DocumentStore
from models.wording import tr

_BATCH: Final = 500
_HASH_CHUNK: Final = 1 << 20
OnProgress = Callable[[int, int], None]


class CancelledError(Exception):
    """The work was given up on request; what is finished is kept."""


def take_in(
    path: Path,
    store: DocumentStore,
    *,
    on_progress: OnProgress = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Document:
    """Return the document at ``path``, read now or, unchanged, before.

    ``on_progress`` gets pages (or bytes) done and in all. Raises UserError for a document that
    can't be read, and CancelledError.
    """
    path = path.expanduser().absolute()
    try:
        stat, sha256 = fingerprint(path, cancelled)
    except OSError as error:
        raise _unreadable(path, error) from error
    known = store.find(str(path), sha256)
    if known is not None:
        return known
    document_id = store.begin(str(path), path.name, stat.st_size, stat.st_mtime_ns, sha256)
    try:
        _read(path, document_id, store, on_progress, cancelled)
    except DocumentError as error:
        store.fail(document_id, error.title, error.hint)
        raise UserError(error.title, error.hint, error.detail) from error
    if cancelled():
        raise CancelledError
    store.finish(document_id)
    document = store.document(document_id)
    if document is None:
        raise CancelledError
    return document


def _read(
    path: Path,
    document_id: int,
    store: DocumentStore,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> None:
    waiting: list[DocumentPart] = []
    number = 0
    for part in read_document(path, cancelled):
        if isinstance(part, Progress):
            on_progress(part.done, part.total)
        elif isinstance(part, Opened | Block | Unreadable):
            waiting.append(part)
        if len(waiting) >= _BATCH:
            number = store.add_parts(document_id, number, waiting)
            waiting = []
    store.add_parts(document_id, number, waiting)


def fingerprint(path: Path, cancelled: Callable[[], bool]) -> tuple[os.stat_result, str]:
    """Return a file's state and the SHA-256 of its contents. Raises OSError, CancelledError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
            if cancelled():
                raise CancelledError
    return path.stat(), digest.hexdigest()


def _unreadable(path: Path, error: OSError) -> UserError:
    if isinstance(error, FileNotFoundError):
        return UserError(
            tr("There is no file at {path}.", path=path), tr("Check the path."), str(error)
        )
    if isinstance(error, IsADirectoryError):
        return UserError(
            tr("{path} is a folder.", path=path), tr("Choose the files in it."), str(error)
        )
    return UserError(
        tr("“{name}” can't be read: {why}.", name=path.name, why=error.strerror or error),
        tr("Check the file's permissions."),
        str(error),
    )
