"""The options as Markdown tables; ``python -m desktop.settings.docs README.md`` renews it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from desktop.settings.schema import (
    APP_OPTIONS,
    LOADING_OPTIONS,
    OPTIONS,
    Effect,
    OptionInfo,
)

BEGIN: Final = "<!-- options: made by python -m desktop.settings.docs README.md -->"
END: Final = "<!-- /options -->"
SECTIONS: Final = (
    ("Of a completion; they belong to a chat:", OPTIONS),
    ("Of a load; they belong to a model:", LOADING_OPTIONS),
    ("Of the application:", APP_OPTIONS),
)


def markdown_table(options: Sequence[OptionInfo]) -> str:
    """Return a table with a row for each option."""
    rows = ["| setting | flag | range | default | what it does |", "|---|---|---|---|---|"]
    for info in options:
        flag = f"`{info.flag}`" if _has_flag(info) else "–"
        cells = (info.option.label, flag, _range(info), _default(info))
        rows.append(f"| {' | '.join(cells)} | {info.option.help} |")
    return "\n".join(rows)


def markdown() -> str:
    """Return the tables of all options, each below what it is of."""
    return "\n\n".join(f"{title}\n\n{markdown_table(options)}" for title, options in SECTIONS)


def renewed(text: str) -> str:
    """Return the text with the tables between the marks made anew."""
    block = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return block.sub(lambda _: f"{BEGIN}\n{markdown()}\n{END}", text)


def _has_flag(info: OptionInfo) -> bool:
    return info not in APP_OPTIONS or info.option.effect is Effect.RELOAD


def _range(info: OptionInfo) -> str:
    if info.kind is bool:
        return "on, off"
    if issubclass(info.kind, Enum):
        return ", ".join(info.kind)
    if info.kind is tuple:
        return "numbers" if info.item is float else "texts"
    if info.minimum is None or info.maximum is None:
        return "text"
    return f"{info.minimum:,} to {info.maximum:,}"


def _default(info: OptionInfo) -> str:
    if info.kind is bool:
        return "on" if info.default else "off"
    if issubclass(info.kind, Enum):
        return str(info.default)
    if info.default in (None, 0) and info.option.zero:
        return info.option.zero
    return f"{info.default:,}" if isinstance(info.default, int | float) else "empty"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
