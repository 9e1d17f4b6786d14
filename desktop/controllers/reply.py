"""A reply while the engine writes it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import msgspec

from desktop.domain.chat import Message
from models.protocol import JobId
from models.reasoning import ThoughtMeter
from models.records import Report, Sampling, Turn


@dataclass
class RunningReply:
    """A reply's job, from its row in the store to the row's last write.

    Its states, and what moves it on::

        BEGINNING ──row stored──▶ QUEUED ──PrefillProgress──▶ READING ──Tokens──▶ WRITING
            │                        │                           │                   │
            │ stopped before         └─────────────┬─────────────┴───────────────────┘
            ▼ the engine knew                      │ Finished | Cancelled | Failed
         SETTLING ◀────────────────────────────────┘ (exactly one, by the engine's promise)
            └──row finished──▶ gone

    BEGINNING has no object yet: the chat only knows that it is busy. SETTLING has left the table
    of running replies, so an event that still comes for it is stale and dropped.
    """

    row: Message
    job_id: JobId
    sampling: Sampling
    texts: list[str] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    unsaved: bool = False
    thought: ThoughtMeter = field(default_factory=ThoughtMeter)

    @classmethod
    def begun(
        cls, row: Message, job_id: JobId, sampling: Sampling, written: Turn | None
    ) -> RunningReply:
        """Return the reply to a stored row; ``written`` is the part that it continues."""
        if written is None:
            return cls(row, job_id, sampling)
        known = row.report or Report()
        thought = ThoughtMeter(written.text, known.thought_tokens, known.thought_s)
        ids = list(written.token_ids)
        return cls(row, job_id, sampling, [written.text], ids, thought=thought)

    def told(self, report: Report | None) -> Report | None:
        """Return the engine's report with what the reply's thought took."""
        if report is None:
            return None
        tokens, seconds = self.thought.figures
        return msgspec.structs.replace(report, thought_tokens=tokens, thought_s=seconds)

    def add(self, text: str, token_ids: tuple[int, ...]) -> bool:
        """Take in what the engine wrote; return whether a thought has ended with it."""
        ended = self.thought.feed(text, len(token_ids), time.monotonic())
        self.texts.append(text)
        self.token_ids.extend(token_ids)
        self.unsaved = True
        return ended

    @property
    def text(self) -> str:
        """Return the reply so far."""
        joined = "".join(self.texts)
        self.texts = [joined]
        return joined
