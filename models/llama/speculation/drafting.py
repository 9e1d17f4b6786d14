"""What the scheduler asks of whatever drafts tokens, and how many it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from models.cancellation import Cancellation

FEWEST: Final = 3
"""Two tokens at once cost nearly as much as two alone: a shorter draft can't pay."""
_BREAK_EVEN: Final = 0.45
"""Measured on a CPU: one more token in a batch costs 0.35 to 0.4 of a batch of one."""
_WEIGHT: Final = 0.3
_FIRST_PAUSE, _LONGEST_PAUSE = 8, 128


class Drafter(Protocol):
    """Drafts for one reply. What it drafts depends on the tokens alone, never on the time."""

    def draft(self, token_ids: Sequence[int], most: int) -> list[int]:
        """Return up to ``most`` tokens that may follow; none where it has no idea."""


class Speculation(Protocol):
    """A way to draft, chosen when the model is loaded."""

    exact: bool
    """Whether equal tokens always get equal drafts, so that a seeded reply can be repeated."""

    def begin(self, sequence: int, cancelled: Cancellation) -> Drafter:
        """Return a drafter for the reply that starts on this sequence."""

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next draft on."""

    def close(self) -> None:
        """Free what it holds."""


class Pace:
    """How many tokens to draft next: more while they are right, none for a while when not.

    It looks at what was accepted and at no clock, so that the same reply is drafted, batched and
    rounded in the same way each time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = min(most, max(FEWEST, most // 2))
        self._rate = 1.0
        self._pause = _FIRST_PAUSE
        self._waiting = 0

    def next_size(self) -> int:
        """Return how many tokens to draft for the next step; 0 while drafting doesn't pay."""
        if self._waiting:
            self._waiting -= 1
            return 0
        return self._size

    def observe(self, drafted: int, accepted: int) -> None:
        """Take in how many of the drafted tokens were right."""
        self._rate += _WEIGHT * (accepted / drafted - self._rate)
        if accepted == drafted:
            self._size = min(self._most, 2 * self._size)
            self._pause = _FIRST_PAUSE
        else:
            self._size = min(self._most, max(FEWEST, accepted + 1))
        if self._rate < _BREAK_EVEN:
            self._waiting = self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            # One more wrong draft after the pause begins the next one.
            self._rate = _BREAK_EVEN


class Drafting:
    """Drafts for one reply, at the pace that its luck allows.

    ``exact`` tells whether the same reply would be drafted in the same way again.
    """

    def __init__(self, drafter: Drafter, most: int, *, exact: bool) -> None:
        self.exact: Final = exact
        self._drafter = drafter
        self._pace = Pace(most)

    def draft(self, token_ids: Sequence[int], room: int) -> list[int]:
        """Return tokens that may follow, ``room`` at most; often none."""
        most = min(self._pace.next_size(), room)
        return self._drafter.draft(token_ids, most) if most >= FEWEST else []

    def observe(self, drafted: int, accepted: int) -> None:
        """Take in how many of the drafted tokens were right."""
        self._pace.observe(drafted, accepted)
