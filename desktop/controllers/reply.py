"""A reply while the engine writes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from desktop.domain.chat import Message
from models.protocol import JobId
from models.records import Sampling, Turn


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

    @classmethod
    def begun(
        cls, row: Message, job_id: JobId, sampling: Sampling, written: Turn | None
    ) -> RunningReply:
        """Return the reply to a stored row; ``written`` is the part that it continues."""
        if written is None:
            return cls(row, job_id, sampling)
        return cls(row, job_id, sampling, [written.text], list(written.token_ids))

    def add(self, text: str, token_ids: tuple[int, ...]) -> None:
        """Take in what the engine wrote."""
        self.texts.append(text)
        self.token_ids.extend(token_ids)
        self.unsaved = True

    @property
    def text(self) -> str:
        """Return the reply so far."""
        joined = "".join(self.texts)
        self.texts = [joined]
        return joined
