"""Drives a summary: the generator's calls to the model, every answer to the disk.

running ──pause──► paused ──again──► running ──► done
   └── its process dies: the answers are there, and the same work goes on with the next call
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from desktop.domain.documents import CallRecord, Document
from desktop.domain.errors import UserError
from desktop.domain.sections import CountTexts, Passage, Section, split
from desktop.domain.summary import (
    OUTPUT_SHARE,
    Answer,
    Call,
    Calls,
    Key,
    Point,
    Prompts,
    Summary,
    Wish,
    section_call_count,
    summarize,
)
from desktop.storage.documents import DocumentStore
from desktop.work.asking import Asking, OnAnswer
from desktop.work.prompts import data_prompt
from desktop.work.text_model import TextModel

_LEAST_ROOM: Final = 256
_SPARE_TOKENS: Final = 16


class SectionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a section: done, or failed and why."""

    index: int
    pages: tuple[int, ...]
    tokens_in: int
    tokens_out: int
    status: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Which pages went in, which are cited, and which could not be read, and why."""

    pages: int
    read: tuple[int, ...]
    cited: tuple[int, ...]
    unreadable: dict[int, str]


class SummaryReport(msgspec.Struct, frozen=True, kw_only=True):
    """A finished summary and the account of it. ``resumed`` counts the calls from before."""

    document: str
    summary: str
    points: tuple[Point, ...]
    sections: tuple[SectionReport, ...]
    calls: int
    tokens_in: int
    tokens_out: int
    failures: tuple[str, ...]
    resumed: int
    coverage: Coverage
    seconds: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary is going to take, told before it starts."""

    sections: tuple[Section, ...]
    room: int
    calls: int
    tokens_in: int
    tokens_out: int


class Observer:
    """Hears how a summary goes; each method may be overridden. Called on the working thread."""

    def planned(self, plan: Plan) -> None:
        """Hear that the sections are cut."""

    def answered(self, call: Call, record: CallRecord, done: int, total: int) -> None:
        """Hear that a call is answered: ``done`` of about ``total``. The text makes the draft."""


