"""What can be seen to be wrong with a translation without knowing either language well."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.glossary import Term, is_obeyed, terms_in
from desktop.domain.languages import Language, guess_language, is_certainly_not
from desktop.domain.segments import Segment
from models.wording import tr, trn

MarkKind = Literal[
    "failed", "truncated", "copied", "language", "glossary", "loop", "same", "numbers", "length"
]
GRAVE: Final = frozenset(("failed", "truncated", "copied", "language", "glossary", "loop"))
"""Marks of what is not, or not wholly, a translation; the others are only to be looked at."""
UNTRANSLATED: Final = frozenset(("failed", "copied", "language"))

_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
_SPACED: Final = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_LABEL: Final = re.compile(
    r"^(?:(?:sure|certainly|of course)[,.!:]?\s*)?"
    r"(?:here(?:'s| is| are)[^\n:]{0,60}:|(?:the )?(?:[a-z]+ )?translation(?: (?:in|into|to) "
    r"[a-z]+)?\s*(?:is)?\s*:)\s*",
    re.IGNORECASE,
)
_FRAME: Final = re.compile(r"<\s*/?\s*document\s*>", re.IGNORECASE)
_QUOTES: Final = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'"}
_NAME_WORDS: Final = 3
"""Words that may well be the same in both languages: a name, a place."""
_SAME_SHARE: Final = 0.85
_LEAST_WORDS: Final = 5
_OTHER_DIGIT: Final = re.compile(r"(?![0-9])\d")
_WIDE_LETTER: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_WIDE: Final = 2.2
"""Letters of an alphabet that a character without one stands for."""
_SHORTEST: Final = 0.34
_LONGEST: Final = 3.0
_LEAST_LENGTH: Final = 24
_LOOP_WORDS: Final = 24
_LOOP_SHARE: Final = 0.35


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something doubtful in a translation, and a sentence that says what."""

    kind: MarkKind
    text: str


def cleaned(reply: str, segment: Segment) -> str:
    """Return what a model wrote without what it put around it: labels, quotes, its prompt's frame.

    Where the source is one line, so is the translation.
    """
    text = _FRAME.sub("", reply).strip()
    if not _LABEL.match(segment.text):
        text = _LABEL.sub("", text, count=1).strip()
    closing = _QUOTES.get(text[:1])
    if closing and len(text) > 1 and text.endswith(closing) and segment.text[:1] not in _QUOTES:
        text = text[1:-1].strip()
    if segment.kind in {"heading", "item", "cell"} or "\n" not in segment.text:
        text = " ".join(text.split())
    if segment.kind == "heading":
        text = text.lstrip("# ")
    return text


def check(
    segment: Segment,
    text: str,
    language: Language | None,
    glossary: Sequence[Term],
    *,
    truncated: bool,
) -> tuple[Mark, ...]:
    """Return the marks of a translation, the gravest first. ``language`` None: it isn't known."""
    before, after = _words(segment.text), _words(text)
    found = [
        _truncated(truncated=truncated),
        _same(segment.text, before, after, language),
        _other_language(text, language),
        _loop(before, after),
        *_against(segment.text, text, glossary),
        _numbers(segment.text, text),
        _length(segment.text, text),
    ]
    marks = [mark for mark in found if mark is not None]
    if any(mark.kind == "copied" for mark in marks):
        marks = [mark for mark in marks if mark.kind != "language"]
    return tuple(marks)


def _truncated(*, truncated: bool) -> Mark | None:
    if truncated:
        return Mark(kind="truncated", text=tr("It is cut off: the model wrote to its limit."))
    return None


def _same(
    source: str, before: Sequence[str], after: Sequence[str], language: Language | None
) -> Mark | None:
    """Mark what was left as it stood; a source that is in the wished language is none of it."""
    if not before or not after:
        return None
    common = (Counter(before) & Counter(after)).total()
    is_same = before == after
    is_nearly = len(before) >= _LEAST_WORDS and common >= _SAME_SHARE * max(len(before), len(after))
    if not is_same and not is_nearly:
        return None
    guess = guess_language(source)
    is_there_already = language is not None and guess is not None and guess.code == language.code
    if len(before) <= _NAME_WORDS or is_there_already or _is_all_names(source):
        return Mark(kind="same", text=tr("It is the same as the source."))
    return Mark(kind="copied", text=tr("It is not translated: it is the source again."))


def _is_all_names(source: str) -> bool:
    """Return whether no word of a text begins with a small letter, where its script has any."""
    words = _WORD.findall(source)
    return all(word[0] != word[0].lower() for word in words)


def _other_language(text: str, language: Language | None) -> Mark | None:
    if language is not None and is_certainly_not(text, language):
        return Mark(
            kind="language", text=tr("It does not read as {language}.", language=tr(language.name))
        )
    return None


def _loop(before: Sequence[str], after: Sequence[str]) -> Mark | None:
    """Mark a text that says the same over and over, where its source doesn't."""
    if _sameness(after) > _LOOP_SHARE and _sameness(before) <= _LOOP_SHARE:
        return Mark(kind="loop", text=tr("It repeats itself."))
    return None


def _sameness(words: Sequence[str]) -> float:
    """Return the share of a text's three-word runs that it has had before."""
    if len(words) < _LOOP_WORDS:
        return 0.0
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(set(runs)) / len(runs)


def _against(source: str, text: str, glossary: Sequence[Term]) -> list[Mark]:
    return [
        Mark(
            kind="glossary",
            text=tr(
                "The glossary wants “{target}” for “{source}”.",
                target=term.target,
                source=term.source,
            ),
        )
        for term in terms_in(source, glossary)
        if not is_obeyed(term, text)
    ]


def _numbers(source: str, text: str) -> Mark | None:
    there = {digits for found in _digits(text) for digits in found}
    # A space in a number may part thousands, or two numbers: what finds more of them is right.
    missing = min(
        (
            [shown for digits, shown in found.items() if digits not in there]
            for found in _digits(source)
        ),
        key=len,
    )
    if not missing:
        return None
    told = trn(
        "A number is missing: {numbers}.",
        "Numbers are missing: {numbers}.",
        len(missing),
        numbers=", ".join(missing[:4]),
    )
    return Mark(kind="numbers", text=told)


def _digits(text: str) -> list[dict[str, str]]:
    """Return the numbers of a text, their digits alone and as written; then with spaces in them."""
    plain = _OTHER_DIGIT.sub(lambda found: str(unicodedata.digit(found[0])), text)
    return [
        {"".join(filter(str.isdigit, number)): number for number in _NUMBER.findall(version)}
        for version in (plain, _SPACED.sub("", plain))
    ]


def _length(source: str, text: str) -> Mark | None:
    before, after = _weight(source), _weight(text)
    if before < _LEAST_LENGTH:
        return None
    if after < _SHORTEST * before:
        return Mark(kind="length", text=tr("It is much shorter than the source."))
    if after > _LONGEST * before:
        return Mark(kind="length", text=tr("It is much longer than the source."))
    return None


def _weight(text: str) -> float:
    return len(text) + (_WIDE - 1) * len(_WIDE_LETTER.findall(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
