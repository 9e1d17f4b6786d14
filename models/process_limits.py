"""Limits that a process of ours sets itself before it reads what strangers wrote."""

from __future__ import annotations

import sys


def limit_memory(most: int) -> None:
    """Let an allocation over ``most`` bytes of address space fail, for good; on Linux alone.

    macOS refuses this limit for any process, since its shared libraries alone take more; there and
    on Windows the clock of whoever asked holds.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def forbid_files() -> None:
    """Let writes to files fail, and leave no core dump, for good; not on Windows."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
