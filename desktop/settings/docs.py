"""The options as a Markdown table; ``python -m desktop.settings.docs README.md`` renews it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from desktop.settings.schema import OPTIONS, OptionInfo

BEGIN: Final = "<!-- options: made by python -m desktop.settings.docs README.md -->"
END: Final = "<!-- /options -->"


def markdown_table(options: Sequence[OptionInfo] = OPTIONS) -> str:
    """Return a table with a row for each option."""
    rows = ["| setting | flag | range | default | what it does |", "|---|---|---|---|---|"]
    for info in options:
        cells = (info.option.label, f"`{info.flag}`", _range(info), _default(info))
        rows.append(f"| {' | '.join(cells)} | {info.option.help} |")
    return "\n".join(rows)


def renewed(text: str) -> str:
    """Return the text with the table between the marks made anew."""
    block = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return block.sub(lambda _: f"{BEGIN}\n{markdown_table()}\n{END}", text)


def _range(info: OptionInfo) -> str:
    if info.minimum is None or info.maximum is None:
        return "text" if info.kind is str else "texts"
    return f"{info.minimum:,} to {info.maximum:,}"


def _default(info: OptionInfo) -> str:
    if info.default in (None, 0) and info.option.zero:
        return info.option.zero
    return f"{info.default:,}" if isinstance(info.default, int | float) else "empty"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
