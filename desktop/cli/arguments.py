"""Command lines: one flag for every setting, made from its declaration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from desktop.cli.terminal import USAGE_STATUS, UsageError, report_trouble
from desktop.domain.errors import UserError
from desktop.settings.schema import (
    APP_OPTIONS,
    LOADING_OPTIONS,
    OPTIONS,
    AppSettings,
    Effect,
    GenerationSettings,
    LoadingSettings,
    OptionInfo,
)
from desktop.settings.store import check_value, describe_range, parse_value

LOADING_APP_OPTIONS: Final = tuple(
    info for info in APP_OPTIONS if info.option.effect is Effect.RELOAD
)
"""What belongs to the application and takes part in each load."""


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
    """Add the model, and a flag for each setting of a completion and of a load."""
    parser.add_argument(
        "--model",
        metavar="FILE|NAME",
        help="a GGUF file, or the name of a model that was used before; the default is the one "
        "of the settings, else the embedded one",
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="load a model that is judged not to fit, or that is set apart for its crashes",
    )
    _add_options(parser, "settings of the completion", OPTIONS)
    _add_options(parser, "how the model is loaded", (*LOADING_OPTIONS, *LOADING_APP_OPTIONS))


def chosen_settings(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the settings that the flags name. Raises UsageError for one that isn't allowed."""
    return _chosen(arguments, OPTIONS, GenerationSettings)


def chosen_loading(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what the flags say of how the model is loaded. Raises UsageError."""
    return _chosen(arguments, LOADING_OPTIONS, LoadingSettings)


def chosen_for_all(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what the flags say in place of the application's own settings. Raises UsageError."""
    return _chosen(arguments, LOADING_APP_OPTIONS, AppSettings)


def _add_options(parser: Parser, title: str, options: Sequence[OptionInfo]) -> None:
    group = parser.add_argument_group(title)
    for info in options:
        is_list = _is_repeated(info)
        help_text = f"{info.option.label}: {info.option.help} {describe_range(info)}"
        if is_list:
            help_text = f"{info.option.label}: {info.option.help.split('.')[0]}. May be repeated."
        group.add_argument(
            info.flag,
            dest=info.name,
            action="append" if is_list else "store",
            metavar=_metavar(info),
            help=help_text.replace("%", "%%"),
        )


def _is_repeated(info: OptionInfo) -> bool:
    return info.kind is tuple and info.item is str


def _metavar(info: OptionInfo) -> str:
    if info.kind is bool:
        return "on|off"
    if issubclass(info.kind, Enum):
        return "|".join(info.kind)
    if info.kind is tuple and info.item is float:
        return "N,N"
    return "TEXT" if info.kind in {str, tuple} else "N"


def _chosen(
    arguments: argparse.Namespace,
    options: Sequence[OptionInfo],
    struct: type[msgspec.Struct],
) -> dict[str, object]:
    return {
        info.name: _value(info, given, struct)
        for info in options
        if (given := getattr(arguments, info.name)) is not None
    }


def _value(info: OptionInfo, given: str | list[str], struct: type[msgspec.Struct]) -> object:
    try:
        if isinstance(given, str):
            return parse_value(info, given, struct)
        return check_value(info, tuple(given), struct)
    except UserError as error:
        raise UsageError(f"{info.flag}: {error.title}", error.hint, error.detail) from error
