"""Drives a summary: the generator's calls to the model, every answer to the disk.

The job's kind is ``summary``, its wish a ``SummaryWish``, its result a ``SummaryResult``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.jobs import CallRecord, Job, Key
from desktop.domain.page_words import place_in_words
from desktop.domain.sections import CountTexts, Section, split
from desktop.domain.sources import SourceFinder
from desktop.domain.summary import (
    OUTPUT_SHARE,
    SECTION_ROOM,
    Call,
    Calls,
    Summary,
    forecast,
    summarize,
)
from desktop.storage.documents import DocumentStore
from desktop.work.asking import Asking, Recalled
from desktop.work.estimating import known_speed, seconds_for
from desktop.work.jobs import JobTools
from desktop.work.prompts import data_prompt
from desktop.work.subjects import Subject, document_subject, joint_subject
from desktop.work.summary_records import (
    Answered,
    Coverage,
    Plan,
    Planned,
    Reported,
    SectionReport,
    SummaryPoint,
    SummaryReport,
    SummaryResult,
    SummaryWish,
    Writing,
)
from models.wording import number, tr

_LEAST_ROOM: Final = 192
_SPARE_TOKENS: Final = 16
_TELL_S: Final = 0.25
_SILENT_S: Final = 1.0
"""How often what is being written is told, and after how long another call's turn is."""
LEVELS_EACH: Final = 100
"""Levels of calls that each subject of a job has for itself."""
_JOINT_CALLS: Final = 2
"""What a summary over all takes, about; known once the others are there."""


class SummaryWorker:
    """Does summary jobs: a summary of each document, and one over all where there are several."""

    def run(self, job: Job, tools: JobTools) -> str:
        """Return a ``SummaryResult`` as JSON. Raises UserError and CancelledError."""
        work = SummaryWork(tools, job.id, msgspec.json.decode(job.wish, type=SummaryWish))
        documents = [_document(tools.documents, each) for each in job.document_ids]
        if len(documents) > 1:
            work.look_ahead(documents)
        reports = [
            work.run(document_subject(document, tools.documents), place)
            for place, document in enumerate(documents)
        ]
        if len(documents) > 1:
            reports.append(work.run(joint_subject(documents, reports), len(documents)))
        return msgspec.json.encode(SummaryResult(reports=tuple(reports))).decode()


def _document(store: DocumentStore, document_id: int) -> Document:
    document = store.document(document_id)
    if document is None:
        raise UserError(tr("A document of this work was deleted."), tr("Begin again without it."))
    return document


class SummaryWork:
    """Makes the summaries of a job, one subject after another."""

    def __init__(self, tools: JobTools, job_id: int, wish: SummaryWish) -> None:
        self._tools = tools
        self._job_id = job_id
        self._model = tools.model
        self._wish = wish.wish
        self._prompts = wish.prompts
        self._cancelled = tools.cancelled
        self._made = 0
        """Calls of the subjects that are done."""
        self._ahead: list[int] = []
        """Calls that each subject is going to take, as far as known."""
        answers = tools.jobs.answers(job_id).values()
        model = tools.model.info
        self._speed = known_speed(tools.jobs.jobs(), model.path) if model else None
        self._known = sum(not record.failure for record in answers)

    def look_ahead(self, documents: Sequence[Document]) -> None:
        """Find out what all of the documents are going to take, so that progress counts them."""
        for document in documents:
            plan = self.plan(document_subject(document, self._tools.documents))
            self._ahead.append(plan.expected.calls)
        self._ahead.append(_JOINT_CALLS)

    def plan(self, subject: Subject) -> Plan:
        """Cut the subject into sections and estimate the work. Raises UserError."""
        overhead = self._overhead()
        room = self._room(overhead)
        steps = split(subject.passages, min(room, SECTION_ROOM))
        asked = next(steps)
        try:
            while True:
                asked = steps.send(self._model.count(asked.texts, self._cancelled))
        except StopIteration as stop:
            sections: tuple[Section, ...] = stop.value
        finder = SourceFinder(subject.passages, subject.refs, sections)
        tokens = sum(section.tokens for section in sections)
        expected = forecast(tokens, room, overhead, sections=len(sections))
        return Plan(
            sections=sections,
            sources=tuple(finder.whole(section.index) for section in sections),
            room=room,
            expected=expected,
            seconds=seconds_for(expected, "", self._speed, None),
        )

    def run(self, subject: Subject, place: int = 0) -> SummaryReport:
        """Summarize the job's subject number ``place``; what is answered is not asked again.

        Raises UserError, and CancelledError with the work kept to go on from.
        """
        began = time.monotonic()
        plan = self.plan(subject)
        self._ahead[place:] = [plan.expected.calls, *self._ahead[place + 1 :]]
        self._report(
            min(self._known, plan.expected.calls),
            Planned(place=place, title=subject.title, plan=plan),
        )
        asking = Asking(
            self._tools,
            self._job_id,
            system=self._prompts.system,
            on_answer=lambda call, record, done: self._tell(subject, place, [(call, record)], done),
            on_recalled=lambda recalled, done: self._tell(subject, place, recalled, done),
            on_text=_Ticker(
                lambda text: self._tell_text(subject, place, text, len(asking.records))
            ).take,
            first_level=place * LEVELS_EACH,
        )
        summary = self._drive(asking, subject.title, plan)
        report = self._account(subject, plan, summary, asking, time.monotonic() - began)
        self._made += len(asking.records)
        self._report(0, Reported(place=place, report=report))
        return report

    def _drive(self, asking: Asking, title: str, plan: Plan) -> Summary:
        steps = summarize(title, plan.sections, self._wish, self._prompts, room=plan.room)
        try:
            step: Calls | CountTexts = next(steps)
            while True:
                if isinstance(step, CountTexts):
                    step = steps.send(self._model.count(step.texts, self._cancelled))
                else:
                    step = steps.send(asking.answer(step.calls))
        except StopIteration as stop:
            summary: Summary = stop.value
            return summary

    def _tell(self, subject: Subject, place: int, answers: Recalled, done: int) -> None:
        self._report(done, Answered(place=place, title=subject.title, answers=tuple(answers)))

    def _tell_text(self, subject: Subject, place: int, text: str, done: int) -> None:
        self._report(done, Writing(place=place, title=subject.title, text=text))

    def _report(self, done: int, news: msgspec.Struct) -> None:
        done += self._made
        self._tools.report(done, max(sum(self._ahead), done), news)

    def _overhead(self) -> int:
        """Return the tokens of a call beside its data and its reply."""
        prompts, wish = self._prompts, self._wish
        longest = max((prompts.section, prompts.reduce, prompts.final), key=len)
        filling = f"{prompts.lengths[wish.length]}{prompts.focus}{prompts.language}"
        instruction = f"{longest}{filling}{wish.focus}{wish.language}{' .' * 20}"
        sample = data_prompt(prompts.system, instruction, "")
        return self._model.count_prompt(sample, self._cancelled) + _SPARE_TOKENS

    def _room(self, overhead: int) -> int:
        """Return the tokens of data that a call has room for, beside instruction and reply."""
        room = int((self._model.context_size - overhead) / (1 + OUTPUT_SHARE))
        if room < _LEAST_ROOM:
            raise UserError(
                tr(
                    "A context window of {size} tokens is too small to summarize with.",
                    size=number(self._model.context_size),
                ),
                tr(
                    "Choose one of {least} tokens or more, or shorten the question and the "
                    "prompts.",
                    least=number(1_024),
                ),
            )
        return room

    def _account(
        self, subject: Subject, plan: Plan, summary: Summary, asking: Asking, seconds: float
    ) -> SummaryReport:
        records = asking.records
        sections = _section_reports(plan.sections, summary, records)
        points = _points(subject, plan.sections, summary)
        info = self._model.info
        made = [record for key, record in records.items() if key in asking.asked]
        tokens = sum(record.tokens_in + record.tokens_out for record in made)
        return SummaryReport(
            document=subject.name,
            title=subject.title,
            documents=subject.documents,
            summary=summary.text,
            points=points,
            sections=sections,
            calls=len(records),
            tokens_in=sum(record.tokens_in for record in records.values()),
            tokens_out=sum(record.tokens_out for record in records.values()),
            failures=_failures(subject, plan.sections, summary.failed, records),
            resumed=asking.resumed,
            coverage=_coverage(subject, sections, points),
            seconds=seconds,
            model=info.name if info else "",
            model_path=info.path if info else "",
            tokens_per_s=tokens / seconds if seconds else 0.0,
        )


