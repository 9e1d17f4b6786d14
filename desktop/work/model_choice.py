"""Which models work on documents: by the settings, and by what there is on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from models.library.entry import LibraryEntry, ModelKind

NO_EMBEDDING: Final = "none"
"""The setting's word for a search by words alone."""
_WRITES: Final[frozenset[ModelKind]] = frozenset({"chat", "base", "encoder_decoder"})


def writers(entries: Iterable[LibraryEntry]) -> list[LibraryEntry]:
    """Return the models that can work on documents, those that chat first."""
    found = [entry for entry in entries if entry.problem is None and entry.kind in _WRITES]
    return sorted(found, key=lambda entry: (entry.kind != "chat", entry.name.casefold()))


def embedders(entries: Iterable[LibraryEntry]) -> list[LibraryEntry]:
    """Return the embedding models, from small to large: each passage goes through it."""
    found = [entry for entry in entries if entry.problem is None and entry.kind == "embedding"]
    return sorted(found, key=lambda entry: (entry.size_bytes, entry.path))


def chosen_embedder(setting: str, entries: Iterable[LibraryEntry]) -> str:
    """Return the file of the embedding model that the setting means, empty for none.

    Without a choice it is the smallest of the library, so that documents are found by meaning as
    soon as there is a model that can.
    """
    if setting == NO_EMBEDDING:
        return ""
    if setting:
        return setting
    return next((entry.path for entry in embedders(entries)), "")
