"""Files that killed the engine or the probe twice are set apart: not loaded until released.

Those that a trial load found sound are kept too, so that each file is tried once.

A file is known by its contents, wherever it lies: by a SHA-256 of its size, its first and last
megabyte and 64 pieces of 16 KiB spread evenly between them, 3 MiB of reading for a file of any
size. The first megabyte has the numbers that a load trips over, and the weights of two models
differ everywhere, so two files that are not copies of each other differ in this. A damaged file and
a whole one of the same download may not: so a file that was written anew in its place is free
again, by its time of change.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from models.files import write_atomically
from models.problems import EngineError
from models.wording import tr

DEATHS: Final = 2
_MOST_FILES: Final = 256
_MOST_BYTES: Final = 4 << 20
_EDGE: Final = 1 << 20
_PIECES: Final = 64
_PIECE: Final = 16 << 10
_LOG: Final = logging.getLogger(__name__)


class _Suspect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, as it was when it was last heard of, and how many deaths it was the cause of.

    ``trusted`` ones need no trial: they have passed one, or a person has released them.
    """

    digest: str
    path: str
    changed_ns: int
    deaths: int
    noted: float
    trusted: bool = False


class Quarantine:
    """The files that are set apart, kept in a file of their own. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def note_death(self, path: str | Path) -> bool:
        """Count a death that a model file caused; return whether it is set apart now.

        A file that can't be read is not counted.
        """
        with self._lock:
            try:
                suspects, deaths = self._learn(Path(path).absolute(), trusted=False)
            except OSError:
                return False
            try:
                self._save(suspects)
            except OSError:
                # The person is told all the same; only the memory of it is lost.
                _LOG.exception("the quarantine can't be written")
        return deaths >= DEATHS

    def note_trust(self, path: str | Path) -> None:
        """Keep that the file needs no trial any more; its deaths are forgotten. Raises OSError."""
        with self._lock:
            suspects, _ = self._learn(Path(path).absolute(), trusted=True)
            self._save(suspects)

    def trusts(self, path: str | Path) -> bool:
        """Return whether this very file, unchanged in its place, is trusted. Reads none of it."""
        path = Path(path).absolute()
        with self._lock:
            suspects = self._load()
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return False
        return any(
            (known.path, known.changed_ns, known.trusted) == (str(path), changed_ns, True)
            for known in suspects.values()
        )

    def holds(self, path: str | Path) -> bool:
        """Return whether the file is set apart."""
        path = Path(path).absolute()
        with self._lock:
            suspects = self._load()
        if not any(suspect.deaths >= DEATHS for suspect in suspects.values()):
            return False
        try:
            known = _find(suspects, fingerprint(path), path, path.stat().st_mtime_ns)
        except OSError:
            return False
        return known is not None and known.deaths >= DEATHS

    def check(self, path: str | Path) -> None:
        """Refuse a file that is set apart. Raises EngineError (``quarantined``)."""
        if self.holds(path):
            raise EngineError(
                "quarantined",
                tr("{name} crashed the engine twice and is set apart.", name=Path(path).name),
                tr("Download it again, choose another model, or release it to try once more."),
            )

    def release(self, path: str | Path) -> None:
        """Forget a file's deaths and trust it: it may be loaded again.

        Raises EngineError (release_failed).
        """
        path = Path(path)
        try:
            self.note_trust(path)
        except OSError as error:
            raise EngineError(
                "release_failed",
                tr(
                    "{name} could not be released: {why}.",
                    name=path.name,
                    why=error.strerror or error,
                ),
                tr(
                    "See that the file is there and that there is room in {folder}, then try "
                    "again.",
                    folder=self._file.parent,
                ),
            ) from error

    def _learn(self, path: Path, *, trusted: bool) -> tuple[dict[str, _Suspect], int]:
        """Return the suspects with what is new of this one, and its deaths. Raises OSError."""
        digest, changed_ns = fingerprint(path), path.stat().st_mtime_ns
        suspects = self._load()
        known = _find(suspects, digest, path, changed_ns)
        deaths = 0 if trusted else 1 + (known.deaths if known is not None else 0)
        suspects[digest] = _Suspect(
            digest=digest,
            path=str(path),
            changed_ns=changed_ns,
            deaths=deaths,
            noted=time.time(),
            trusted=trusted,
        )
        return suspects, deaths

    def _load(self) -> dict[str, _Suspect]:
        """Return what the file says, by digest; a file that makes no sense is kept aside."""
        try:
            with self._file.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError:
            return {}
        try:
            if len(data) > _MOST_BYTES:
                raise msgspec.ValidationError("too large")
            suspects = msgspec.json.decode(data, type=list[_Suspect])
        except (msgspec.DecodeError, UnicodeDecodeError):
            with contextlib.suppress(OSError):
                self._file.replace(self._file.with_name(f"{self._file.name}.broken"))
            return {}
        return {suspect.digest: suspect for suspect in suspects}

    def _save(self, suspects: dict[str, _Suspect]) -> None:
        """Keep the latest suspects. Raises OSError."""
        latest = sorted(suspects.values(), key=lambda suspect: suspect.noted)[-_MOST_FILES:]
        write_atomically(self._file, msgspec.json.encode(latest))


def fingerprint(path: Path) -> str:
    """Return a hash of what a file holds, from a sample of it. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(size.to_bytes(8, "little"))
        if size <= 2 * _EDGE + _PIECES * _PIECE:
            _add(digest, file, 0, size)
        else:
            step = (size - 2 * _EDGE) // _PIECES
            _add(digest, file, 0, _EDGE)
            for piece in range(_PIECES):
                _add(digest, file, _EDGE + piece * step, _PIECE)
            _add(digest, file, size - _EDGE, _EDGE)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, file: BinaryIO, start: int, length: int) -> None:
    file.seek(start)
    digest.update(file.read(length))


def _find(
    suspects: dict[str, _Suspect], digest: str, path: Path, changed_ns: int
) -> _Suspect | None:
    """Return the file's own entry, unless it was written anew in its place since."""
    suspect = suspects.get(digest)
    if suspect is None or (suspect.path == str(path) and suspect.changed_ns != changed_ns):
        return None
    return suspect
