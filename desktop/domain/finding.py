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
_MARKS: Final = re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)|^ {0,3}(?:#{1,6}|>) +", re.MULTILINE)
_WORD: Final = re.compile(r"\w+")
_SIGNS: Final = frozenset("*`~_#>[]()|\\$")


class Wanted:
    """What is looked for: letters as they stand, in either case."""

    def __init__(self, query: str) -> None:
        self.text = query[:LONGEST]
        self._pattern = re.compile(re.escape(self.text), re.IGNORECASE)
        self._is_raw = bool(_SIGNS & set(self.text))
        longest = max(_WORD.findall(self.text), key=len, default="")
        # Cheaper than to take the marks out of a text that has nothing of it.
        self._least = re.compile(re.escape(longest), re.IGNORECASE)

    def count(self, text: str, *, is_markdown: bool) -> int:
        """Return how often it stands in a text."""
        if not self._least.search(text):
            return 0
        if is_markdown and not self._is_raw:
            text = _MARKS.sub("", _LINK.sub(r"\1", text))
        return sum(1 for _ in self._pattern.finditer(text))

    def count_in(self, message: Message) -> int:
        """Return how often it stands in a message."""
        return self.count(message.text, is_markdown=message.role == "assistant")
