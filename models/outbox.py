"""Events on their way out of the engine process, so that the llama thread never waits on a pipe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from models import frames
from models.protocol import TERMINAL_EVENTS, Event, JobId, Tokens

JOIN_S: Final = 0.066
"""How long a job's tokens are gathered: each wake-up of the other process costs decode speed."""


class Outbox:
    """A queue of events, and the thread that writes them.

    The first tokens of a job and every other event go out at once; the tokens after them are
    joined. Events of one job keep their order.
    """

    def __init__(self, stream: BinaryIO, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._events: list[Event] = []
        self._streaming: set[JobId] = set()
        self._resting = False
        self._closing = False
        self._thread = threading.Thread(target=self._write_on, name="outbox", daemon=True)
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Queue an event. Thread-safe; never waits."""
        with self._lock:
            self._events.append(event)
            if self._is_urgent(event) or not self._resting:
                self._wake.set()

    def close(self) -> None:
        """Write what is queued, then end the thread."""
        with self._lock:
            self._closing = True
            self._wake.set()
        self._thread.join()

    def _is_urgent(self, event: Event) -> bool:
        if isinstance(event, Tokens):
            first = event.job_id not in self._streaming
            self._streaming.add(event.job_id)
            return first
        if isinstance(event, TERMINAL_EVENTS):
            self._streaming.discard(event.job_id)
        return True

    def _write_on(self) -> None:
        while True:
            self._wake.wait()
            with self._lock:
                events, self._events = self._events, []
                closing = self._closing
                self._wake.clear()
                self._resting = True
            try:
                self._stream.write(b"".join(map(frames.encode, join_tokens(events))))
                self._stream.flush()
            except OSError:
                self._on_broken()
                return
            if closing:
                return
            self._wake.wait(JOIN_S)
            with self._lock:
                self._resting = False
                if self._events:
                    self._wake.set()


def join_tokens(events: Sequence[Event]) -> list[Event]:
    """Return the events with each job's tokens joined as far as no other event of it lies between.

    Tokens move ahead of other jobs' events only.
    """
    joined: list[Event | list[Tokens]] = []
    runs: dict[JobId, list[Tokens]] = {}
    for event in events:
        if not isinstance(event, Tokens):
            runs.pop(getattr(event, "job_id", -1), None)
            joined.append(event)
        elif event.job_id in runs:
            runs[event.job_id].append(event)
        else:
            runs[event.job_id] = [event]
            joined.append(runs[event.job_id])
    return [_join(event) if isinstance(event, list) else event for event in joined]


def _join(run: Sequence[Tokens]) -> Tokens:
    return Tokens(
        job_id=run[0].job_id,
        text="".join(tokens.text for tokens in run),
        token_ids=tuple(token_id for tokens in run for token_id in tokens.token_ids),
    )
