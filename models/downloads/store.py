"""The queue's file: what is to be downloaded, for every Snug that works on the same folder.

Each change reads the file anew, under a lock that the system holds, and replaces it as a whole. So
a window and a terminal add to one queue, and each sees what the other has done to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock, Timeout

from models.downloads.disk import trouble_of
from models.downloads.records import DownloadId, DownloadRequest, Status
from models.files import write_atomically
from models.problems import EngineError
from models.records import Problem
from models.wording import tr

FILE_NAME: Final = "downloads.json"
MAX_BYTES: Final = 16 * 1024 * 1024
LOCK_PATIENCE_S: Final = 10.0


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A download as the file has it. ``fetched`` are the files that it has put in their place."""

    id: DownloadId
    request: DownloadRequest
    status: Status = "queued"
    problem: Problem | None = None
    fetched: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True):
    next_id: int = 1
    downloads: tuple[Stored, ...] = ()


Change = Callable[[tuple[Stored, ...]], tuple[Stored, ...]]


class QueueStore:
    """The file, and what this process last saw of it. ``notice`` says what became of a broken one.

    Raises EngineError where the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.notice = ""
        self._path = folder / FILE_NAME
        self._lock = FileLock(folder / f".{FILE_NAME}.lock", thread_local=False)
        self._seen: tuple[int, int] | None = None
        self._content = _File()
        self._is_ahead = False

    def read(self) -> tuple[Stored, ...]:
        """Return the downloads; quick where the file hasn't changed."""
        if self._is_ahead:
            return self._content.downloads
        try:
            found = self._path.stat()
        except OSError:
            self._seen, self._content = None, _File()
            return ()
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            self._content = self._load()
            self._seen = seen
        return self._content.downloads

    def change(self, mutate: Change, *, insist: bool = True) -> tuple[Stored, ...]:
        """Put what ``mutate`` makes of the downloads in the file, and return it.

        Unless it must ``insist``, a file that can't be written is written with the next change.
        """
        return self._write(
            lambda file: msgspec.structs.replace(file, downloads=mutate(file.downloads)),
            insist=insist,
        )

    def add(self, request: DownloadRequest) -> tuple[Stored, tuple[Stored, ...]]:
        """Return the download of this request: the unfinished one that is there, or a new one.

        And those that it takes the place of: other revisions of the same files, on which nobody is
        at work.
        """
        added: list[Stored] = []
        replaced: list[Stored] = []

        def put(file: _File) -> _File:
            for stored in file.downloads:
                if stored.request == request and stored.status != "done":
                    again = msgspec.structs.replace(stored, status="queued", problem=None)
                    added.append(stored if stored.status == "running" else again)
                    return msgspec.structs.replace(
                        file, downloads=_replaced(file.downloads, added[0])
                    )
            replaced.extend(_overlapping(request, file.downloads))
            added.append(Stored(id=file.next_id, request=request))
            kept = [stored for stored in file.downloads if stored not in replaced]
            return _File(next_id=file.next_id + 1, downloads=(*kept, added[0]))

        self._write(put)
        return added[0], tuple(replaced)

    def _write(
        self, mutate: Callable[[_File], _File], *, insist: bool = True
    ) -> tuple[Stored, ...]:
        self.read()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock.acquire(timeout=LOCK_PATIENCE_S):
                self.read()
                content = mutate(self._content)
                if content != self._content or self._is_ahead:
                    write_atomically(self._path, msgspec.json.format(msgspec.json.encode(content)))
                    self._seen, self._is_ahead = None, False
        except OSError as error:
            if insist:
                raise _trouble(error, self._path) from error
            # On a full disk the queue must still know that a download has failed.
            content, self._is_ahead = mutate(self._content), True
        self._content = content
        return content.downloads

    def _load(self) -> _File:
        try:
            return msgspec.json.decode(self._path.read_bytes()[:MAX_BYTES], type=_File)
        except FileNotFoundError:
            return _File()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            stamp = time.strftime("%Y%m%d-%H%M%S")
            kept = self._path.with_name(f"{self._path.name}.broken-{stamp}")
            with suppress(OSError):
                self._path.replace(kept)
            self.notice = tr(
                "The list of downloads could not be read ({error}). It is kept as {kept}; files "
                "that were fetched in part go on from there once they are asked for again.",
                error=error,
                kept=kept,
            )
            return _File()


def _replaced(downloads: tuple[Stored, ...], stored: Stored) -> tuple[Stored, ...]:
    return tuple(stored if other.id == stored.id else other for other in downloads)


def _trouble(error: OSError, path: Path) -> EngineError:
    if isinstance(error, Timeout):
        return EngineError(
            "queue_busy",
            tr("Another Snug holds the list of downloads."),
            tr("Wait a moment and try again; if it stays so, end the other Snug."),
            str(error),
        )
    return trouble_of(error, path)


def _overlapping(request: DownloadRequest, others: tuple[Stored, ...]) -> list[Stored]:
    """Return unfinished downloads of the same files. Raises EngineError where one is running."""
    wanted = {file.path.casefold() for file in request.files}
    found = [
        other
        for other in others
        if other.status != "done"
        and other.request.repo.casefold() == request.repo.casefold()
        and wanted & {file.path.casefold() for file in other.request.files}
    ]
    if any(other.status == "running" for other in found):
        raise EngineError(
            "already_downloading",
            tr(
                "Another revision of {variant} of {repository} is being downloaded.",
                variant=request.variant,
                repository=request.repo,
            ),
            tr("Let it end or cancel it first."),
        )
    return found
