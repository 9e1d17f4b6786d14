"""The limits that a process sets for itself before it looks at what a stranger made."""

from __future__ import annotations

import math
import os
import signal
import sys
from typing import Final

from models.probe.messages import Limits

FORKS: Final = sys.platform == "linux"
"""Whether questions are answered in forks. On macOS a process that has loaded system frameworks,
as Metal's back end makes it, must not fork; Windows knows no forks."""


def ended_by_time(exit_code: int) -> bool:
    """Return whether a process ended by one of its limits of time."""
    names = ("SIGALRM", "SIGXCPU")
    return -exit_code in [getattr(signal, name) for name in names if hasattr(signal, name)]


def limit_resources(limits: Limits, *, largest_file: int = 0) -> None:
    """Limit this process's memory, time and files, for good.

    Its end by a limit shows in the signal: SIGXCPU or SIGALRM for time; want of memory is an error
    that llama.cpp reports, or an abort. Does nothing on Windows, where only the clock of whoever
    asked holds.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    if limits.memory_bytes and sys.platform == "linux":
        # Not the address space: drivers of graphics cards reserve more of it than there is memory.
        import psutil  # noqa: PLC0415 - 10 ms that the window, which reads FORKS here, saves

        most = psutil.Process().memory_info().data + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    used = os.times()
    seconds = math.ceil(used.user + used.system + limits.cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python's own handler would wait for C code to return; the default one does not.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
