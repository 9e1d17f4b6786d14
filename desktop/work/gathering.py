"""Finds the documents among what a person gives: files as they are, folders with all below."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from desktop.documents.formats.detection import is_known_name
from desktop.work.intake import CancelledError

MOST_FILES: Final = 5_000
_NOT_ENTERED: Final = frozenset({"node_modules", "__pycache__", "venv"})
"""Folders of programs' own, like every folder whose name begins with a dot."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    ``passed_over`` counts files in folders that no reader is for, ``left`` those beyond the most
    that are taken at once.
    """

    files: tuple[Path, ...] = ()
    passed_over: int = 0
    left: int = 0


def gather(paths: Iterable[Path], cancelled: Callable[[], bool] = lambda: False) -> Gathered:
    """Return the files to read, each once, in the order given and by name within folders.

    A file that is named itself is always among them: if it can't be read, reading says why.
    Raises CancelledError.
    """
    found: dict[Path, None] = {}
    passed_over = 0
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        for file in _below(path, cancelled):
            if is_known_name(file):
                found[file] = None
            else:
                passed_over += 1
    files = tuple(found)
    left = max(0, len(files) - MOST_FILES)
    return Gathered(files=files[:MOST_FILES], passed_over=passed_over, left=left)


def _below(folder: Path, cancelled: Callable[[], bool]) -> Iterable[Path]:
    for where, folders, names in os.walk(folder):
        if cancelled():
            raise CancelledError
        folders[:] = sorted(n for n in folders if n[:1] != "." and n not in _NOT_ENTERED)
        for name in sorted(names):
            if name[:1] != ".":
                yield Path(where) / name
