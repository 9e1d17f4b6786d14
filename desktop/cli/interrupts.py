"""Ctrl-C, counted instead of raised, so that it leaves no step half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Self

PATIENCE: Final = 3
"""Presses after which even a step that doesn't look at the count is broken off."""


class Interrupts:
    """While in force, Ctrl-C only adds to ``count``; whoever waits for something looks at it."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def clear(self) -> None:
        """Forget the presses so far."""
        self.count = 0

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Let Ctrl-C raise KeyboardInterrupt, as a wait for the keyboard needs it."""
        self._handle(signal.default_int_handler)
        try:
            yield
        finally:
            self._handle(self._note)

    def __enter__(self) -> Self:
        self._before = self._handle(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle(self._before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count >= PATIENCE:
            raise KeyboardInterrupt

    def _handle(self, handler: Any) -> Any:  # noqa: ANN401 - what the signal module calls a handler
        # Python only lets the main thread handle signals; elsewhere there is no Ctrl-C to heed.
        if threading.current_thread() is threading.main_thread():
            return signal.signal(signal.SIGINT, handler)
        return None
