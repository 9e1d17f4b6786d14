"""Sampled bytes → text for people: whole characters only, and nothing of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Turns the bytes of one reply's tokens into text that can be shown at once.

    The text never ends inside a character, and a tail that may yet become a stop string is held
    back. The stop string that is complete first ends the reply, wherever the tokens were cut.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = tuple(text for text in stop if text)
        self._beginnings = frozenset(
            text[:length] for text in self._stop for length in range(1, len(text))
        )
        self._longest = max(map(len, self._stop), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False
        """Whether a stop string was met; every later ``push`` returns nothing."""

    @property
    def holding(self) -> bool:
        """Whether text is held back that may yet become a stop string."""
        return bool(self._held)

    def push(self, token_bytes: bytes) -> str:
        """Take a token's bytes in and return the text that is certain now, perhaps none."""
        if self.stopped:
            return ""
        text = self._held + self._decoder.decode(token_bytes)
        if not self._stop:
            return text
        matches = [
            (start + len(stop), start) for stop in self._stop if (start := text.find(stop)) >= 0
        ]
        if matches:
            self.stopped = True
            self._held = ""
            return text[: min(matches)[1]]
        held = self._length_to_hold(text)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def flush(self) -> str:
        """Return what was held back, at the end of the reply; half a character is dropped."""
        held, self._held = self._held, ""
        self._decoder.reset()
        return held

    def _length_to_hold(self, text: str) -> int:
        longest = min(self._longest - 1, len(text))
        return next(
            (length for length in range(longest, 0, -1) if text[-length:] in self._beginnings), 0
        )
