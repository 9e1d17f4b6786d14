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


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary is made of: a document, or the summaries of several.

    ``pages`` are counted by ``page_word``; ``unreadable`` are those without text, and why.
    """

    name: str
    title: str
    document_ids: tuple[int, ...]
    passages: tuple[Passage, ...]
    pages: int
    page_word: str
    unreadable: dict[int, str]


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
    page_word: str
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

    def answered(self, _call: Call, _record: CallRecord, done: int, total: int) -> None:
        """Hear that a call is answered: ``done`` of about ``total``. The text makes the draft."""


class SummaryWork:
    """Makes summaries with a loaded model."""

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

    def plan(self, subject: Subject, wish: Wish) -> Plan:
        """Cut the subject into sections and estimate the work. Raises UserError."""
        room = self._room(wish)
        steps = split(subject.passages, room)
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

    def run(self, subject: Subject, wish: Wish) -> SummaryReport:
        """Summarize; what was answered before, for the same wish and model, is not asked again.

        Raises UserError, and CancelledError with the work kept to go on from.
        """
        began = time.monotonic()
        plan = self.plan(subject, wish)
        self._observer.planned(plan)
        identity = self._identity(subject, wish, plan)
        job_id = self._store.begin_job("summary", identity, subject.document_ids)
        asking = Asking(
            self._store,
            self._model,
            job_id,
            system=self._prompts.system,
            on_answer=self._note_to(plan),
            cancelled=self._cancelled,
        )
        try:
            summary = self._drive(asking, subject.title, plan, wish)
        except BaseException:
            self._store.set_job_state(job_id, "paused")
            raise
        report = _report(subject, plan, summary, asking, time.monotonic() - began)
        self._store.set_job_state(job_id, "done", msgspec.json.encode(report).decode())
        return report

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

    def _identity(self, subject: Subject, wish: Wish, plan: Plan) -> str:
        """Return what must be the same for work to go on: wish, prompts, model and sections."""
        info = self._model.info
        parts = {
            "name": subject.name,
            "wish": msgspec.to_builtins(wish),
            "prompts": hashlib.sha256(msgspec.json.encode(self._prompts)).hexdigest(),
            "model": [info.path, info.size_bytes] if info else [],
            "room": plan.room,
        }
        return msgspec.json.encode(parts, order="sorted").decode()


def document_subject(document: Document, store: DocumentStore) -> Subject:
    """Return a document as what a summary is made of."""
    return Subject(
        name=document.path,
        title=document.title or document.name,
        document_ids=(document.id,),
        passages=tuple(each.as_passage() for each in store.passages(document.id)),
        pages=document.pages,
        page_word=document.page_word,
        unreadable=store.unreadable_pages(document.id),
    )


def joint_subject(documents: Sequence[Document], reports: Sequence[SummaryReport]) -> Subject:
    """Return the summaries of several documents as what one over all is made of.

    What it calls a page is a document, by its place among them.
    """
    return Subject(
        name="",
        title=", ".join(document.title or document.name for document in documents),
        document_ids=tuple(document.id for document in documents),
        passages=tuple(
            Passage(text=f"{document.title or document.name}: {report.summary}", page=number)
            for number, (document, report) in enumerate(
                zip(documents, reports, strict=True), start=1
            )
        ),
        pages=len(documents),
        page_word="document",
        unreadable={},
    )


def _report(
    subject: Subject, plan: Plan, summary: Summary, asking: Asking, seconds: float
) -> SummaryReport:
    records = asking.records
    sections = tuple(
        SectionReport(
            index=section.index,
            pages=section.pages,
            tokens_in=records[0, section.index].tokens_in,
            tokens_out=records[0, section.index].tokens_out,
            status="failed" if section.index in summary.failed else "done",
        )
        for section in plan.sections
    )
    read = {page for section in plan.sections for page in section.pages}
    cited = {page for index in summary.cited for page in plan.sections[index].pages}
    return SummaryReport(
        document=subject.name or subject.title,
        summary=summary.text,
        points=summary.points,
        sections=sections,
        calls=len(records),
        tokens_in=sum(record.tokens_in for record in records.values()),
        tokens_out=sum(record.tokens_out for record in records.values()),
        failures=_failures(plan.sections, summary.failed, records),
        resumed=asking.resumed,
        coverage=Coverage(
            pages=subject.pages,
            page_word=subject.page_word,
            read=tuple(sorted(read)),
            cited=tuple(sorted(cited)),
            unreadable=subject.unreadable,
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
