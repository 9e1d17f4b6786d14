"""Blocks as Markdown in which every letter of the text is text: no link, picture or markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from desktop.work.export_blocks import ExportBlock

_SIGNS: Final = re.compile(r"([\\`*<>\[\]|~&])|(?<!\w)(_)|(_)(?!\w)|(!)(?=\[)")
_OPENING: Final = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+=](?=\s|$|[-=])|\d{1,9}(?=[.)](?:\s|$))|:)")
_FENCE: Final = re.compile(r"`{3,}")


def as_markdown(blocks: Sequence[ExportBlock]) -> str:
    """Return the blocks as Markdown; neighbouring items make one list."""
    parts: list[str] = []
    for block, before in zip(blocks, [None, *blocks], strict=False):
        is_list = block.kind == "item" and before is not None and before.kind == "item"
        joint = "" if not parts else "\n" if is_list else "\n\n"
        parts.append(joint + _block(block))
    return "".join(parts) + "\n" if parts else ""


def escaped(text: str) -> str:
    """Return a text as Markdown shows it letter by letter, in one line or in several."""
    lines = _SIGNS.sub(r"\\\g<0>", text).splitlines() or [""]
    return "\n".join(_OPENING.sub(_escape_opening, line.lstrip("\t ")) for line in lines)


def _escape_opening(found: re.Match[str]) -> str:
    space, sign = found[1], found[2]
    return f"{space}{sign}\\" if sign.isdigit() else f"{space}\\{sign}"


def _block(block: ExportBlock) -> str:
    match block.kind:
        case "heading":
            return f"{'#' * min(max(1, block.level), 6)} {' '.join(escaped(block.text).split())}"
        case "item":
            return f"- {_indented(escaped(block.text), '  ')}"
        case "code":
            fence = "`" * max(3, *(len(run) + 1 for run in _FENCE.findall(block.text)), 3)
            return f"{fence}\n{block.text}\n{fence}"
        case "note":
            return f"> {_indented(escaped(block.text), '> ')}"
        case "table":
            return _table(block.rows)
        case _:
            # Lines of a text stay lines.
            return escaped(block.text).replace("\n", "  \n")


def _indented(text: str, by: str) -> str:
    return f"\n{by}".join(line for line in text.split("\n") if line.strip())


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [
        "| " + " | ".join(" ".join(escaped(cell).split()) for cell in row) + " |" for row in rows
    ]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])
