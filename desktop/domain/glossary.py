"""A glossary: words that must be translated in one way and no other."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from desktop.domain.errors import UserError
from models.wording import number, tr

_SIGNS: Final = ("\t", "=>", "->", "→", "=", ";", ",")
"""Between a term and its translation; the first of these that a line has."""
_LONGEST: Final = 200
_MOST_TERMS: Final = 2_000
_ENDING: Final = 2
"""Letters that a word may have besides, or a translation lack: the endings of a sentence."""
_LEAST_STEM: Final = 4


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A term of the source, and what it must become."""

    source: str
    target: str


def parse_glossary(text: str) -> tuple[Term, ...]:
    """Return the terms of a glossary: one a line, ``term = translation``, tabs and CSV as well.

    Lines that begin with ``#`` are notes. Raises UserError that names the line.
    """
    terms: dict[str, Term] = {}
    for at, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        source, target = _pair(line)
        if not source or not target or max(len(source), len(target)) > _LONGEST:
            raise UserError(
                tr(
                    "Line {number} of the glossary can't be understood: “{line}”.",
                    number=at,
                    line=line[:60],
                ),
                tr("Write one term a line, such as “harbour = Hafen”."),
            )
        terms[source.casefold()] = Term(source=source, target=target)
        if len(terms) > _MOST_TERMS:
            raise UserError(
                tr("The glossary has more than {most} terms.", most=number(_MOST_TERMS)),
                tr("Divide it by subject."),
            )
    return tuple(terms.values())


def _pair(line: str) -> tuple[str, str]:
    if line.startswith('"'):
        sign = next((each for each in (",", ";", "\t") if f'"{each}' in line), ",")
        cells = next(csv.reader([line], delimiter=sign), [])
        return (cells[0].strip(), cells[1].strip()) if len(cells) > 1 else ("", "")
    for sign in _SIGNS:
        source, found, target = line.partition(sign)
        if found:
            return source.strip(), target.strip()
    return "", ""


def terms_in(text: str, glossary: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms that a text has, in any case, in the singular or the plural."""
    plain = _plain(text) if glossary else ""
    return tuple(term for term in glossary if _pattern(term.source, loose=False).search(plain))


def is_obeyed(term: Term, translation: str) -> bool:
    """Return whether a translation has the term's own translation, inflected or not."""
    return bool(_pattern(term.target, loose=True).search(_plain(translation)))


@cache
def _pattern(term: str, *, loose: bool) -> re.Pattern[str]:
    """Return what finds a term: its words in their order, loosely with any ending."""
    words = [_word(word, loose=loose) for word in _plain(term).split()]
    # Where words aren't divided by spaces, a term has no edges to look for.
    edge = r"(?<!\w)" if _has_case(term[:1]) else ""
    return re.compile(edge + r"\s+".join(words), re.IGNORECASE)


def _word(word: str, *, loose: bool) -> str:
    if not _has_case(word) or not word[-1].isalpha():
        return re.escape(word)
    stem = max(_LEAST_STEM, len(word) - _ENDING) if loose else len(word)
    stem = min(stem, len(word))
    return rf"{re.escape(word[:stem])}\w{{0,{len(word) - stem + _ENDING}}}(?!\w)"


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()


def _plain(text: str) -> str:
    """Return a text without accents: plurals and cases may take or lose them."""
    return "".join(
        each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each)
    )
