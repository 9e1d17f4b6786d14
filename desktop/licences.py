"""What Snug is made of, and under which licences: asked of the installed packages themselves."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from models.installation import is_frozen

LISTED_FILE: Final = "licences/components.json"
"""Where a frozen build keeps the list: the packages' own records are not in it."""
_LICENCE_FILES: Final = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")
_LONGEST_NAME: Final = 60


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A part of Snug, with the text of its licence as far as it comes along."""

    name: str
    version: str
    licence: str
    text: str = ""
    homepage: str = ""


def components() -> tuple[Component, ...]:
    """Return every part, by name; reads files, so not for the window's thread."""
    if is_frozen():
        listed = Path(sys.prefix) / LISTED_FILE
        return msgspec.json.decode(listed.read_bytes(), type=tuple[Component, ...])
    return collect()


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
    parts = [_component(each) for name, each in found.items() if name != root]
    return tuple(sorted((*parts, *_beside()), key=lambda part: part.name.lower()))


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


def _component(distribution: metadata.Distribution) -> Component:
    facts = distribution.metadata
    return Component(
        name=facts["Name"],
        version=distribution.version,
        licence=_licence(facts),
        text=_text(distribution),
        homepage=facts["Home-page"] or _homepage(facts),
    )


def _licence(facts: metadata.PackageMetadata) -> str:
    """Return a licence's name, from whichever of three fields holds it."""
    expression: str = facts["License-Expression"] or ""
    named = [
        line.rsplit(" :: ", 1)[-1]
        for line in facts.get_all("Classifier") or ()
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    free = (facts["License"] or "").strip().splitlines()
    short = free[0] if free and len(free[0]) <= _LONGEST_NAME else ""
    return str(expression or ", ".join(named) or short or "see its text")


def _homepage(facts: metadata.PackageMetadata) -> str:
    for line in facts.get_all("Project-URL") or ():
        label, _, address = line.partition(",")
        if label.strip().lower() in {"homepage", "source", "repository", "source code"}:
            return str(address).strip()
    return ""


def _text(distribution: metadata.Distribution) -> str:
    """Return every licence file that the package carries."""
    texts = []
    for file in distribution.files or ():
        is_record = ".dist-info" in file.parts[0]
        if is_record and any(mark in file.name.upper() for mark in _LICENCE_FILES):
            path = Path(str(distribution.locate_file(file)))
            texts.append(path.read_text(encoding="utf-8", errors="replace").strip())
    return "\n\n".join(texts)


def _beside() -> tuple[Component, ...]:
    """Return what comes along inside of packages, under licences of its own."""
    try:
        engine = metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        engine = ""
    return (
        Component(
            name="Python",
            version=".".join(map(str, sys.version_info[:3])),
            licence="PSF-2.0",
            homepage="https://www.python.org",
        ),
        Component(
            name="llama.cpp",
            version=f"with llama-cpp-python {engine}",
            licence="MIT",
            homepage="https://github.com/ggml-org/llama.cpp",
        ),
        Component(
            name="SQLite",
            version="with apsw",
            licence="Public domain",
            homepage="https://www.sqlite.org",
        ),
        Component(
            name="PDFium",
            version="with pypdfium2",
            licence="BSD-3-Clause, Apache-2.0",
            homepage="https://pdfium.googlesource.com/pdfium",
        ),
    )


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
