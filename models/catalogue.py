"""What Snug knows of models beyond what their files say: ``resources/catalogue.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

import msgspec


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


class _Catalogue(msgspec.Struct, frozen=True):
    model: tuple[CatalogueEntry, ...]


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return every entry."""
    text = resources.files("resources").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Catalogue).model


def find_entry(name: str) -> CatalogueEntry | None:
    """Return the entry of the model whose file, or whose entry, bears this name."""
    for entry in catalogue():
        if name == entry.name or re.search(entry.match, name, re.IGNORECASE):
            return entry
    return None
