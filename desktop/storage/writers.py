"""Which process writes a reply, told apart from one that got the same process id later."""

from __future__ import annotations

import os
from functools import cache
from typing import Final, NamedTuple

CLOCK_TOLERANCE_S: Final = 5.0
"""A process's start is told through the wall clock, which is corrected now and then."""


class Writer(NamedTuple):
    """A process by its id and its start, in seconds since the epoch."""

    pid: int
    started_at: float


def this_writer() -> Writer:
    """Return this process."""
    return _writer(os.getpid())


def is_alive(writer: Writer) -> bool:
    """Return whether that very process still runs."""
    import psutil  # noqa: PLC0415 - 30 ms that a start without an interrupted reply saves

    try:
        process = psutil.Process(writer.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - writer.started_at) < CLOCK_TOLERANCE_S
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


@cache
def _writer(pid: int) -> Writer:
    import psutil  # noqa: PLC0415 - as above

    return Writer(pid, psutil.Process(pid).create_time())
