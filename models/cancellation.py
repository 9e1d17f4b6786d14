"""A job's cancellation, readable at no cost from native code in the middle of a computation."""

from __future__ import annotations

import ctypes


class Cancellation:
    """Set on one thread, read on another, or by llama.cpp itself between two graph nodes.

    The state is a C string, empty until the job is cancelled. ``address`` points to it, so that
    C's own ``strlen`` serves as a callback that answers whether to stop: it takes neither the
    interpreter's lock nor its time.
    """

    __slots__ = ("_word", "address")

    def __init__(self) -> None:
        self._word = ctypes.create_string_buffer(2)
        self.address = ctypes.addressof(self._word)

    def __bool__(self) -> bool:
        return self._word[0] != b"\0"

    def set(self) -> None:
        """Tell the job that it is no longer wanted."""
        self._word[0] = b"\1"
