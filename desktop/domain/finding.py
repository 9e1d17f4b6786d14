"""Finding in one chat: which messages hold what is looked for, and how often, before any is drawn.

A message is looked through as it is read: the marks of Markdown are passed over, unless one of
them is looked for itself.
"""

from __future__ import annotations

import re
from typing import Final

from desktop.domain.chat import Message

LONGEST: Final = 200
_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
_MARKS: Final = ("*", "`", "~~")
_STRESS: Final = re.compile(r"(?<!\w)_+|_+(?!\w)")
_WORD: Final = re.compile(r"\w+")
_SIGNS: Final = frozenset("*`~_#>[]()|\\$")


class Wanted:
    """What is looked for: letters as they stand, in either case."""

    def __init__(self, query: str) -> None:
        self.text = query[:LONGEST]
        self._pattern = re.compile(re.escape(self.text), re.IGNORECASE)
        self._is_raw = bool(_SIGNS & set(self.text))
        # Cheaper than to take the marks out of a text that has nothing of it.
        words = _WORD.findall(self.text)
        self._least = [re.compile(re.escape(each), re.IGNORECASE) for each in words]

    def count(self, text: str, *, is_markdown: bool) -> int:
        """Return how often it stands in a text."""
        if not all(least.search(text) for least in self._least):
            return 0
        if is_markdown and not self._is_raw:
            text = _without_marks(text)
        return len(self._pattern.findall(text))

    def count_in(self, message: Message) -> int:
        """Return how often it stands in a message."""
        return self.count(message.text, is_markdown=message.role == "assistant")


def _without_marks(text: str) -> str:
    """Return Markdown without what stands between letters; the marks of a line stay before it."""
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    for mark in _MARKS:
        text = text.replace(mark, "")
    return _STRESS.sub("", text) if "_" in text else text
