"""Find model files below a folder, however odd the folder is: loops, no permission, no end."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from models.records import Problem
from models.wording import number, tr

SUFFIX: Final = ".gguf"
MAX_DEPTH: Final = 12
MAX_ENTRIES: Final = 500_000

OnTrouble = Callable[[Problem], None]


def walk(
    root: Path, on_trouble: OnTrouble, skip: Collection[str] = ()
) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder that holds model files, with these, in alphabetical order.

    Links are followed, and no folder is entered twice. Folders named in ``skip`` are left out.
    What can't be read, or is too much to look through, is told to ``on_trouble``.
    """
    entered: set[tuple[int, int]] = set()
    waiting: list[tuple[Path, int]] = [(root, 0)]
    budget = MAX_ENTRIES
    while waiting:
        folder, depth = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            files, folders, seen = _list(folder, budget)
        except OSError as error:
            on_trouble(_unreadable(folder, error))
            continue
        if files:
            yield folder, files
        budget -= seen
        if budget <= 0:
            on_trouble(_too_much(root))
            return
        if depth < MAX_DEPTH:
            waiting += [(each, depth + 1) for each in folders if each.name not in skip]


def model_files(folder: Path) -> list[Path]:
    """Return the model files that lie right in this folder. Raises OSError."""
    return _list(folder, MAX_ENTRIES)[0]


def is_file(path: Path) -> bool:
    """Return whether a file is there, as far as this person may see."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, as far as this person may see."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _list(folder: Path, budget: int) -> tuple[list[Path], list[Path], int]:
    """Return the folder's model files, its folders (the last first), and how much was looked at."""
    files: list[Path] = []
    folders: list[Path] = []
    seen = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if seen >= budget:
                break
            seen += 1
            if _is(entry, os.DirEntry.is_dir):
                folders.append(Path(entry.path))
            elif entry.name.lower().endswith(SUFFIX) and _is(entry, os.DirEntry.is_file):
                files.append(Path(entry.path))
    return sorted(files), sorted(folders, reverse=True), seen


def _is(entry: os.DirEntry[str], asked: Callable[[os.DirEntry[str]], bool]) -> bool:
    """Return what the entry is; a link that leads nowhere or round and round is nothing."""
    try:
        return asked(entry)
    except OSError:
        return False


def _unreadable(folder: Path, error: OSError) -> Problem:
    return Problem(
        code="folder_unreadable",
        title=tr(
            "The folder {folder} can't be read: {why}.", folder=folder, why=error.strerror or error
        ),
        hint=tr("Make it readable for you to see the models in it."),
    )


def _too_much(root: Path) -> Problem:
    return Problem(
        code="folder_too_large",
        title=tr(
            "The folder {folder} has more than {limit} files; the rest is left out.",
            folder=root,
            limit=number(MAX_ENTRIES),
        ),
        hint=tr("Choose a folder closer to the models."),
    )