class SummaryWork:
    """Summarizes one document with a loaded model."""

    def __init__(
        self,
        store: DocumentStore,
        model: TextModel,
        prompts: Prompts,
        observer: Observer | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._model = model
        self._prompts = prompts
        self._observer = observer or Observer()
        self._cancelled = cancelled

    def plan(self, document: Document, wish: Wish) -> Plan:
        """Cut the document into sections and estimate the work. Raises UserError."""
        return self._plan([each.as_passage() for each in self._store.passages(document.id)], wish)

    def run(self, document: Document, wish: Wish) -> SummaryReport:
        """Summarize the document; what was answered before is not asked again.

        Raises UserError, and CancelledError with the work kept to go on from.
        """
        began = time.monotonic()
        plan = self.plan(document, wish)
        self._observer.planned(plan)
        job_id = self._store.begin_job("summary", self._identity(wish, plan), [document.id])
        asking = Asking(
            self._store, self._model, job_id, self._prompts.system, self._note_to(plan), self._cancelled
        )
        try:
            summary = self._drive(asking, document.title or document.name, plan, wish)
        except BaseException:
            self._store.set_job_state(job_id, "paused")
            raise
        report = self._report(document, plan, summary, asking, time.monotonic() - began)
        self._store.set_job_state(job_id, "done", msgspec.json.encode(report).decode())
        return report

    def _plan(self, passages: Sequence[Passage], wish: Wish) -> Plan:
        room = self._room(wish)
        steps = split(passages, room)
        asked = next(steps)
        try:
            while True:
                asked = steps.send(self._model.count(asked.texts, self._cancelled))
        except StopIteration as stop:
            sections: tuple[Section, ...] = stop.value
        tokens = sum(section.tokens for section in sections)
        return Plan(
            sections=sections,
            room=room,
            calls=section_call_count(len(sections), tokens, room),
            tokens_in=round(tokens * (1 + OUTPUT_SHARE)),
            tokens_out=round(tokens * OUTPUT_SHARE / 2),
        )

    def _drive(self, asking: Asking, title: str, plan: Plan, wish: Wish) -> Summary:
        steps = summarize(title, plan.sections, wish, self._prompts, room=plan.room)
        step: Calls | CountTexts = next(steps)
        try:
            while True:
                if isinstance(step, CountTexts):
                    step = steps.send(self._model.count(step.texts, self._cancelled))
                else:
                    step = steps.send(asking.answer(step.calls))
        except StopIteration as stop:
            summary: Summary = stop.value
            return summary

    def _note_to(self, plan: Plan) -> OnAnswer:
        """Return what tells the observer of an answer."""

        def note(call: Call, record: CallRecord, done: int) -> None:
            self._observer.answered(call, record, done, max(plan.calls, done))

        return note

    def _room(self, wish: Wish) -> int:
        """Return the tokens of data that a call has room for, beside instruction and reply."""
        prompts = self._prompts
        longest = max((prompts.section, prompts.reduce, prompts.final), key=len)
        sample = data_prompt(prompts.system, f"{longest}{wish.focus}{wish.language}{' .' * 20}", "")
        overhead = self._model.count_prompt(sample, self._cancelled) + _SPARE_TOKENS
        room = int((self._model.context_size - overhead) / (1 + OUTPUT_SHARE))
        if room < _LEAST_ROOM:
            raise UserError(
                f"A context window of {self._model.context_size:,} tokens is too small to "
                "summarize with.",
                "Choose one of 1,024 tokens or more, or shorten the question and the prompts.",
            )
        return room

    def _identity(self, wish: Wish, plan: Plan) -> str:
        """Return what must be the same for work to go on: wish, prompts, model and sections."""
        info = self._model.info
        parts = {
            "wish": msgspec.to_builtins(wish),
            "prompts": hashlib.sha256(msgspec.json.encode(self._prompts)).hexdigest(),
            "model": [info.path, info.size_bytes] if info else [],
            "room": plan.room,
        }
        return msgspec.json.encode(parts, order="sorted").decode()

    def _report(
        self, document: Document, plan: Plan, summary: Summary, asking: Asking, seconds: float
    ) -> SummaryReport:
        sections = tuple(
            SectionReport(
                index=section.index,
                pages=section.pages,
                tokens_in=asking.records[0, section.index].tokens_in,
                tokens_out=asking.records[0, section.index].tokens_out,
                status="failed" if section.index in summary.failed else "done",
            )
            for section in plan.sections
        )
        records = asking.records.values()
        read = {page for section in plan.sections for page in section.pages}
        cited = {page for index in summary.cited for page in plan.sections[index].pages}
        return SummaryReport(
            document=document.path,
            summary=summary.text,
            points=summary.points,
            sections=sections,
            calls=len(asking.records),
            tokens_in=sum(record.tokens_in for record in records),
            tokens_out=sum(record.tokens_out for record in records),
            failures=_failures(plan.sections, summary.failed, asking.records),
            resumed=asking.resumed,
            coverage=Coverage(
                pages=document.pages,
                read=tuple(sorted(read)),
                cited=tuple(sorted(cited)),
                unreadable=self._store.unreadable_pages(document.id),
            ),
            seconds=seconds,
        )


def _failures(
    sections: Sequence[Section], failed: Sequence[int], records: Mapping[Key, CallRecord]
) -> tuple[str, ...]:
    """Return a sentence for each section that is not in the summary."""
    sentences = []
    for index in failed:
        pages = sections[index].pages
        where = f" (pages {pages[0]}–{pages[-1]})" if pages else ""
        why = records[0, index].failure or "The model wrote nothing about it."
        sentences.append(f"Section {index + 1}{where} is missing: {why}")
    return tuple(sentences)
