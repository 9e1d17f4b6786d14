"""Runs a job: a worker of its kind does it, and whatever ends it, its state says how.

waiting ──► running ──► done
               │ ├────► failed: trouble that a person can mend
               │ └────► paused: cancelled, or a bug of ours; every answer is kept
               ▼
       (its process dies: paused at the next start)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from desktop.domain.errors import UserError
from desktop.domain.jobs import Job
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.text_model import TextModel


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """``done`` of about ``total`` calls are answered; ``seconds_left`` is None until it is known.

    ``news`` is what the worker has to show for it, a record of its own kind, or None.
    """

    job_id: int
    done: int
    total: int
    seconds_left: float | None = None
    news: msgspec.Struct | None = None


Report = Callable[[int, int, msgspec.Struct | None], None]
"""Takes how many calls are answered, of how many, and the news."""


@dataclass(frozen=True)
class JobTools:
    """What a worker works with. ``model`` is loaded; ``report`` may be called on any thread."""

    documents: DocumentStore
    jobs: JobStore
    model: TextModel
    cancelled: Callable[[], bool]
    report: Report = lambda _done, _total, _news: None


class Worker(Protocol):
    """Does one kind of job."""

    def run(self, job: Job, tools: JobTools) -> str:
        """Do the job, going on from the answers that are there; return its result as JSON.

        Raises UserError, and CancelledError once ``tools.cancelled`` says so.
        """


def run_job(job: Job, worker: Worker, tools: JobTools) -> str:
    """Have the job done; its state follows. Raises what the worker raises."""
    tools.jobs.set_state(job.id, "running")
    try:
        result = worker.run(job, tools)
    except UserError as error:
        tools.jobs.set_state(job.id, "failed", problem_title=error.title, problem_hint=error.hint)
        raise
    except BaseException:
        tools.jobs.set_state(job.id, "paused")
        raise
    tools.jobs.set_state(job.id, "done", result=result)
    return result


class Pace:
    """How long the rest takes, from what this run has answered: not from answers of before."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._first: int | None = None

    def seconds_left(self, done: int, total: int) -> float | None:
        """Return it for ``done`` of ``total``, None before anything has been answered.

        More than one at the first call are from before.
        """
        if self._first is None or done < self._first:
            self._first = 0 if done <= 1 else done
            if self._first:
                self._began = time.monotonic()
        made = done - self._first
        if made <= 0:
            return None
        return (time.monotonic() - self._began) / made * max(0, total - done)
