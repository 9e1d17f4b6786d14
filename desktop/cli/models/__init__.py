"""``snug models``: the models on this machine and on the hub, from the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from desktop.cli.arguments import Parser, add_common_flags
from desktop.cli.terminal import UsageError, trouble_of
from desktop.paths import Paths
from models.problems import EngineError

SUBCOMMANDS: Final = {
    "list": "list the models on this machine",
    "inspect": "show what a model is, what is in its file, and whether it runs here",
    "search": "search the hub for models",
    "pull": "fetch a model from the hub",
    "remove": "move a model to the trash",
}


def run(argv: Sequence[str]) -> int:
    """Do what the subcommand says; return the exit status. Raises UserError."""
    head, name, rest = _split(list(argv))
    if name is None:
        _parser().parse_args(head)
        raise UsageError(
            "'snug models' needs to be told what to do.",
            f"Say one of {', '.join(SUBCOMMANDS)}, as in 'snug models list'.",
        )
    command = import_module(f"desktop.cli.models.{name}")
    parser = Parser(f"snug models {name}", f"{SUBCOMMANDS[name].capitalize()}.")
    command.add_arguments(parser)
    add_common_flags(parser)
    arguments = parser.parse_args([*head, *rest])
    paths = Paths(getattr(arguments, "basedir", None))
    paths.create()
    try:
        status: int = command.run(arguments, paths)
    except EngineError as error:
        raise trouble_of(error) from error
    return status


def _split(argv: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Return the flags before the subcommand, the subcommand, and what is its own."""
    for index, word in enumerate(argv):
        if argv[index - 1 : index] == ["--basedir"]:
            continue
        if word in SUBCOMMANDS:
            return argv[:index], word, argv[index + 1 :]
        if not word.startswith("-"):
            raise UsageError(
                f"'snug models' knows no “{word}”.", f"It knows {', '.join(SUBCOMMANDS)}."
            )
    return argv, None, []


def _parser() -> Parser:
    listed = "\n".join(f"  {name:8} {purpose}" for name, purpose in SUBCOMMANDS.items())
    parser = Parser(
        "snug models",
        "The models on this machine, and those on the hub.",
        epilog=f"subcommands:\n{listed}\n\n'snug models SUBCOMMAND --help' shows more of each.",
    )
    add_common_flags(parser)
    return parser
