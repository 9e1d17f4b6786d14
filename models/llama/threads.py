"""How many threads decode: as many as find a free core, decided from what else the cores do.

llama.cpp's threads wait for each other after every step of the graph, so one that shares its core
with another program holds up all: two threads on two busy cores are several times slower than
one. Trying out costs a stall, so the policy looks at the load instead, and drops to one thread
when a token is far slower than usual all the same.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import deque
from typing import Final

import psutil

READING_INTERVAL_S: Final = 0.25
SLOW_FACTOR: Final = 5
_WINDOW: Final = 32
_FEWEST_TOKENS: Final = 8
_FIRST_HOLD_S, _LONGEST_HOLD_S = 1.0, 16.0
_LEAVE_SHARE, _ENTER_SHARE = 0.5, 0.25


class ThreadPolicy:
    """Decides the number of threads. Pure: it is told the time, the load and the token times."""

    def __init__(self, most: int, cores: int) -> None:
        """Choose between 1 and ``most`` threads on a machine of ``cores`` logical cores."""
        self.most: Final = max(1, most)
        self._cores = max(1, cores)
        self.threads = self.most
        self._token_times: deque[float] = deque(maxlen=_WINDOW)
        self._held_until = 0.0
        self._hold_s = _FIRST_HOLD_S

    def observe_load(self, other_cores: float, now: float) -> None:
        """Take in how many cores' worth of time other programs used lately.

        A thread gives up its core when others want half of it, and comes back when they want
        less than a quarter, so that a load in between doesn't make it come and go.
        """
        free = self._cores - other_cores
        if self._fitting(free + _LEAVE_SHARE) < self.threads:
            self.threads = self._fitting(free + _LEAVE_SHARE)
        elif now >= self._held_until and self._fitting(free + _ENTER_SHARE) > self.threads:
            self.threads = self._fitting(free + _ENTER_SHARE)

    def observe_token(self, seconds: float, now: float) -> None:
        """Take in how long a token took; one far over the median drops to one thread at once.

        The longer it keeps happening, the longer the policy stays there.
        """
        slow = (
            self.threads > 1
            and len(self._token_times) >= _FEWEST_TOKENS
            and seconds > SLOW_FACTOR * statistics.median(self._token_times)
        )
        if slow:
            recent = now < self._held_until + self._hold_s
            self._hold_s = min(2 * self._hold_s, _LONGEST_HOLD_S) if recent else _FIRST_HOLD_S
            self.threads = 1
            self._held_until = now + self._hold_s
        else:
            self._token_times.append(seconds)

    def _fitting(self, cores: float) -> int:
        return max(1, min(self.most, int(cores)))


class CoreLoad:
    """Measures how many cores' worth of time other programs use, this process left out."""

    def __init__(self) -> None:
        self._read_at, self._busy, self._own = _read()

    def due(self, now: float) -> bool:
        """Return whether the last reading is old enough for another one to mean something."""
        return now - self._read_at >= READING_INTERVAL_S

    def read(self) -> float:
        """Return the others' load since the last reading, in cores."""
        now, busy, own = _read()
        elapsed = max(now - self._read_at, 1e-6)
        others = (busy - self._busy) - (own - self._own)
        self._read_at, self._busy, self._own = now, busy, own
        return max(0.0, others / elapsed)


def _read() -> tuple[float, float, float]:
    times = psutil.cpu_times()
    # Linux counts the time of guests in user time already.
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return time.monotonic(), sum(times) - idle - guests, time.process_time()


def usable_cores() -> int:
    """Return how many logical cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def most_useful_threads() -> int:
    """Return the number of threads that decode fastest on an idle machine: its real cores."""
    return min(psutil.cpu_count(logical=False) or usable_cores(), usable_cores())


class Threads:
    """The threads of each batch: as many as a person wants, or adaptive.

    ``adapts`` tells which. ``fixed`` is the number for prefill and for replies with a seed.
    """

    def __init__(self, wanted: int) -> None:
        """Use ``wanted`` threads always, or adapt where it is 0."""
        self.adapts: Final = wanted == 0
        self.fixed: Final = wanted or most_useful_threads()
        self._policy = ThreadPolicy(self.fixed, usable_cores())
        self._load = CoreLoad()

    def begin(self) -> None:
        """Forget the load of the time when nothing was decoded: it says nothing of now."""
        self._load.read()

    def choose(self) -> int:
        """Return the number of threads for the next token. Cheap enough for every one."""
        if not self.adapts:
            return self.fixed
        now = time.monotonic()
        if self._load.due(now):
            self._policy.observe_load(self._load.read(), now)
        return self._policy.threads

    def observe_token(self, seconds: float) -> None:
        """Take in how long the batch of single tokens took."""
        self._policy.observe_token(seconds, time.monotonic())
