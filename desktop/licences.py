"""What Snug is made of, and under which licences: asked of the installed packages themselves.

What those carry inside, and the texts that they leave out, is in ``resources/licences``.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Final, Literal

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from models.installation import is_frozen
from models.library.embedded import embedded_model
from models.problems import EngineError

LISTED_FILE: Final = "licences/components.json"
"""Where a frozen build keeps the list: the packages' own records are not in it."""
UNKNOWN: Final = "see its text"
_LICENCE_FILES: Final = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")
_LONGEST_NAME: Final = 60
_OWN_PAGES: Final = frozenset(("homepage", "source", "repository", "source code"))

Kind = Literal["library", "font", "model"]


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A part of Snug, with the text of its licence.

    ``version`` is empty where only the one of the package that carries it is known; ``address`` is
    its package URL, as bills of materials have it, empty where it has none of its own.
    """

    name: str
    version: str
    licence: str
    text: str = ""
    homepage: str = ""
    kind: Kind = "library"
    address: str = ""


class _Inside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a package carries; see the head of ``components.toml``."""

    name: str
    licence: str
    homepage: str
    kind: Kind = "library"
    inside: str = ""
    version: str = ""
    texts: tuple[str, ...] = ()
    note: str = ""


class _Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    texts: dict[str, tuple[str, ...]]
    component: tuple[_Inside, ...]


def components() -> tuple[Component, ...]:
    """Return every part, by name; reads files, so not for the window's thread."""
    if not is_frozen():
        return collect()
    listed = (Path(sys.prefix) / LISTED_FILE).read_bytes()
    parts = msgspec.json.decode(listed, type=tuple[Component, ...])
    return parts if _has_model() else tuple(part for part in parts if part.kind != "model")


def collect(root: str = "snug") -> tuple[Component, ...]:
    """Return what the package needs at run time, down to the last, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [root]
    while waiting:
        name = _normal(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        waiting += _needs(found[name])
    parts = [component_of(each) for name, each in found.items() if name != root]
    return tuple(sorted((*parts, *_carried()), key=lambda part: part.name.lower()))


def component_of(distribution: metadata.Distribution) -> Component:
    """Return a package with what it says of itself."""
    facts = distribution.metadata
    name = _normal(facts["Name"])
    return Component(
        name=facts["Name"],
        version=distribution.version,
        licence=_licence(facts),
        text="\n\n".join((*_own_texts(distribution), *_texts(_known().texts.get(name, ())))),
        homepage=_homepage(facts) or f"https://pypi.org/project/{name}/",
        address=f"pkg:pypi/{name}@{distribution.version}",
    )


def _has_model() -> bool:
    try:
        embedded_model()
    except EngineError:
        return False
    return True


# --- packages ------------------------------------------------------------------------------------


def _needs(distribution: metadata.Distribution) -> list[str]:
    names = []
    for line in distribution.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            names.append(requirement.name)
    return names


def _fact(facts: metadata.PackageMetadata, name: str) -> str:
    """Return what a field holds, empty where it is missing.

    Not by its key: importlib_metadata, which keyring brings, takes the library's place as soon as
    it is imported, and raises KeyError there.
    """
    return next(iter(facts.get_all(name) or ()), "")


def _licence(facts: metadata.PackageMetadata) -> str:
    """Return a licence's name, from whichever of three fields holds it."""
    expression = _fact(facts, "License-Expression")
    named = [
        line.rsplit(" :: ", 1)[-1]
        for line in facts.get_all("Classifier") or ()
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    free = _fact(facts, "License").strip().splitlines()
    short = free[0] if free and len(free[0]) <= _LONGEST_NAME else ""
    return expression or ", ".join(named) or short or UNKNOWN


def _homepage(facts: metadata.PackageMetadata) -> str:
    addresses = [_fact(facts, "Home-page")]
    for line in facts.get_all("Project-URL") or ():
        label, _, address = line.partition(",")
        if label.strip().lower() in _OWN_PAGES:
            addresses.append(address.strip())
    # Some packages were published with the address that their template had left to be filled in.
    return next((each for each in addresses if each and "TODO" not in each), "")


def _own_texts(distribution: metadata.Distribution) -> Iterator[str]:
    """Yield every licence file that the package carries."""
    for file in distribution.files or ():
        if ".dist-info" not in file.parts[0]:
            continue
        if "licenses" in file.parts or any(mark in file.name.upper() for mark in _LICENCE_FILES):
            path = Path(str(distribution.locate_file(file)))
            yield path.read_text(encoding="utf-8", errors="replace").strip()


# --- what is inside of them ----------------------------------------------------------------------


@cache
def _known() -> _Known:
    file = resources.files("resources").joinpath("licences", "components.toml")
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _Known)


def _texts(names: tuple[str, ...]) -> Iterator[str]:
    folder = resources.files("resources").joinpath("licences", "texts")
    for name in names:
        yield folder.joinpath(f"{name}.txt").read_text(encoding="utf-8").strip()


def _carried() -> Iterator[Component]:
    """Yield what comes along inside of packages, and below them, under licences of its own."""
    for each in _known().component:
        try:
            carrier = metadata.version(each.inside) if each.inside else ""
        except metadata.PackageNotFoundError:
            continue
        yield Component(
            name=each.name,
            version=each.version or _version(each.name, carrier),
            licence=each.licence,
            text="\n\n".join(part for part in (each.note, *_texts(each.texts)) if part),
            homepage=each.homepage,
            kind=each.kind,
        )


def _version(name: str, carrier: str) -> str:
    """Return a part's version, from what knows it; empty where nothing here does."""
    match name:
        case "Python":
            return ".".join(map(str, sys.version_info[:3]))
        case "Qt":
            return carrier
        case "SQLite":
            import apsw  # noqa: PLC0415 - loaded with the first chat, and not for a list of licences

            return apsw.sqlite_lib_version()
        case _:
            return ""


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
