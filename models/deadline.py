"""A limit on how long another process may take for an answer: it is killed when it is late."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Deadline:
    """Kills a process that is late; ``passed`` tells afterwards that it was."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.passed = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the process so long for what the block waits for."""
        timer = threading.Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _kill(self) -> None:
        self.passed = True
        self._process.kill()
