"""Files in which the KV cache of a chat outlives the engine, in one folder within a limit.

llama.cpp trusts the state that it is given: a forged or a broken one may write where it likes, and
one that is cut short may end the process. So a file counts only when its length is what its header
says and when its seal is right, an HMAC with a secret of this folder: others' files, cut ones and
broken ones are as good as none, and are deleted. What is cached can be computed again, so nothing
here is trouble for a person but a full disk.

    magic, version, number of tokens, bytes of state │ key │ seal │ token ids │ state
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import mmap
import os
import re
import secrets
import shutil
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.problems import EngineError
from models.state_seals import Identity, SealsAhead
from models.wording import tr

SUFFIX: Final = ".kv"
KEY_BYTES: Final = 32
_PART: Final = ".part"
_SECRET: Final = "secret"  # noqa: S105 - a file's name
_SECRET_BYTES: Final = 32
_MAGIC: Final = b"SnugKV\r\n"
_VERSION: Final = 1
_HEADER: Final = struct.Struct("<8sIIQ32s32s8x")
_ALIGNMENT: Final = 64
_MOST_TOKENS: Final = 1 << 24
_CHAT: Final = re.compile(r"[0-9a-z-]{1,64}")
_NAME: Final = re.compile(r"([0-9a-z-]{1,64})\.[0-9a-f]{16}\.kv")
_CHUNK: Final = 4 << 20
_HASHERS: Final = min(4, os.cpu_count() or 1)
"""SHA-256 of 92 MB takes 52 ms on one core, and a reply waits for it."""
_LEFT_FREE: Final = 1 << 30
"""A cache is no reason to fill a disk: so much of it stays free."""
_LOG: Final = logging.getLogger(__name__)

Fill = Callable[[memoryview], int]
"""Writes a state into memory; returns how many bytes it wrote."""


@dataclass(frozen=True)
class KeptState:
    """A sound file's content: the tokens that the state stands on, and the state itself.

    ``state`` is a view into the file, valid as long as the file is open.
    """

    token_ids: list[int]
    state: memoryview


class StateFolder:
    """Reads and writes states by chat and key; the least recently used make room for new ones.

    The key says what a state is good for, ``KEY_BYTES`` long: a state of another model or of other
    settings is none.
    """

    def __init__(self, folder: Path, limit_bytes: int, seals: SealsAhead | None = None) -> None:
        """Take the ``seals`` that were checked ahead for true."""
        self._folder = folder
        self._limit = limit_bytes
        self._seals = seals or SealsAhead()

    def write(self, chat: str, key: bytes, token_ids: Sequence[int], size: int, fill: Fill) -> int:
        """Keep a state of ``size`` bytes in place of the chat's last one; return the file's size.

        Return 0 where there is no room for it within the limit. Raises EngineError (disk_full),
        with the chat's last state still there.
        """
        ids = np.asarray(token_ids, "<i4").tobytes()
        whole = _state_offset(len(token_ids)) + size
        path = self._path(chat, key)
        try:
            if not self._make_room(whole, path):
                return 0
            self._fill(path, key, ids, size, fill)
        except OSError as error:
            raise EngineError(
                "state_not_kept",
                tr(
                    "A chat could not be kept for an instant return: {why}.",
                    why=error.strerror or error,
                ),
                tr(
                    "See that {folder} can be written and that its disk has room.",
                    folder=self._folder,
                ),
                str(error),
            ) from error
        return whole

    @contextmanager
    def open(self, chat: str, key: bytes) -> Iterator[KeptState | None]:
        """Give a chat's state, checked, for as long as the context lasts; None without a sound one.

        A file that is not sound is deleted.
        """
        path = self._path(chat, key)
        with contextlib.ExitStack() as stack:
            kept: KeptState | None = None
            try:
                data, identity = stack.enter_context(_mapped(path))
                kept = stack.enter_context(self._checked(data, identity, key))
            except FileNotFoundError:
                pass
            except (OSError, ValueError) as error:
                _LOG.warning("%s is no state to return to: %s", path.name, error)
                with contextlib.suppress(OSError):
                    path.unlink()
            if kept is not None:
                with contextlib.suppress(OSError):
                    os.utime(path)
                    self._seals.learn(_identity(path.stat()))
            yield kept

    def check_ahead(self, chat: str) -> None:
        """Begin to check the chat's newest file, so that ``open`` needn't."""
        self._seals.check(lambda: self._newest_sound(chat))

    def tokens(self, chat: str, key: bytes) -> list[int]:
        """Return what a chat's file says that it holds, unchecked; empty without one."""
        try:
            with self._path(chat, key).open("rb") as file:
                count, _ = _read_header(file.read(_HEADER.size), key)
                ids = file.read(4 * count)
        except (OSError, ValueError):
            return []
        return [] if len(ids) < 4 * count else _ids(ids)

    def discard(self, chat: str, key: bytes) -> None:
        """Delete a state that turned out to be of no use."""
        with contextlib.suppress(OSError):
            self._path(chat, key).unlink()

    # --- files -------------------------------------------------------------------------------

    def _path(self, chat: str, key: bytes) -> Path:
        if not _CHAT.fullmatch(chat) or len(key) != KEY_BYTES:
            raise EngineError("bad_request", f"{chat!r} is no name for a chat's state.")
        return self._folder / f"{chat}.{key.hex()[:16]}{SUFFIX}"

    def _fill(self, path: Path, key: bytes, ids: bytes, size: int, fill: Fill) -> None:
        """Write a file under another name, then give it its own: there is never half of one.

        It isn't flushed to the disk: after a power cut its seal tells whether it is whole.
        """
        part = path.with_suffix(_PART)
        head = _HEADER.pack(_MAGIC, _VERSION, len(ids) // 4, size, key, bytes(32))
        start = _state_offset(len(ids) // 4)
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _NO_LINK, 0o600)
        try:
            try:
                # All of the room now: a full disk would else end the process at a later write.
                _allocate(handle, start + size)
                with mmap.mmap(handle, start + size) as data, memoryview(data) as view:
                    view[: len(head)] = head
                    view[len(head) : len(head) + len(ids)] = ids
                    with view[start:] as state:
                        if fill(state) != size:
                            raise OSError("the state has another size than was said")
                    view[_SEAL] = _seal(self._secret(), view)
            finally:
                os.close(handle)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _newest_sound(self, chat: str) -> Identity | None:
        """Return which file of a chat is sound, if its newest is. Raises OSError, ValueError."""
        files = [each for each in list_states(self._folder) if each.chat == chat]
        if not files:
            return None
        newest = max(files, key=lambda each: each.used)
        with _mapped(newest.path) as (data, identity), memoryview(data) as view:
            return identity if self._is_sealed(view) else None

    def _is_sealed(self, view: memoryview) -> bool:
        return hmac.compare_digest(bytes(view[_SEAL]), _seal(self._secret(), view))

    @contextmanager
    def _checked(self, data: mmap.mmap, identity: Identity, key: bytes) -> Iterator[KeptState]:
        """Give what a mapped file holds. Raises ValueError, OSError."""
        with memoryview(data) as view:
            # Copies, but for the state: a view that an exception holds can't be closed.
            count, size = _read_header(data[: _HEADER.size], key)
            start = _state_offset(count)
            if len(view) != start + size:
                raise ValueError(f"{len(view)} bytes in place of {start + size}")
            if not self._seals.knows(identity) and not self._is_sealed(view):
                raise ValueError("its seal is broken")
            ids = _ids(data[_HEADER.size : _HEADER.size + 4 * count])
            with view[start:] as state:
                yield KeptState(ids, state)

    def _secret(self) -> bytes:
        """Return the folder's secret, made with the first file. Raises OSError."""
        path = self._folder / _SECRET
        with contextlib.suppress(FileNotFoundError):
            secret = path.read_bytes()
            if len(secret) == _SECRET_BYTES:
                return secret
            path.unlink()
        secret = secrets.token_bytes(_SECRET_BYTES)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
        return secret

    def _make_room(self, needed: int, path: Path) -> bool:
        """Delete the states used longest ago until so many bytes fit. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._folder.glob(f"*{_PART}"):
            left.unlink(missing_ok=True)
        if needed > self._limit:
            return False
        # The chat's own last state goes last: it serves until the new one is there.
        files = sorted(list_states(self._folder), key=lambda each: (each.path == path, each.used))
        spare = self._limit - sum(each.size for each in files)
        free = shutil.disk_usage(self._folder).free - _LEFT_FREE
        for each in files:
            if min(spare, free) >= needed:
                break
            each.path.unlink(missing_ok=True)
            spare += each.size
            free += each.size
        return min(spare, free) >= needed


@dataclass(frozen=True)
class StateEntry:
    """A file of a folder: of which chat, its bytes, and when it was used last."""

    path: Path
    chat: str
    size: int
    used: float

    def delete(self) -> None:
        """Delete it; one that can't be deleted stays."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def list_states(folder: Path) -> list[StateEntry]:
    """List the files of a folder that are named as states are; empty where there is none."""
    found: list[StateEntry] = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            name = _NAME.fullmatch(entry.name)
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat(follow_symlinks=False)
                if name and stat.S_ISREG(about.st_mode):
                    path = Path(entry.path)
                    found.append(StateEntry(path, name[1], about.st_size, about.st_mtime))
    return found


_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_SEAL: Final = slice(_HEADER.size - 8 - 32, _HEADER.size - 8)


def _allocate(handle: int, size: int) -> None:
    """Take the room of a file on the disk. Raises OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    empty = bytes(_CHUNK)
    for start in range(0, size, _CHUNK):
        os.write(handle, empty[: size - start])


@contextmanager
def _mapped(path: Path) -> Iterator[tuple[mmap.mmap, Identity]]:
    """Give a file's content as memory. Raises OSError, ValueError for no plain file."""
    handle = os.open(path, os.O_RDONLY | _NO_LINK)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no plain file")
        data = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
    with data:
        yield data, _identity(about)


def _identity(about: os.stat_result) -> Identity:
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def _read_header(head: bytes, key: bytes) -> tuple[int, int]:
    """Return the number of tokens and the bytes of state. Raises ValueError."""
    if len(head) < _HEADER.size:
        raise ValueError("it is shorter than a header")
    magic, version, count, size, own_key, _ = _HEADER.unpack(head)
    if (magic, version, own_key) != (_MAGIC, _VERSION, key):
        raise ValueError("another program's, version's or model's")
    if not 0 < count <= _MOST_TOKENS:
        raise ValueError(f"{count} tokens")
    return count, size


def _state_offset(tokens: int) -> int:
    """Return where the state begins, at a place that suits a processor."""
    return -(-(_HEADER.size + 4 * tokens) // _ALIGNMENT) * _ALIGNMENT


def _ids(data: bytes) -> list[int]:
    ids: list[int] = np.frombuffer(data, "<i4").tolist()
    return ids


def _seal(secret: bytes, view: memoryview) -> bytes:
    """Return the HMAC of all but the seal itself: of the header, and of each chunk's hash."""
    sealed = hmac.new(secret, view[: _SEAL.start], hashlib.sha256)
    starts = range(_SEAL.stop, len(view), _CHUNK)
    with ThreadPoolExecutor(min(_HASHERS, len(starts))) as pool:
        for digest in pool.map(lambda start: _hash(view, start), starts):
            sealed.update(digest)
    return sealed.digest()


def _hash(view: memoryview, start: int) -> bytes:
    with view[start : start + _CHUNK] as chunk:
        return hashlib.sha256(chunk).digest()
