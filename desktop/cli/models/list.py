"""``snug models list``: every model on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from desktop.cli.arguments import Parser
from desktop.cli.models.library import (
    KINDS,
    SOURCES,
    entry_as_json,
    folders_of,
    load_settings,
    look_through,
    problem_as_json,
)
from desktop.cli.models.tables import print_table
from desktop.cli.terminal import harmless, print_json, report_trouble, trouble_of
from desktop.paths import Paths
from models.amounts import count_in_words, size_in_words
from models.library.entry import LibraryEntry

_TITLES: Final = ("name", "kind", "parameters", "quantization", "size", "context", "where")
_NUMBERS: Final = (2, 4, 5)
_NOTHING: Final = "–"


def add_arguments(parser: Parser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--own",
        action="store_true",
        help="leave out what lies in other programs' folders",
    )


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """List the models; troubles go to standard error and don't change the status."""
    folders = folders_of(load_settings(paths), paths, others=not arguments.own)
    entries, troubles = look_through(folders, paths)
    if arguments.json:
        print_json(
            {
                "models": [entry_as_json(entry) for entry in entries],
                "troubles": [problem_as_json(trouble) for trouble in troubles],
            }
        )
    else:
        _print(entries)
    for trouble in troubles:
        report_trouble(trouble_of(trouble))
    return 0


def _print(entries: Sequence[LibraryEntry]) -> None:
    print_table(_TITLES, [_row(entry) for entry in entries], _NUMBERS)
    for entry in entries:
        if entry.problem is not None:
            print(f"\n{harmless(entry.path)}\n  {harmless(entry.problem.title)}")
            print(f"  {harmless(entry.problem.hint)}")


def _row(entry: LibraryEntry) -> tuple[str, ...]:
    return (
        entry.name,
        KINDS[entry.kind] if entry.problem is None else "can't be used",
        count_in_words(entry.parameters) if entry.parameters else _NOTHING,
        entry.quantization or _NOTHING,
        size_in_words(entry.size_bytes),
        f"{entry.trained_context:,}" if entry.trained_context else _NOTHING,
        SOURCES[entry.source],
    )
