"""How fast a download is, and how long to wait before the next try."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

SMOOTHING_S: Final = 4.0
"""Older bytes count for less: after so many seconds for 37 %."""
SETTLING_S: Final = 0.5
"""No speed is told before: the first packets tell of the system's buffers."""


@dataclass(frozen=True)
class Retry:
    """Waits between tries: growing from ``first_s`` to ``longest_s``, each shortened by chance.

    After ``attempts`` tries in a row that got nowhere the download fails.
    """

    attempts: int = 8
    first_s: float = 1.0
    longest_s: float = 60.0

    def delay(self, attempt: int, asked_s: float | None = None) -> float:
        """Return the seconds before the given try, 1 being the first again.

        ``asked_s`` is what the server asks for, and is never undercut.
        """
        grown = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        # By chance, so that many who were cut off at once don't all come back at once.
        return max(asked_s or 0.0, grown * random.uniform(0.5, 1.0))  # noqa: S311


class SpeedMeter:
    """Bytes per second, smoothed over some seconds of time."""

    def __init__(self, now: float) -> None:
        self._started = self._last = now
        self._bytes = 0.0
        self._seconds = 0.0

    def add(self, received: int, now: float) -> None:
        """Note that so many bytes have arrived since the last call."""
        passed = max(0.0, now - self._last)
        kept = math.exp(-passed / SMOOTHING_S)
        self._bytes = self._bytes * kept + received
        self._seconds = self._seconds * kept + passed
        self._last = now

    def speed(self, now: float) -> float | None:
        """Return the speed; None where it is too early to tell."""
        if now - self._started < SETTLING_S:
            return None
        passed = max(0.0, now - self._last)
        kept = math.exp(-passed / SMOOTHING_S)
        return self._bytes * kept / (self._seconds * kept + passed)
