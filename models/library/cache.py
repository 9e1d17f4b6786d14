"""What an earlier scan found, so that files which are as they were need not be read again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from models.files import write_atomically
from models.library.entry import LibraryEntry
from models.wording import language

_VERSION: Final = 1
"""Goes up with every change to what an entry says of the same file."""
_MAX_BYTES: Final = 64 << 20


class _Cache(msgspec.Struct, frozen=True):
    version: int
    entries: tuple[LibraryEntry, ...]
    language: str = ""
    """The one that the entries' troubles are told in."""


def load_entries(file: Path) -> dict[str, LibraryEntry]:
    """Return the entries by path; none where the file is missing, broken or of another version.

    Nor where it tells of troubles in another language than the reader's.
    """
    try:
        if file.stat().st_size > _MAX_BYTES:
            return {}
        cache = msgspec.json.decode(file.read_bytes(), type=_Cache)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return {}
    if (cache.version, cache.language) != (_VERSION, language()):
        return {}
    return {entry.path: entry for entry in cache.entries}


def save_entries(file: Path, entries: Iterable[LibraryEntry]) -> None:
    """Write the entries, whole or not at all. A cache that can't be written is no trouble."""
    with contextlib.suppress(OSError):
        kept = tuple(entry for entry in entries if _is_text(entry))
        write_atomically(file, msgspec.json.encode(_Cache(_VERSION, kept, language())))


def _is_text(entry: LibraryEntry) -> bool:
    """Return whether the files' names can be written as text; some systems allow any bytes."""
    try:
        "".join(entry.parts + entry.projectors).encode()
    except UnicodeEncodeError:
        return False
    return True
