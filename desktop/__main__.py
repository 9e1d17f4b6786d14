"""``snug``: the window, a command for the terminal, or the engine process of a frozen build."""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Final

COMMANDS: Final = {
    "ask": "ask one question and print the reply",
    "chat": "chat in the terminal, on the same chats as the window",
    "summarize": "summarize whole documents, with the pages each sentence is from",
    "translate": "translate documents, with a mark on what is no translation",
    "extract": "fill a table from whole documents, with the place of each value",
    "chats": "list chats, export them, and import those of other products",
    "models": "list, inspect, search, pull and remove models",
    "doctor": "show what Snug runs on, and whether all of it works",
    "rpc-worker": "lend this machine's memory to a model on another one",
}
ENGINE_FLAG: Final = "--engine-process"
"""What a frozen build starts itself with to become the engine process."""
READING_FLAG: Final = "--reading-process"
"""The same for the process that reads documents."""
FORMULAS_FLAG: Final = "--formula-process"
"""The same for the process that sets formulas; the window knows it by this name too."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [ENGINE_FLAG]:
        # By name, since this is the one way from the application into the engine's own modules.
        import_module("models.worker").main(arguments[1:])
    if arguments[:1] == [READING_FLAG]:
        from desktop.documents import process

        process.main()
        return 0
    if arguments[:1] == [FORMULAS_FLAG]:
        from desktop.ui.transcript import formula_process

        formula_process.main()
        return 0
    return _guarded(lambda: _dispatch(arguments))


def _guarded(command: Callable[[], int]) -> int:
    """Run a command; what people can mend becomes two lines and an exit status."""
    from desktop.cli.terminal import (
        INTERRUPTED_STATUS,
        USAGE_STATUS,
        UsageError,
        report_trouble,
    )
    from desktop.domain.errors import UserError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal of another encoding gets question marks, not an exception.
            stream.reconfigure(errors="replace")
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except UserError as error:
        report_trouble(error)
        return USAGE_STATUS if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS
    except BrokenPipeError:
        # Whoever read the output has gone, as in 'snug ask … | head -1'; the interpreter must
        # not try to write the rest to them when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _dispatch(argv: list[str]) -> int:
    from desktop.cli.terminal import UsageError
    from desktop.version import snug_version

    head, command, rest = _split(argv)
    options = _parse(head)
    if options.version:
        print(f"snug {snug_version()}")  # noqa: T201
        return 0
    if options.self_test:
        status: int = _window_part("desktop.self_test").run()
        return status
    basedir: Path | None = getattr(options, "basedir", None)
    if command is None:
        return _open_window(basedir, options.file, quick=options.quick)
    if options.quick:
        raise UsageError("--quick stands alone: it shows a window.", f"Leave out “{command}”.")
    if options.file is not None:
        raise UsageError(f"“{options.file}” can't stand before a command.", "Leave it out.")
    if basedir is not None:
        rest = ["--basedir", str(basedir), *rest]
    return _run_command(command, rest)


def _split(argv: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Return what stands before the command, the command, and what is its own."""
    for index, word in enumerate(argv):
        if word in COMMANDS and argv[index - 1 : index] != ["--basedir"]:
            return argv[:index], word, argv[index + 1 :]
    return argv, None, []


def _parse(argv: list[str]) -> argparse.Namespace:
    from desktop.cli.arguments import Parser, add_common_flags

    listed = "\n".join(f"  {name:11} {purpose}" for name, purpose in COMMANDS.items())
    parser = Parser(
        "snug",
        "Chat with language models on your own machine. Without a command the window opens.",
        epilog=f"commands:\n{listed}\n\n'snug COMMAND --help' shows more of each.",
    )
    parser.add_argument("file", nargs="?", metavar="COMMAND|FILE", help="a GGUF file to open")
    parser.add_argument(
        "--self-test", action="store_true", help="try every part for real, and print a table"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="show the small window for a quick question, of a Snug that runs or of a new one",
    )
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    add_common_flags(parser)
    return parser.parse_args(argv)


def _run_command(command: str, argv: list[str]) -> int:
    """Run a command of the terminal; none of them loads the window's toolkit."""
    run: Callable[[Sequence[str]], int] = import_module(
        f"desktop.cli.{command.replace('-', '_')}"
    ).run
    return run(argv)


def _open_window(basedir: Path | None, file: str | None, *, quick: bool) -> int:
    from desktop.cli.terminal import UsageError, say
    from desktop.paths import Paths

    if file is not None and not Path(file).expanduser().exists():
        raise UsageError(
            f"There is no command and no file “{file}”.", "'snug --help' shows what there is."
        )
    if quick and file is not None:
        raise UsageError("A quick question opens no file.", "Leave out --quick, or the file.")
    if not _has_display():
        say("There is no display for the window, so this is the chat in the terminal.")
        rest = [] if basedir is None else ["--basedir", str(basedir)]
        return _run_command("chat", rest if file is None else [*rest, "--model", file])
    paths = Paths(basedir)
    paths.create()
    # What a start makes lives as long as the window: looking for garbage in it costs a fifth of
    # the time. The window turns the collector on again.
    gc.disable()
    run: Callable[..., int] = _window_part("desktop.app").run
    model = None if file is None else str(Path(file).expanduser().absolute())
    return run(paths, model, quick=quick)


def _window_part(module: str) -> ModuleType:
    """Return a module that needs the window's toolkit. Raises UserError where that is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        from desktop.domain.errors import UserError
        from models.installation import repair

        # What the system's own linker says of a library that every desktop has.
        library = re.match(r"(lib\S+\.so\S*): cannot open shared object file", str(error))
        remedy = (
            f"Install the package of {library[1]} with your system's package manager"
            if library
            else f"{repair()} for what is missing"
        )
        raise UserError(
            f"The window can't be loaded: {error}",
            f"{remedy}, or chat in the terminal with 'snug chat'.",
        ) from error


def _has_display() -> bool:
    """Return whether a window can be shown; only some systems go without."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
