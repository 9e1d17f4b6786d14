"""The calls of a piece of work: answered from the disk where they were before, else by a model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from desktop.domain.jobs import CallRecord, Key
from desktop.domain.summary import Answer, Call
from desktop.work.jobs import JobTools
from desktop.work.prompts import STOP, data_prompt
from models.records import ChatPrompt, Sampling
from models.wording import tr

SAMPLING: Final = Sampling(temperature=0.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)
"""Always the likeliest token. No penalty on what was said: it breaks numbers, and copies must be
copies; a model in a loop ends at its limit."""
_TRIES: Final = 2
OnAnswer = Callable[[Call, CallRecord, int], None]
"""Hears of a call, what became of it, and how many have been answered by then."""
Recalled = Sequence[tuple[Call, CallRecord]]
OnRecalled = Callable[[Recalled, int], None]
"""Hears of all the calls that were answered before, and how many have been answered by then."""

OnText = Callable[[Call, str], None]
"""Hears of what the model has written to a call so far."""


class Asking:
    """Answers calls, and keeps every answer before the next is asked for.

    ``records`` holds what became of each call; ``asked`` are the keys of those that the model was
    asked now, ``resumed`` counts those that were answered before. The latter reach ``on_answer``
    one by one, or else ``on_recalled`` at once.
    """

    def __init__(
        self,
        tools: JobTools,
        job_id: int,
        *,
        system: str,
        on_answer: OnAnswer,
        first_level: int = 0,
        sampling: Sampling = SAMPLING,
        on_recalled: OnRecalled | None = None,
        on_text: OnText = lambda _call, _text: None,
    ) -> None:
        self._tools = tools
        self._job_id = job_id
        self._system = system
        self._on_answer = on_answer
        self._first_level = first_level
        self._sampling = sampling
        self._on_text = on_text
        self._on_recalled = on_recalled or self._tell_each
        self._known = tools.jobs.answers(job_id)
        self._model_name = _model_name(tools)
        self.records: dict[Key, CallRecord] = {}
        self.asked: set[Key] = set()
        self.resumed = 0

    def answer(self, calls: Sequence[Call]) -> Mapping[Key, Answer]:
        """Return an answer to each call; one that comes to nothing is tried once more."""
        recalled = {call.key: record for call in calls if (record := self._recalled(call))}
        if recalled:
            self.records |= recalled
            self.resumed += len(recalled)
            known = [(call, recalled[call.key]) for call in calls if call.key in recalled]
            self._on_recalled(known, len(self.records))
        left = [call for call in calls if call.key not in recalled]
        for attempt in range(1, _TRIES + 1):
            left = self._ask(left, attempt)
        records = self.records
        return {
            call.key: Answer(
                text=records[call.key].text,
                failure=records[call.key].failure,
                truncated=records[call.key].truncated,
            )
            for call in calls
        }

    def _recalled(self, call: Call) -> CallRecord | None:
        """Return what was answered before to this very call."""
        record = self._known.get(self._key(call))
        if record is None or record.failure or record.prompt_sha256 != self._sha256(call):
            return None
        return record

    def _tell_each(self, recalled: Recalled, done: int) -> None:
        for place, (call, record) in enumerate(recalled, start=1):
            self._on_answer(call, record, done - len(recalled) + place)

    def _ask(self, calls: Sequence[Call], attempt: int) -> list[Call]:
        """Ask the model; return the calls that came to nothing."""
        failed = []
        completions = self._tools.model.complete(
            [self._prompt(call) for call in calls],
            [call.max_tokens for call in calls],
            self._sampling,
            stop=STOP,
            schemas=[call.schema for call in calls],
            on_text=lambda number, text: self._on_text(calls[number], text),
            cancelled=self._tools.cancelled,
        )
        for number, made in completions:
            call = calls[number]
            record = CallRecord(
                key=self._key(call),
                prompt_sha256=self._sha256(call),
                text=made.text,
                failure=made.failure
                or ("" if made.text.strip() else tr("The model wrote nothing.")),
                truncated=made.finish_reason in {"max_tokens", "context_full"},
                attempts=attempt,
                tokens_in=made.tokens_in,
                tokens_out=made.tokens_out,
                seconds=made.seconds,
            )
            self._tools.jobs.add_answer(self._job_id, record)
            self.asked.add(call.key)
            self._note(call, record)
            if record.failure:
                failed.append(call)
        return failed

    def _note(self, call: Call, record: CallRecord) -> None:
        self.records[call.key] = record
        self._on_answer(call, record, len(self.records))

    def _key(self, call: Call) -> Key:
        """Return the call's place in the job, which may have several subjects."""
        level, number = call.key
        return self._first_level + level, number

    def _prompt(self, call: Call) -> ChatPrompt:
        return data_prompt(self._system, call.instruction, call.data)

    def _sha256(self, call: Call) -> str:
        # Spelled out: answers from before stay valid when prompts get a field that changes nothing.
        turns = [
            {"type": "Turn", "role": turn.role, "text": turn.text, "token_ids": ()}
            for turn in self._prompt(call).turns
        ]
        prompt = {"type": "ChatPrompt", "turns": turns, "continue_reply": False}
        whole = (self._model_name, prompt, call.max_tokens, call.schema)
        return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


def _model_name(tools: JobTools) -> tuple[str, int]:
    """Return what tells models apart: what one has answered is not what another would."""
    info = tools.model.info
    return (info.path, info.size_bytes) if info else ("", 0)
