"""Which sections a sentence of a summary comes from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_WORD: Final = re.compile(r"[^\W_]{2,}")
_MARK: Final = re.compile(r"\s*[\[(]\s*((?:\d+\s*(?:,|;|and|–|-)?\s*)+)[\])]")
_MARK_AFTER: Final = re.compile(r"([.!?…]+[\"'”’]?)[ \t]*((?:\[[\d,; –-]+\][ \t]*)+)")
_NUMBER: Final = re.compile(r"\d+")
_STEM: Final = 6
"""Letters that words are compared by: a stem for languages with endings, without a dictionary."""
_SUPPORTED: Final = 0.35
"""The share of a sentence's weighted words that a section must hold to count as its source."""
_NEARLY: Final = 0.85
_MOST_SOURCES: Final = 4


def marked(text: str) -> tuple[str, tuple[int, ...]]:
    """Return a text without its marks such as ``[3, 7]``, and the numbers in them."""
    numbers = [int(number) for mark in _MARK.findall(text) for number in _NUMBER.findall(mark)]
    return _MARK.sub("", text).strip(), tuple(dict.fromkeys(numbers))


def marks_inside(text: str) -> str:
    """Return a text whose marks stand before the full stop, where models like them after it."""
    return _MARK_AFTER.sub(lambda found: f" {found[2].strip()}{found[1]} ", text)


class Attribution:
    """Finds the sections that support a sentence, by the words they share.

    Rare words weigh more than common ones. A model's own marks are believed only where the words
    bear them out.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._words = [frozenset(_stems(text)) for text in texts]
        frequency = Counter(word for words in self._words for word in words)
        self._weights = {
            word: math.log(1 + len(texts) / count) for word, count in frequency.items()
        }
        self._unknown = math.log(1 + len(texts))

    def sources(
        self,
        sentence: str,
        candidates: Iterable[int] | None = None,
        least: float = _SUPPORTED,
    ) -> tuple[int, ...]:
        """Return the sections that support the sentence, best first; none where none does.

        ``least`` is the share of the sentence's weighted words that one must hold.
        """
        words = frozenset(_stems(sentence))
        total = sum(self._weights.get(word, self._unknown) for word in words)
        if not total:
            return ()
        among = range(len(self._words)) if candidates is None else candidates
        scored = sorted(
            ((self._score(words, index) / total, -index) for index in set(among)), reverse=True
        )
        if not scored or scored[0][0] < least:
            return ()
        best = scored[0][0]
        return tuple(-index for score, index in scored if score >= _NEARLY * best)[:_MOST_SOURCES]

    def checked(self, sentence: str, marks: Sequence[int]) -> tuple[int, ...]:
        """Return the marked sections that do support the sentence, or those that do instead."""
        known = [mark for mark in marks if 0 <= mark < len(self._words)]
        return self.sources(sentence, known) or self.sources(sentence)

    def _score(self, words: frozenset[str], index: int) -> float:
        return sum(self._weights[word] for word in words & self._words[index])


def _stems(text: str) -> Iterable[str]:
    return (word[:_STEM] for word in _WORD.findall(text.lower()))
