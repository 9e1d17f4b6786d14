"""Command lines: one flag for every setting, made from its declaration."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from desktop.cli.terminal import USAGE_STATUS, UsageError, report_trouble
from desktop.domain.errors import UserError
from desktop.settings.schema import OPTIONS, OptionInfo
from desktop.settings.store import check_value, describe_range, parse_value


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are a line of cause and a line of remedy."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Report the complaint and leave with the status of a bad command line."""
        report_trouble(UsageError(message, f"'{self.prog} --help' shows what there is."))
        sys.exit(USAGE_STATUS)


def add_common_flags(parser: Parser) -> None:
    """Add what every command takes."""
    parser.add_argument(
        "--basedir",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="keep chats, settings, cache and logs below this folder",
    )


def add_model_flags(parser: Parser) -> None:
    """Add the model, and a flag for each setting of a completion."""
    parser.add_argument(
        "--model",
        metavar="FILE|NAME",
        help="a GGUF file, or the name of a model that was used before; the default is the one "
        "of the settings, else the embedded one",
    )
    group = parser.add_argument_group("settings of the completion")
    for info in OPTIONS:
        is_list = info.kind is tuple
        help_text = f"{info.option.label}: {info.option.help} {describe_range(info)}"
        if is_list:
            help_text = f"{info.option.label}: {info.option.help.split('.')[0]}. May be repeated."
        group.add_argument(
            info.flag,
            dest=info.name,
            action="append" if is_list else "store",
            metavar="TEXT" if info.kind in {str, tuple} else "N",
            help=help_text.replace("%", "%%"),
        )


def chosen_settings(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that the flags name. Raises UsageError for one that isn't allowed."""
    return {
        info.name: _value(info, given)
        for info in OPTIONS
        if (given := getattr(arguments, info.name)) is not None
    }


def _value(info: OptionInfo, given: str | list[str]) -> object:
    try:
        if isinstance(given, str):
            return parse_value(info, given)
        return check_value(info, tuple(given))
    except UserError as error:
        raise UsageError(f"{info.flag}: {error.title}", error.hint, error.detail) from error
