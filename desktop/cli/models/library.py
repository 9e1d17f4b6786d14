"""The library as the subcommands see it: looked through, remembered, and searched by a name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from desktop.cli.context import EMBEDDED
from desktop.cli.terminal import report_trouble, say, trouble_of
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.schema import AppSettings
from desktop.settings.store import SettingsStore
from models.library.cache import load_entries, save_entries
from models.library.entry import LibraryEntry, ModelKind, Source
from models.library.grouping import stem_of
from models.library.scan import Folders, describe, scan
from models.records import Problem

KINDS: Final[dict[ModelKind, str]] = {
    "chat": "chat",
    "base": "base",
    "embedding": "embedding",
    "encoder_decoder": "encoder-decoder",
}
SOURCES: Final[dict[Source, str]] = {
    "embedded": "Snug",
    "snug": "Snug",
    "folder": "your folder",
    "huggingface": "Hugging Face",
    "lmstudio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "ollama": "Ollama",
}


def load_settings(paths: Paths) -> AppSettings:
    """Return the settings; a notice about a broken file is told. Raises UserError."""
    settings, notice = SettingsStore(paths.settings_file).load()
    if notice:
        say(notice)
    return settings


def folders_of(settings: AppSettings, paths: Paths, *, others: bool = True) -> Folders:
    """Return where models are looked for by the settings."""
    added = tuple(Path(folder).expanduser() for folder in settings.model_folders)
    return Folders(snug=paths.models_dir, added=added, others=others)


def look_through(folders: Folders, paths: Paths) -> tuple[list[LibraryEntry], list[Problem]]:
    """Return every model, and what kept others from being seen."""
    troubles: list[Problem] = []
    known = load_entries(paths.library_cache)
    entries = list(scan(folders, known, troubles.append))
    if folders.others:
        save_entries(paths.library_cache, entries)
    return entries, troubles


def find_entry(wanted: str, folders: Folders, paths: Paths) -> LibraryEntry:
    """Return the model that a path or a name means; tells what couldn't be looked through.

    A name is a model's own, its file's, or a part of one of them that only one model has.
    Raises UserError.
    """
    entries, troubles = look_through(folders, paths)
    for trouble in troubles:
        report_trouble(trouble_of(trouble))
    path = Path(wanted).expanduser()
    if path.exists() or len(path.parts) > 1:
        return _by_path(path.absolute(), entries)
    return _by_name(wanted, entries)


def named_like(name: str, entries: Iterable[LibraryEntry]) -> list[LibraryEntry]:
    """Return the models of this name, or else those that have it as a part of theirs."""
    wanted, names = name.lower(), [(entry, _names(entry)) for entry in entries]
    exact = [entry for entry, own in names if wanted in own]
    return exact or [entry for entry, own in names if any(wanted in each for each in own)]


def entry_as_json(entry: LibraryEntry) -> dict[str, object]:
    """Return an entry with the keys that ``--json`` promises."""
    record: dict[str, object] = msgspec.to_builtins(entry)
    del record["stamp"]
    # A file's name may be no text, and then can't be told as it is.
    record |= {key: _text(record[key]) for key in ("path", "name", "parts", "projectors")}
    record["problem"] = None if entry.problem is None else problem_as_json(entry.problem)
    return record


def problem_as_json(problem: Problem) -> dict[str, str]:
    """Return a problem's cause and remedy with the code that programs go by."""
    return {
        "code": problem.code,
        "title": problem.title,
        "hint": problem.hint,
        "detail": problem.detail,
    }


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_text(each) for each in value] if isinstance(value, tuple | list) else value


def _by_path(path: Path, entries: list[LibraryEntry]) -> LibraryEntry:
    real = os.path.realpath(path)
    for entry in entries:
        if real in map(os.path.realpath, entry.parts):
            return entry
    return describe(path)


def _by_name(name: str, entries: list[LibraryEntry]) -> LibraryEntry:
    alike = named_like(name, entries)
    if len(alike) == 1:
        return alike[0]
    if alike:
        shown = ", ".join(entry.path for entry in alike[:5])
        raise UserError(f"{len(alike)} models are named like “{name}”.", f"Name one: {shown}.")
    raise UserError(
        f"No model on this machine is named “{name}”.",
        "'snug models list' shows what there is, 'snug models search' what the hub has.",
    )


def _names(entry: LibraryEntry) -> set[str]:
    path = Path(entry.path)
    names = {name.lower() for name in (entry.name, path.name, path.stem, stem_of(path))}
    return names | {EMBEDDED} if entry.source == "embedded" else names
