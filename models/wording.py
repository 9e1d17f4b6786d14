"""What people read, in their language: catalogues of GNU gettext, with English as the source.

Used by every process. The window chooses the language by ``use_language``; a process that it starts
inherits the choice through ``SNUG_LANGUAGE``. The terminal's own words stay English.
"""

from __future__ import annotations

import gettext
import os
from functools import cache
from importlib import resources
from typing import Final

LANGUAGE: Final = "SNUG_LANGUAGE"
"""The environment variable that names the language; unset or empty: English."""


def tr(text: str, /, **values: object) -> str:
    """Return a sentence in the reader's language, with its ``{named}`` places filled.

    ``text`` is a literal, or a constant that was marked with ``mark``.
    """
    # To nothing a catalogue has an answer: what it says of itself.
    said = _catalogue(language()).gettext(text) if text else text
    return said.format(**values) if values else said


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the sentence for so many: ``{count}`` is the number as people write it."""
    said = _catalogue(language()).ngettext(one, many, count)
    return said.format(count=number(count), **values)


def mark(text: str, /) -> str:
    """Return the text as it is: a constant that ``tr`` translates where it is shown."""
    return text


def number(value: float, digits: int = 0, /) -> str:
    """Return a number with so many decimals, and the separators of the reader's language."""
    thousands, point = _separators(language())
    return f"{value:,.{digits}f}".translate({ord(","): thousands, ord("."): point})


def read_ahead() -> None:
    """Read the catalogue now: for a process that is about to limit its own memory."""
    _catalogue(language())


def use_language(code: str, /) -> None:
    """Speak this language from now on, here and in the processes that are started later."""
    os.environ[LANGUAGE] = code


def language() -> str:
    """Return the code of the language that is spoken; empty: English."""
    return os.environ.get(LANGUAGE, "")


def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are, English first."""
    folder = resources.files("resources").joinpath("translations")
    found = (entry.name for entry in folder.iterdir())
    return ("en", *sorted(name.removesuffix(".mo") for name in found if name.endswith(".mo")))


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; one that is not there leaves the texts English."""
    file = resources.files("resources").joinpath("translations", f"{code}.mo")
    if code in {"", "en"} or not file.is_file():
        return gettext.NullTranslations()
    with file.open("rb") as stream:
        return gettext.GNUTranslations(stream)


@cache
def _separators(code: str) -> tuple[str, str]:
    # A number whose translation shows them.
    shown = _catalogue(code).gettext(mark("1,234.5"))
    return shown[1], shown[-2]
