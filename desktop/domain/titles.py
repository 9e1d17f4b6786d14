"""The title that a chat gets from its first message."""

from __future__ import annotations

from typing import Final

MAX_TITLE: Final = 60
"""In characters."""


def title_from(text: str) -> str:
    """Return the first line of ``text`` that says something, cut at a word to ``MAX_TITLE``."""
    line = next((line for line in map(_plain, text.splitlines()) if line), "")
    if len(line) <= MAX_TITLE:
        return line
    cut = line[: MAX_TITLE - 1]
    head, space, _ = cut.rpartition(" ")
    # A single long word (an address, text without spaces) is cut where it is.
    return (head if space else cut).rstrip(" ,;:.-") + "…"


def _plain(line: str) -> str:
    """Return the line without control characters and with single spaces."""
    printable = "".join(character if character.isprintable() else " " for character in line)
    return " ".join(printable.split())
