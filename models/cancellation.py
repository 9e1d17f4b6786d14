"""A job's cancellation, readable at no cost from native code in the middle of a computation."""

from __future__ import annotations

import ctypes


class Cancellation:
    """Set on one thread, read on another, or by llama.cpp itself between two graph nodes.

    The state is a C string, empty until the job is cancelled. ``address`` points to it, so that
    C's own ``strlen`` serves as a callback that answers whether to stop: it takes neither the
    interpreter's lock nor its time. llama.cpp looks at one address: what several jobs share has a
    cancellation of its own, to which theirs are ``forward``-ed.
    """

    __slots__ = ("_others", "_word", "address")

    def __init__(self) -> None:
        self._others: tuple[Cancellation, ...] = ()
        self._word = ctypes.create_string_buffer(2)
        self.address = ctypes.addressof(self._word)

    def __bool__(self) -> bool:
        return self._word[0] != b"\0"

    def set(self) -> None:
        """Tell the job that it is no longer wanted."""
        self._word[0] = b"\1"
        for other in self._others:
            other.set()

    def clear(self) -> None:
        """Be as new. Whoever clears looks at the jobs' own cancellations afterwards."""
        self._word[0] = b"\0"

    def forward(self, other: Cancellation) -> None:
        """Set ``other`` too, from now on."""
        self._others += (other,)
