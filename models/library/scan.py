"""Every model on this machine: Snug's own, those in folders that were added, other programs'.

Files are read where they lie. Other programs' folders are looked through before those that the
person added, so that a file which is theirs is known as theirs wherever it is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from models.library.describing import describe, describe_group, detail, stamp_of
from models.library.embedded import embedded_model
from models.library.entry import LibraryEntry, Source
from models.library.grouping import FileGroup, group
from models.library.jan import imported_files
from models.library.ollama import ollama_models
from models.library.sources import Surroundings, other_apps
from models.library.walking import OnTrouble, walk
from models.problems import EngineError
from models.protocol import Problem

__all__ = ["Folders", "describe", "detail", "is_within", "owned_by", "scan"]

_HUGGING_FACE_SKIP: Final = frozenset({"blobs", "refs", ".locks", ".no_exist", "trees"})
_UNFINISHED: Final = ("incomplete-", ".")
"""How the names of files begin that another program is still fetching."""


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where models are looked for.

    ``snug`` is Snug's own folder, ``added`` those that the person named. With ``others`` the
    Hugging Face cache and the folders of LM Studio, Jan, GPT4All and Ollama are looked through.
    """

    snug: Path
    added: tuple[Path, ...] = ()
    others: bool = True


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


def owned_by(path: Path, folders: Folders, surroundings: Surroundings | None = None) -> bool:
    """Return whether a file is Snug's or the person's own to throw away.

    It must really lie, links followed, in Snug's folder or in one that the person added, and in no
    other program's.
    """
    real = Path(os.path.realpath(path))
    if not any(is_within(real, folder) for folder in (folders.snug, *folders.added)):
        return False
    return not any(is_within(real, app.path) for app in other_apps(surroundings))


def is_within(real: Path, folder: Path) -> bool:
    """Return whether a path, its links resolved, lies below a folder."""
    return Path(os.path.realpath(folder)) in real.parents


def _find(folders: Folders, on_trouble: OnTrouble, here: Surroundings) -> Iterator[_Found]:
    try:
        yield _Found(FileGroup((embedded_model(),)), "embedded")
    except EngineError as error:
        on_trouble(error.problem)
    if folders.snug.is_dir():
        yield from _below(folders.snug, "snug", folders, on_trouble, here)
    if folders.others:
        yield from _others(on_trouble, here)
    for folder in folders.added:
        if folder.is_dir():
            yield from _below(folder, "folder", folders, on_trouble, here)
        else:
            on_trouble(_gone(folder))


def _below(
    root: Path, source: Source, folders: Folders, on_trouble: OnTrouble, here: Surroundings
) -> Iterator[_Found]:
    """Yield the models in a folder that is the person's own, but for what only links there."""
    for _, files in walk(root, on_trouble):
        for each in group(files):
            owned = all(owned_by(path, folders, here) for path in each.files)
            yield _Found(each, source, owned=owned)


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
        title=f"The model folder {folder} isn't there.",
        hint="Connect the disk that it lies on, or take it off the list of folders.",
    )
