"""Prompt lookup: what followed the last few tokens when they stood in the text before.

A summary, an edit or an answer about a document repeats much of its prompt, and code repeats
itself: then the next tokens stand in the text already, and guessing costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from models.cancellation import Cancellation

_SIZES: Final = (4, 3)
"""How many last tokens are looked up, the longer run first: it guesses better."""
_REACH: Final = 32_768
"""How far back of the prompt's end is looked, so that an index stays small."""


class PromptLookup:
    """Drafts from the reply's own tokens and its prompt's. See Speculation."""

    exact = True

    def begin(self, _sequence: int, _cancelled: Cancellation) -> LookupDrafter:
        """Return a drafter with an index of its own."""
        return LookupDrafter()

    def set_threads(self, threads: int) -> None:
        """Nothing is computed here."""

    def close(self) -> None:
        """Nothing is held here."""


class LookupDrafter:
    """An index of where each run of tokens stood last, kept in line as tokens are added."""

    def __init__(self) -> None:
        self._indexed = 0
        self._continues_at: dict[int, dict[tuple[int, ...], int]] = {size: {} for size in _SIZES}

    def draft(self, token_ids: Sequence[int], most: int) -> list[int]:
        """Return what followed the last tokens the last time they stood there.

        Where the draft meets the end of the text it goes on with itself, as repetitions do.
        """
        self._extend(token_ids)
        end = len(token_ids)
        for size, places in self._continues_at.items():
            start = places.get(tuple(token_ids[end - size : end])) if end > size else None
            if start is not None:
                period = token_ids[start:end]
                return [period[place % len(period)] for place in range(most)]
        return []

    def _extend(self, token_ids: Sequence[int]) -> None:
        """Index the runs that something follows. Tokens are only ever added."""
        end = len(token_ids)
        start = max(self._indexed, end - _REACH) if not self._indexed else self._indexed
        for size, places in self._continues_at.items():
            first = max(start, size)
            window = token_ids[first - size : end - 1]
            runs = zip(*(islice(window, shift, None) for shift in range(size)), strict=False)
            places.update((run, place) for place, run in enumerate(runs, first))
        self._indexed = end
