"""Every model on this machine: Snug's own, those in folders that were added, other programs'.

Files are read where they lie. Other programs' folders are looked through before those that the
person added, so that a file which is theirs is known as theirs wherever it is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from models.library.describing import describe, describe_group, detail, stamp_of
from models.library.embedded import embedded_model
from models.library.entry import LibraryEntry, Source
from models.library.folders import Folders, Ownership
from models.library.grouping import FileGroup, group, is_projector
from models.library.jan import imported_files
from models.library.ollama import ollama_models
from models.library.sources import Surroundings, other_apps
from models.library.walking import SUFFIX, OnTrouble, is_file, walk
from models.problems import EngineError
from models.records import Problem
from models.wording import tr

__all__ = ["Folders", "describe", "detail", "scan"]

_HUGGING_FACE_SKIP: Final = frozenset({"blobs", "refs", ".locks", ".no_exist", "trees"})
PART_SUFFIX: Final = ".part"
"""What a download of Snug's own ends in before it is whole."""
_UNFINISHED: Final = ("incomplete-", ".")
"""How the names of files begin that another program is still fetching."""


@dataclass(frozen=True)
class _Found:
    """A model's files with what is known of them before they are read."""

    group: FileGroup
    source: Source
    owned: bool = False
    name: str = ""
    licence: str = ""


def scan(
    folders: Folders,
    known: Mapping[str, LibraryEntry] | None = None,
    on_trouble: OnTrouble = lambda _: None,
    surroundings: Surroundings | None = None,
) -> Iterator[LibraryEntry]:
    """Yield each model once, the embedded one first.

    ``known`` are entries of an earlier scan by their path: a file that is as it was is not read
    again. Folders that can't be read, or are not there, are told to ``on_trouble``.
    """
    seen: set[tuple[int, int]] = set()
    known = known or {}
    for found in _find(folders, on_trouble, surroundings or Surroundings()):
        identity = _identity(found.group)
        if identity is None or identity in seen:
            continue
        seen.add(identity)
        yield _entry(found, known.get(str(found.group.parts[0])))


def _find(folders: Folders, on_trouble: OnTrouble, here: Surroundings) -> Iterator[_Found]:
    ownership = Ownership(folders, here)
    try:
        yield _Found(FileGroup((embedded_model(),)), "embedded")
    except EngineError as error:
        on_trouble(error.problem)
    if not _is_gone(folders.snug):
        yield from _below(folders.snug, "snug", ownership, on_trouble)
    if folders.others:
        yield from _others(on_trouble, here)
    for folder in folders.added:
        if _is_gone(folder):
            on_trouble(_gone(folder))
        else:
            yield from _below(folder, "folder", ownership, on_trouble)


def _below(
    root: Path, source: Source, ownership: Ownership, on_trouble: OnTrouble
) -> Iterator[_Found]:
    """Yield the models in a folder that is the person's own, but for what only links there."""
    for folder, files in walk(root, on_trouble):
        for each in group(files):
            if not _is_being_fetched(each, folder):
                owned = all(ownership.is_own(path) for path in each.files)
                yield _Found(each, source, owned=owned)


def _is_gone(folder: Path) -> bool:
    """Return whether there is no such folder; one that is closed to this person is there."""
    try:
        return not folder.is_dir()
    except OSError:
        return False


def _is_being_fetched(files: FileGroup, folder: Path) -> bool:
    """Return whether what is missing of a model is on its way: a part file lies there for it."""
    if files.missing:
        return any(is_file(folder / f"{name}{PART_SUFFIX}") for name in files.missing)
    return is_projector(files.parts[0]) and any(folder.glob(f"*{SUFFIX}{PART_SUFFIX}"))


def _others(on_trouble: OnTrouble, here: Surroundings) -> Iterator[_Found]:
    for app in other_apps(here):
        if app.source == "ollama":
            for model in ollama_models(app.path, on_trouble):
                yield _Found(model.files, "ollama", name=model.name, licence=model.license)
            continue
        skip = _HUGGING_FACE_SKIP if app.source == "huggingface" else ()
        for _, files in walk(app.path, on_trouble, skip):
            done = [path for path in files if not path.name.startswith(_UNFINISHED)]
            yield from (_Found(each, app.source) for each in group(done))
        if app.source == "jan":
            yield from (_Found(each, "jan") for each in imported_files(app.path))


def _entry(found: _Found, known: LibraryEntry | None) -> LibraryEntry:
    stamp = stamp_of(found.group)
    if known is not None and known.stamp == stamp:
        name = found.name or known.name
        return msgspec.structs.replace(known, source=found.source, owned=found.owned, name=name)
    return describe_group(
        found.group,
        found.source,
        owned=found.owned,
        name=found.name,
        licence=found.licence,
        stamp=stamp,
    )


def _identity(files: FileGroup) -> tuple[int, int] | None:
    """Return what is the same for a file under all its names; None where it has gone."""
    try:
        status = files.parts[0].stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _gone(folder: Path) -> Problem:
    return Problem(
        code="folder_missing",
        title=tr("The model folder {folder} isn't there.", folder=folder),
        hint=tr("Connect the disk that it lies on, or take it off the list of folders."),
    )
