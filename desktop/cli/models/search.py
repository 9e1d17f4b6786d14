"""``snug models search``: repositories on the hub that have GGUF files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from typing import Final, get_args

import msgspec

from desktop.cli.arguments import Parser
from desktop.cli.models.hub import access_of
from desktop.cli.models.library import load_settings
from desktop.cli.models.tables import print_table
from desktop.cli.terminal import StatusLine, UsageError, print_json, say
from desktop.paths import Paths
from models.amounts import count_in_words
from models.hub.client import MAX_RESULTS, Hub
from models.hub.records import HubModel, Sort

_TITLES: Final = ("repository", "downloads", "likes", "updated", "access")
_NUMBERS: Final = (1, 2)


def add_arguments(parser: Parser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument("query", nargs="+", help="words of the model's name")
    parser.add_argument(
        "--sort", choices=get_args(Sort), default="trending", help="what comes first"
    )
    parser.add_argument(
        "--limit", type=int, default=20, metavar="N", help=f"how many at most, 1 to {MAX_RESULTS}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """List what the hub has; 0 also where it has nothing. Raises UserError, EngineError."""
    if not 1 <= arguments.limit <= MAX_RESULTS:
        raise UsageError(
            f"--limit {arguments.limit} is out of range.", f"Name a number from 1 to {MAX_RESULTS}."
        )
    access = access_of(load_settings(paths), paths)
    status = StatusLine()
    status.show(f"Asking {access.host} …")
    try:
        with closing(Hub(access)) as hub:
            found = hub.search(" ".join(arguments.query), arguments.sort, arguments.limit)
    finally:
        status.clear()
    if arguments.json:
        print_json({"endpoint": access.endpoint, "models": msgspec.to_builtins(found)})
    else:
        _print(found)
    return 0


def _print(found: Sequence[HubModel]) -> None:
    if not found:
        say("Nothing was found. Try fewer words, or only a part of the name.")
        return
    rows = [
        (
            model.repo,
            count_in_words(model.downloads),
            count_in_words(model.likes),
            model.updated,
            "gated" if model.gated else "open",
        )
        for model in found
    ]
    print_table(_TITLES, rows, _NUMBERS)