class _Ticker:
    """Passes on now and then what is written to the call that was heard of first."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._call: Key | None = None
        self._heard = self._told = 0.0

    def take(self, call: Call, text: str) -> None:
        now = time.monotonic()
        if self._call is None or now - self._heard > _SILENT_S:
            self._call = call.key
        if call.key != self._call:
            return
        self._heard = now
        if now - self._told >= _TELL_S:
            self._told = now
            self._tell(text)


def _section_reports(
    sections: Sequence[Section], summary: Summary, records: Mapping[Key, CallRecord]
) -> tuple[SectionReport, ...]:
    return tuple(
        SectionReport(
            index=section.index,
            pages=section.pages,
            tokens_in=records[0, section.index].tokens_in,
            tokens_out=records[0, section.index].tokens_out,
            status="failed" if section.index in summary.failed else "done",
        )
        for section in sections
    )


def _points(
    subject: Subject, sections: Sequence[Section], summary: Summary
) -> tuple[SummaryPoint, ...]:
    finder = SourceFinder(subject.passages, subject.refs, sections, quotes=bool(subject.name))
    return tuple(
        SummaryPoint(
            text=point.text,
            sources=tuple(finder.find(point.text, section) for section in point.sources),
        )
        for point in summary.points
    )


def _coverage(
    subject: Subject, sections: Sequence[SectionReport], points: Sequence[SummaryPoint]
) -> Coverage:
    read = {page for each in sections if each.status == "done" for page in each.pages}
    cited = {page for point in points for source in point.sources for page in source.pages}
    return Coverage(
        pages=subject.pages,
        page_word=subject.page_word,
        read=tuple(sorted(read)),
        cited=tuple(sorted(cited)),
        unreadable=subject.unreadable,
    )


def _failures(
    subject: Subject,
    sections: Sequence[Section],
    failed: Sequence[int],
    records: Mapping[Key, CallRecord],
) -> tuple[str, ...]:
    """Return a sentence for each section that is not in the summary."""
    if not sections:
        return (tr("There is no text in it to summarize."),)
    sentences = []
    for index in failed:
        pages = sections[index].pages
        why = records[0, index].failure or tr("The model wrote nothing about it.")
        if not pages:
            sentences.append(tr("Section {place} is missing: {why}", place=index + 1, why=why))
            continue
        span = f"{pages[0]}–{pages[-1]}" if len(pages) > 1 else str(pages[0])
        sentences.append(
            tr(
                "Section {place} ({pages}) is missing: {why}",
                place=index + 1,
                pages=place_in_words(subject.page_word, span, several=len(pages) > 1),
                why=why,
            )
        )
    return tuple(sentences)
