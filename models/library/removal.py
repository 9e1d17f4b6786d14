"""Throw a model away: into the system's trash, and only what is Snug's or the person's own."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from models.amounts import size_in_words
from models.library.entry import LibraryEntry
from models.library.folders import Folders, Ownership
from models.library.grouping import group
from models.library.sources import Surroundings
from models.library.walking import model_files
from models.problems import EngineError
from models.wording import tr


def remove(entry: LibraryEntry, folders: Folders, surroundings: Surroundings | None = None) -> int:
    """Move the model's files to the trash; return the bytes that this frees once it is emptied.

    A projector that another model beside it uses stays. Raises EngineError: not_ours (a file of
    another program, or outside the folders), model_missing, trash_failed (nothing is deleted).
    """
    files = [Path(path) for path in entry.parts] + _unshared_projectors(entry)
    ownership = Ownership(folders, surroundings)
    for path in files:
        _check_ours(path, ownership)
    freed = 0
    for path in files:
        freed += _throw_away(path, freed)
    _clear_empty_folders(files[0].parent, folders.snug)
    return freed


def _clear_empty_folders(folder: Path, snug: Path) -> None:
    """Remove the folders that a download made in Snug's own and that nothing is left in."""
    with contextlib.suppress(OSError):  # the first that isn't empty ends it
        while snug in folder.parents:
            folder.rmdir()
            folder = folder.parent


def _unshared_projectors(entry: LibraryEntry) -> list[Path]:
    own = [Path(path) for path in entry.projectors]
    first = Path(entry.path)
    try:
        beside = group(model_files(first.parent))
    except OSError:
        return own
    needed = {path for each in beside if first not in each.parts for path in each.projectors}
    return [path for path in own if path not in needed]


def _check_ours(path: Path, ownership: Ownership) -> None:
    if not os.path.lexists(path):
        raise EngineError(
            "model_missing",
            tr("The model file {name} isn't there any more.", name=path.name),
            tr("Look for models again."),
        )
    if path.is_symlink():
        raise EngineError(
            "not_ours",
            tr(
                "{name} is only a link; the model lies in {folder}.",
                name=path.name,
                folder=Path(os.path.realpath(path)).parent,
            ),
            tr("Delete it where it lies, or in the program that fetched it."),
        )
    if not ownership.is_own(path):
        raise EngineError(
            "not_ours",
            tr(
                "{name} belongs to another program, or lies outside of your model folders.",
                name=path.name,
            ),
            tr("Snug leaves it alone: delete it in the program that fetched it."),
        )


def _throw_away(path: Path, done: int) -> int:
    """Move one file to the trash; return what it frees, which is nothing where it has two names."""
    # Its import looks for a desktop's own trash, which takes time that few commands need.
    from send2trash import send2trash  # noqa: PLC0415

    try:
        status = path.stat()
        send2trash(path)
    except Exception as error:  # each system's trash fails in its own way
        title = tr("{name} can't be moved to the trash, so it stays where it is.", name=path.name)
        if done:
            so_far = tr("{size} of the model are in it already.", size=size_in_words(done))
            title = f"{title} {so_far}"
        raise EngineError(
            "trash_failed",
            title,
            tr("Delete the file yourself with a file manager, if you are sure."),
            str(error),
        ) from error
    if path.exists():
        raise EngineError(
            "trash_failed",
            tr(
                "{name} is still there, although the system took it into the trash.",
                name=path.name,
            ),
            tr("Delete the file yourself with a file manager, if you are sure."),
        )
    return status.st_size if status.st_nlink == 1 else 0
