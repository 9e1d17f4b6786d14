"""Writes the licences of all that a frozen build contains into it."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from desktop.licences import Component, collect


def write(folder: Path) -> None:
    """Write the list that the About box shows, and the texts as one file for people."""
    parts = collect()
    nameless = [part.name for part in parts if part.licence == "see its text" and not part.text]
    if nameless:
        names = ", ".join(nameless)
        sys.exit(f"error: no licence is known of {names}\nName it in desktop/licences.py.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "components.json").write_bytes(msgspec.json.encode(parts))
    (folder / "THIRD-PARTY.txt").write_text("\n".join(map(_section, parts)), encoding="utf-8")


def _section(part: Component) -> str:
    head = f"{part.name} {part.version}\nLicence: {part.licence}\n{part.homepage}\n"
    return f"{'=' * 80}\n{head}\n{part.text}\n"
