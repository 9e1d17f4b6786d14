"""Whether a name is meant by the few letters that somebody typed, and how surely."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

LONGEST_QUERY: Final = 100
_LEAST_LETTERS: Final = 3
"""A subsequence of fewer letters is in nearly every name."""
_WORDS: Final = 10_000
_ELSEWHERE: Final = 1_000
"""What a match by words is worth, and what it loses for each that doesn't begin one of the name."""


class NameMatch(NamedTuple):
    """The greater the ``score``, the surer; ``places`` are the letters of the name that were meant.

    ``places`` are indices into the name, ascending; empty where only what stands beside matched.
    """

    score: int
    places: tuple[int, ...]


def match_name(query: str, name: str, beside: str = "") -> NameMatch | None:
    """Return how a query means a name; None where it doesn't.

    Each word of it begins, or else is in, a word of the name, or of ``beside``, the words that
    tell where the thing belongs. Failing that, its letters, three or more, are in the name in
    their order, the first at the beginning of a word. Case and accents make no difference.
    """
    wanted = _folded(unicodedata.normalize("NFC", query[:LONGEST_QUERY])).split()
    folded = _folded(name)
    if not wanted:
        return NameMatch(0, ())
    by_words = _by_words(wanted, folded, _folded(beside))
    return by_words or _by_letters("".join(wanted), folded)


def _by_words(wanted: list[str], name: str, beside: str) -> NameMatch | None:
    places: set[int] = set()
    score = _WORDS - len(name)
    for word in wanted:
        at = _begun(name, word)
        if at < 0 and _begun(beside, word) >= 0:
            score -= _ELSEWHERE
            continue
        if at < 0 and len(word) > 1:
            at = name.find(word)
            score -= _ELSEWHERE
        if at < 0:
            return None
        score -= at
        places.update(range(at, at + len(word)))
    return NameMatch(score, tuple(sorted(places)))


def _begun(text: str, word: str) -> int:
    """Return where a word of the text begins like this, -1 for nowhere."""
    at = text.find(word)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at


def _by_letters(letters: str, name: str) -> NameMatch | None:
    if len(letters) < _LEAST_LETTERS:
        return None
    starts = [
        at
        for at, letter in enumerate(name)
        if letter == letters[0] and not name[at - 1 : at].isalnum()
    ]
    found = [_spread(letters, name, at, eager=eager) for at in starts for eager in (True, False)]
    whole = [places for places in found if places]
    if not whole:
        return None
    places = min(whole, key=lambda each: each[-1] - each[0])
    return NameMatch(-places[-1], places)


def _spread(letters: str, name: str, start: int, *, eager: bool) -> tuple[int, ...]:
    """Return where the letters are from a place on, empty where they aren't.

    ``eager`` goes on to the next word that begins with a letter rather than to the next letter.
    """
    places = [start]
    for letter in letters[1:]:
        at = places[-1] + 1
        if not name.startswith(letter, at):
            begun = _begun(name[at:], letter) if eager else -1
            at = at + begun if begun >= 0 else name.find(letter, at)
        if at < 0:
            return ()
        places.append(at)
    return tuple(places)


@lru_cache(maxsize=1_000)
def _folded(text: str) -> str:
    """Return the text without case and accents, letter for letter."""
    return "".join(map(_folded_letter, text))


@lru_cache(maxsize=1_000)
def _folded_letter(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter.casefold())
    is_one = all(map(unicodedata.combining, parts[1:]))
    return parts[0] if is_one else letter
