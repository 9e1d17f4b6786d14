"""Presets on the command line: by their names."""

from __future__ import annotations

from desktop.cli.arguments import Parser
from desktop.cli.terminal import UsageError
from desktop.domain.presets import Preset
from desktop.storage.database import Database
from desktop.storage.presets import PresetStore


def add_preset_flag(parser: Parser) -> None:
    """Add the flag that names a preset."""
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="settings, system prompt and examples that were saved under this name; other flags "
        "go before them",
    )


def named_preset(name: str | None, database: Database) -> Preset | None:
    """Return the preset of that name, None where none is asked for. Raises UsageError."""
    if name is None:
        return None
    store = PresetStore(database)
    found = store.named(name)
    if found is None:
        names = ", ".join(f"“{each.name}”" for each in store.presets()[:20])
        hint = f"There are {names}." if names else "Save one in the window's settings first."
        raise UsageError(f"No preset is named “{name}”.", hint)
    return found
