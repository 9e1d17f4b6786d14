"""Long work on documents: what was wished for, and where it stands."""

from __future__ import annotations

from typing import Literal

import msgspec

JobKind = Literal["summary", "extraction", "translation"]
JobState = Literal["waiting", "running", "paused", "done", "failed"]
Key = tuple[int, int]
"""A call's level, 0 for the sections, and its number in it. Stays the same over restarts."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of work; ``wish`` and ``result`` are JSON of its kind, ``result`` empty until done.

    ``done`` of ``total`` calls are answered. Times are seconds since the epoch. The problem says
    why a failed one ended.
    """

    id: int
    kind: JobKind
    title: str
    wish: str
    document_ids: tuple[int, ...]
    state: JobState
    done: int
    total: int
    created_at: float
    updated_at: float
    result: str = ""
    problem_title: str = ""
    problem_hint: str = ""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answered to a call of a job, and what it took. Times in seconds.

    ``prompt_sha256`` tells whether an answer from before still belongs to the call; ``truncated``
    is an answer that the model was not let finish.
    """

    key: Key
    prompt_sha256: str
    text: str = ""
    failure: str = ""
    truncated: bool = False
    attempts: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
