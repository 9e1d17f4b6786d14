"""What everybody does who waits for an engine process of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from desktop.domain.errors import UserError
from desktop.work.intake import CancelledError
from models.protocol import TERMINAL_EVENTS, Event, Failed, JobId, LoadProgress, TerminalEvent

TICK_S: Final = 0.1
"""How long one waits for an event before one looks whether the work was cancelled."""


def wait_for(
    job_id: JobId,
    next_event: Callable[[], Event | None],
    cancel: Callable[[JobId], object],
    cancelled: Callable[[], bool],
    on_event: Callable[[Event], None] = lambda _event: None,
) -> TerminalEvent:
    """Return the end of a job, which is cancelled as soon as ``cancelled`` says so.

    ``next_event`` waits a tick and gives None where nothing came; events of other jobs are passed
    over.
    """
    is_cancelled = False
    while True:
        if cancelled() and not is_cancelled:
            cancel(job_id)
            is_cancelled = True
        event = next_event()
        if event is None or getattr(event, "job_id", None) != job_id:
            continue
        if isinstance(event, TERMINAL_EVENTS):
            return event
        on_event(event)


def trouble_of(ended: TerminalEvent) -> UserError | CancelledError:
    """Return what to raise for an end that is not the one hoped for."""
    if isinstance(ended, Failed):
        return UserError(ended.problem.title, ended.problem.hint, ended.problem.detail)
    return CancelledError()


def load_progress(on_progress: Callable[[float], None]) -> Callable[[Event], None]:
    """Return what hears the events of a load and passes on how far it is, from 0 to 1."""

    def show(event: Event) -> None:
        if isinstance(event, LoadProgress):
            on_progress(event.fraction)

    return show


def batches(
    texts: Sequence[str], most_letters: int, most_texts: int = 1_000
) -> Iterator[list[str]]:
    """Yield the texts in batches that are small enough for a cancel to be heard soon."""
    batch: list[str] = []
    letters = 0
    for text in texts:
        if batch and (len(batch) == most_texts or letters + len(text) > most_letters):
            yield batch
            batch, letters = [], 0
        batch.append(text)
        letters += len(text)
    if batch:
        yield batch
