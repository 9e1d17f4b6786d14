"""Seals of state files, checked ahead: while a model loads, so that no return waits for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Final

Identity = tuple[int, ...]
"""What changes with a file's content: its number on the disk, its size and its times."""


class SealsAhead:
    """Remembers the file whose seal was checked last. May be used on any thread."""

    def __init__(self) -> None:
        self._threads: Final[list[threading.Thread]] = []
        self._sound: Identity | None = None

    def check(self, check: Callable[[], Identity | None]) -> None:
        """Check a file on a thread of its own, unless one is being checked."""
        if any(thread.is_alive() for thread in self._threads):
            return

        def run() -> None:
            # A file that isn't sound is dealt with by whoever opens it.
            with contextlib.suppress(OSError, ValueError):
                self._sound = check()

        self._threads[:] = [threading.Thread(target=run, name="seals", daemon=True)]
        self._threads[0].start()

    def learn(self, identity: Identity) -> None:
        """Take a file for sound: it was checked, and only its times have changed since."""
        self._sound = identity

    def knows(self, identity: Identity) -> bool:
        """Return whether this very file was found sound; waits for a check that goes on."""
        for thread in self._threads:
            thread.join()
        return identity == self._sound
