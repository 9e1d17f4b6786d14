"""``snug models remove``: a model into the system's trash."""

from __future__ import annotations

import argparse
import sys

from desktop.cli.arguments import Parser
from desktop.cli.models.library import find_entry, folders_of, load_settings
from desktop.cli.terminal import UsageError, harmless, print_json, say
from desktop.domain.errors import UserError
from desktop.paths import Paths
from models.amounts import size_in_words
from models.library.entry import LibraryEntry
from models.library.removal import remove


def add_arguments(parser: Parser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument("model", metavar="FILE|NAME", help="a GGUF file, or a model's name")
    parser.add_argument("--yes", action="store_true", help="don't ask first")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """Move the model to the trash, once the person has said yes. Raises UserError, EngineError."""
    folders = folders_of(load_settings(paths), paths)
    entry = find_entry(arguments.model, folders, paths)
    if entry.source == "embedded":
        raise UserError(
            f"{entry.name} came with Snug and goes with it.",
            "It takes no part in your folder of models.",
        )
    if not arguments.yes and not _agreed(entry):
        say("Nothing was removed.")
        return 1
    freed = remove(entry, folders)
    if arguments.json:
        print_json({"path": entry.path, "name": entry.name, "freed_bytes": freed})
    else:
        print(
            f"{harmless(entry.name)} is in the trash. "
            f"{size_in_words(freed)} are free again once you empty it."
        )
    return 0


def _agreed(entry: LibraryEntry) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "Removing a model has to be confirmed, and there is nobody to ask.",
            "Say --yes if you are sure.",
        )
    count = len(entry.parts)
    files = "" if count == 1 else f" in {count} files"
    size = size_in_words(entry.size_bytes)
    say(f"{entry.path}\nMove {entry.name} ({size}{files}) to the trash? [y/N]")
    try:
        return input().strip().lower() in {"y", "yes"}
    except EOFError:
        return False
