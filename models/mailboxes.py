"""The events of each job, kept for whoever waits for them: a client without a listener."""

from __future__ import annotations

import queue
from collections.abc import Iterator

from models.protocol import TERMINAL_EVENTS, Event, JobId


class Mailboxes:
    """A queue of events for each job, from ``open`` to its terminal event. Thread-safe."""

    def __init__(self) -> None:
        self._boxes: dict[JobId, queue.SimpleQueue[Event]] = {}

    def open(self, job_id: JobId) -> None:
        """Keep a job's events from now on."""
        self._boxes[job_id] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        """Keep an event, if it is of a job that is waited for."""
        if (box := self._boxes.get(getattr(event, "job_id", 0))) is not None:
            box.put(event)

    def events(self, job_id: JobId, timeout_s: float | None) -> Iterator[Event]:
        """Yield a job's events up to and with its terminal one, waiting for each.

        Raises TimeoutError when an event takes longer than ``timeout_s``.
        """
        box = self._boxes[job_id]
        while True:
            try:
                event = box.get(timeout=timeout_s)
            except queue.Empty:
                raise TimeoutError(f"job {job_id}: no event for {timeout_s} s") from None
            if isinstance(event, TERMINAL_EVENTS):
                self._boxes.pop(job_id, None)
                yield event
                return
            yield event
