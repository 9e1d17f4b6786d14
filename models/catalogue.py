"""What Snug knows of models beyond what their files say: ``resources/catalogue.toml``."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

_MAX_NAME: Final = 200
"""Of a file's own name so much is looked at: it is whatever its maker wrote."""


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model by the name that people call it.

    ``match`` is a regular expression for the name that a file gives itself, ``recommended`` the
    settings, by option, that the model's makers use.
    """

    name: str
    match: str
    license: str = ""
    embedded: bool = False
    recommended: dict[str, float] = {}


class _Family(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models that are alike in all but their names and sizes."""

    match: str
    license: str = ""
    recommended: dict[str, float] = {}


class EmbeddingWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an embedding model was trained to read before a question, and before a passage.

    ``match`` is a regular expression for the name that a file gives itself, or for the file's own.
    """

    match: str
    query: str = ""
    passage: str = ""


class StartingModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A good model to begin with, for machines of a class of memory.

    ``memory_gb`` is the memory (of the GPU, or of a machine without one) that it is meant for,
    with a context of 8,192 tokens. ``repo`` is the hub's repository, ``file`` the file in it with
    the weights in ``quantization``, or the first of several; ``size_bytes`` is about how large they
    are. A model of the kind ``embedding`` serves the search in documents, beside a model that
    chats.
    """

    name: str
    repo: str
    file: str
    quantization: str
    license: str
    parameters: int
    size_bytes: int
    memory_gb: int
    kind: Literal["chat", "embedding"] = "chat"


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[CatalogueEntry, ...]
    family: tuple[_Family, ...] = ()
    embedding: tuple[EmbeddingWords, ...] = ()
    starting: tuple[StartingModel, ...] = ()


@cache
def _read() -> _Catalogue:
    import tomllib  # noqa: PLC0415 - the window shows before it looks anything up

    text = resources.files("resources").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Catalogue)


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return every entry."""
    return _read().model


def starting_models() -> tuple[StartingModel, ...]:
    """Return good models to chat with at the beginning, from small to large."""
    return tuple(model for model in _read().starting if model.kind == "chat")


def starting_embedders() -> tuple[StartingModel, ...]:
    """Return good embedding models to begin with, from small to large."""
    return tuple(model for model in _read().starting if model.kind == "embedding")


def embedding_words(*names: str) -> EmbeddingWords:
    """Return what to put before texts for the embedding model of any of these names."""
    for words in _read().embedding:
        if any(_matches(words.match, name) for name in names):
            return words
    return EmbeddingWords(match="")


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry of the model whose file, or whose entry, bears this name.

    A model that is known by its family alone keeps the name that it has.
    """
    for entry in catalogue():
        if name == entry.name or _matches(entry.match, name):
            return entry
    for family in _read().family:
        if _matches(family.match, name):
            return CatalogueEntry(
                name=name,
                match=family.match,
                license=family.license,
                recommended=family.recommended,
            )
    return None


def _matches(pattern: str, name: str) -> bool:
    return re.search(pattern, name[:_MAX_NAME], re.IGNORECASE) is not None
