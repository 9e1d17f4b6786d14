"""A file on its way: the part that is there, the hash of it, and what it is a part of.

``model.gguf.part`` holds the bytes so far, ``model.gguf.part.json`` says which content they belong
to, and ``model.gguf.part.lock`` is locked by the one process that writes. The file itself gets its
name when all of its bytes are there, are on disk, and have the right hash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final, Self

import msgspec
from filelock import FileLock, Timeout

from models.files import sync_folder, write_atomically
from models.hub.records import RemoteFile

READ_BYTES: Final = 1024 * 1024
_MAX_JOURNAL: Final = 10_000


class BusyError(Exception):
    """Another process is writing to the same part."""


class _Journal(msgspec.Struct, frozen=True):
    """What a part belongs to. ``etag`` is the storage's name for the content, or empty."""

    sha256: str
    size: int
    etag: str = ""


class PartFile:
    """The part of one file, held by this process while the ``with`` block lasts.

    ``position`` is how many bytes are there and hashed. Raises BusyError where another process
    holds it, and OSError for trouble with the disk.
    """

    def __init__(self, target: Path, file: RemoteFile) -> None:
        self.target = target
        self.path = part_path(target)
        self.position = 0
        self._file = file
        self._journal_path = journal_path(target)
        self._lock = FileLock(lock_path(target), thread_local=False)
        self._hash = hashlib.sha256()
        self._journal = _Journal(file.sha256, file.size_bytes)
        self._stream: FileIO

    @property
    def etag(self) -> str:
        """The storage's name for the content that the part is of."""
        return self._journal.etag

    @property
    def missing(self) -> int:
        """How many bytes are not there yet."""
        return self._file.size_bytes - self.position

    def __enter__(self) -> Self:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise BusyError(str(self.path)) from error
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # What was written stays, also after a failure: the next try begins where this one ended.
        self._stream.close()
        self._lock.release()

    def _open(self) -> None:
        known = self._read_journal()
        fits = known is not None and (known.sha256, known.size) == (
            self._file.sha256,
            self._file.size_bytes,
        )
        # Unbuffered: what has been written is in the system's hands, should this process be killed.
        self._stream = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        if fits and known is not None and self.path.stat().st_size <= self._file.size_bytes:
            self._journal = known
        else:
            self.restart()

    def _read_journal(self) -> _Journal | None:
        try:
            content = self._journal_path.read_bytes()[:_MAX_JOURNAL]
            return msgspec.json.decode(content, type=_Journal)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def read_back(self, watch: Callable[[int], None]) -> None:
        """Hash what an earlier process has written; ``watch`` hears how far, and may raise."""
        self._hash, self.position = hashlib.sha256(), 0
        with self.path.open("rb") as part:
            while piece := part.read(READ_BYTES):
                self._hash.update(piece)
                self.position += len(piece)
                watch(self.position)

    def write(self, piece: bytes) -> None:
        """Append bytes."""
        view = memoryview(piece)
        self._stream.seek(self.position)
        while view:
            # A disk that fills up takes a part, and refuses the rest.
            written = self._stream.write(view)
            self._hash.update(view[:written])
            self.position += written
            view = view[written:]

    def restart(self, etag: str = "") -> None:
        """Throw the bytes away and begin with the content of this name."""
        self._stream.truncate(0)
        self._hash, self.position = hashlib.sha256(), 0
        self.note_etag(etag)

    def note_etag(self, etag: str) -> None:
        """Remember the storage's name for the content, also for the next process."""
        self._journal = _Journal(self._file.sha256, self._file.size_bytes, etag)
        write_atomically(self._journal_path, msgspec.json.encode(self._journal))

    def is_right(self) -> bool:
        """Return whether all bytes are there and have the hash that the hub told."""
        return self.missing == 0 and self._hash.hexdigest() == self._file.sha256

    def finish(self) -> None:
        """Give the file its name, once its bytes are on disk."""
        os.fsync(self._stream.fileno())
        self._stream.close()
        self.path.replace(self.target)
        sync_folder(self.target.parent)
        self._clean()

    def discard(self) -> None:
        """Remove the part and what belongs to it."""
        self._stream.close()
        with suppress(OSError):
            self.path.unlink()
        self._clean()

    def _clean(self) -> None:
        # The lock's own file too, while it is held: whoever waits for it notices and makes another.
        for path in (self._journal_path, lock_path(self.target)):
            with suppress(OSError):
                path.unlink()


def part_path(target: Path) -> Path:
    """Return where the bytes of an unfinished file lie."""
    return target.with_name(f"{target.name}.part")


def journal_path(target: Path) -> Path:
    """Return where it says what the part is of."""
    return target.with_name(f"{target.name}.part.json")


def lock_path(target: Path) -> Path:
    """Return the file that is locked by whoever writes the part."""
    return target.with_name(f"{target.name}.part.lock")
