"""Drives a summary: the generator's calls to the model, every answer to the disk.

The job's kind is ``summary``, its wish a ``SummaryWish``, its result a ``SummaryResult``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.jobs import CallRecord, Job, Key
from desktop.domain.sections import CountTexts, Passage, Section, split
from desktop.domain.summary import (
    OUTPUT_SHARE,
    Call,
    Calls,
    Point,
    Prompts,
    Summary,
    Wish,
    section_call_count,
    summarize,
)
from desktop.storage.documents import DocumentStore
from desktop.work.asking import Asking, OnAnswer
from desktop.work.jobs import JobTools
from desktop.work.prompts import data_prompt

_LEAST_ROOM: Final = 256
_SPARE_TOKENS: Final = 16
_LEVELS_EACH: Final = 100
"""Levels of calls that each subject of a job has for itself."""


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


class SummaryWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary job is told: the person's wish, and the prompts as the person left them."""

    wish: Wish
    prompts: Prompts


class SummaryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary job comes to: one report a document, and one over all where several are."""

    reports: tuple[SummaryReport, ...]


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """News: the sections of ``name`` are cut, and this is what they are going to take."""

    name: str
    plan: Plan


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """News: a call about ``name`` is answered. The texts make the draft."""

    name: str
    call: Call
    record: CallRecord


class SummaryWorker:
    """Does summary jobs: a summary of each document, and one over all where there are several."""

    def run(self, job: Job, tools: JobTools) -> str:
        """Return a ``SummaryResult`` as JSON. Raises UserError and CancelledError."""
        wish = msgspec.json.decode(job.wish, type=SummaryWish)
        work = SummaryWork(tools, job.id, wish.prompts)
        documents = [_document(tools.documents, each) for each in job.document_ids]
        reports = [
            work.run(document_subject(document, tools.documents), wish.wish, place)
            for place, document in enumerate(documents)
        ]
        if len(documents) > 1:
            reports.append(work.run(joint_subject(documents, reports), wish.wish, len(documents)))
        return msgspec.json.encode(SummaryResult(reports=tuple(reports))).decode()


def _document(store: DocumentStore, document_id: int) -> Document:
    document = store.document(document_id)
    if document is None:
        raise UserError("A document of this work was deleted.", "Begin again without it.")
    return document


class SummaryWork:
    """Makes the summary of one subject, as a part of a job."""

    def __init__(self, tools: JobTools, job_id: int, prompts: Prompts) -> None:
        self._tools = tools
        self._job_id = job_id
        self._model = tools.model
        self._prompts = prompts
        self._cancelled = tools.cancelled

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

    def run(self, subject: Subject, wish: Wish, place: int = 0) -> SummaryReport:
        """Summarize the job's subject number ``place``; what is answered is not asked again.

        Raises UserError, and CancelledError with the work kept to go on from.
        """
        began = time.monotonic()
        plan = self.plan(subject, wish)
        self._tools.report(0, plan.calls, Planned(name=subject.title, plan=plan))
        asking = Asking(
            self._tools,
            self._job_id,
            system=self._prompts.system,
            on_answer=self._note_to(subject, plan),
            first_level=place * _LEVELS_EACH,
        )
        summary = self._drive(asking, subject.title, plan, wish)
        return _report(subject, plan, summary, asking, time.monotonic() - began)

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

    def _note_to(self, subject: Subject, plan: Plan) -> OnAnswer:
        """Return what reports an answer."""

        def note(call: Call, record: CallRecord, done: int) -> None:
            news = Answered(name=subject.title, call=call, record=record)
            self._tools.report(done, max(plan.calls, done), news)

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
