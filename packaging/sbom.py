"""Writes the bill of materials of a build: what is inside, in CycloneDX's format, for programs."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import licences
import msgspec
from version import version

from desktop.licences import Component

SPECIFICATION: Final = "1.6"
_HOMEPAGE: Final = "https://github.com/snug-chat/snug"
_TYPES: Final = {"library": "library", "font": "data", "model": "machine-learning-model"}


def write_all(folder: Path, parts: Sequence[Component], time: int) -> None:
    """Write a bill for each form of this system's installers: with the model, and without.

    ``time`` is that of the build, in seconds since the epoch.
    """
    lite = licences.without_models(parts)
    system = f"{platform.system().lower()}-{platform.machine().lower()}"
    for name, listed in (("snug", parts), ("snug-lite", lite)):
        made = msgspec.json.encode(bill(name, listed, time))
        path = folder / f"{name}-{version()}-{system}.cdx.json"
        path.write_bytes(msgspec.json.format(made, indent=2) + b"\n")


def bill(name: str, parts: Sequence[Component], time: int) -> dict[str, object]:
    """Return it as plain JSON data; the same for the same build."""
    listed = [_component(part) for part in parts]
    content = msgspec.json.encode((name, version(), listed)).decode()
    root = f"{name}@{version()}"
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, content).urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": name,
                "version": version(),
                "licenses": [{"license": {"id": "MIT"}}],
                "externalReferences": [{"type": "website", "url": _HOMEPAGE}],
            },
        },
        "components": listed,
        "dependencies": [{"ref": root, "dependsOn": [each["bom-ref"] for each in listed]}],
    }


def _component(part: Component) -> dict[str, object]:
    made: dict[str, object] = {
        "type": _TYPES[part.kind],
        "bom-ref": part.address or part.name,
        "name": part.name,
        # Names of licences come as their packages write them, of which few are SPDX expressions.
        "licenses": [{"license": {"name": part.licence}}],
    }
    if part.version:
        made["version"] = part.version
    if part.address:
        made["purl"] = part.address
    if part.homepage:
        made["externalReferences"] = [{"type": "website", "url": part.homepage}]
    return made
