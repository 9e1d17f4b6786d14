"""Drives an extraction: the generator's calls to the model, every answer to the disk.

The job's kind is ``extraction``, its wish an ``ExtractionWish``, its result an
``ExtractionResult``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from desktop.domain.documents import Document, StoredPassage
from desktop.domain.errors import UserError
from desktop.domain.evidence import located
from desktop.domain.extraction import (
    MOST_ROWS,
    ExtractionPrompts,
    SectionRows,
    extract,
    instruction,
    read_reply,
)
from desktop.domain.jobs import CallRecord, Job
from desktop.domain.page_words import place_in_words, unreadable_in_words
from desktop.domain.row_schema import reply_schema
from desktop.domain.rows import Merger, TableRow
from desktop.domain.sections import Section, split
from desktop.domain.summary import Call
from desktop.domain.table import Row, Table
from desktop.storage.documents import DocumentStore
from desktop.work.asking import SAMPLING, Asking, Recalled
from desktop.work.jobs import JobTools
from desktop.work.markdown import ranges
from desktop.work.prompts import data_prompt
from models.wording import number, tr

EXTRACTION_SAMPLING: Final = msgspec.structs.replace(SAMPLING, repeat_penalty=1.0)
"""Rows repeat their columns' names, and often each other's values: nothing to be punished for."""
_LEAST_ROOM: Final = 160
_MOST_ROOM: Final = 800
"""Tokens of a section: small models read short ones more faithfully."""
_SPARE_TOKENS: Final = 16
_ROW_TOKENS: Final = 10
_CELL_TOKENS: Final = 14
"""What a row and each of its cells take in a reply, or so."""
_LEVELS_EACH: Final = 10
"""Levels of calls that each document of a job has for itself."""


class ExtractionWish(msgspec.Struct, frozen=True, kw_only=True):
    """What an extraction job is told: the checked columns, and the prompts."""

    table: Table
    prompts: ExtractionPrompts


class ReadDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the rows come from. ``page_word`` is what its pages are called."""

    id: int
    name: str
    page_word: str


class ReadSection(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a section: how many rows, what it took, what went wrong."""

    document_id: int
    index: int
    pages: tuple[int, ...]
    rows: int
    calls: int
    tokens_in: int
    tokens_out: int
    status: str


class ExtractionResult(msgspec.Struct, frozen=True, kw_only=True):
    """A finished table and the account of it.

    ``joined`` counts the rows that another one already said, ``resumed`` the calls from before.
    """

    table: Table
    documents: tuple[ReadDocument, ...]
    rows: tuple[TableRow, ...]
    sections: tuple[ReadSection, ...]
    joined: int
    calls: int
    tokens_in: int
    tokens_out: int
    failures: tuple[str, ...]
    resumed: int
    seconds: float
    model: str = ""


class SectionsCut(msgspec.Struct, frozen=True, kw_only=True):
    """News: the documents are cut into so many sections, of so many tokens."""

    sections: int
    tokens: int


class RowsFound(msgspec.Struct, frozen=True, kw_only=True):
    """News: the rows by now, in the order in which they were found."""

    rows: tuple[TableRow, ...]


class ExtractionWorker:
    """Does extraction jobs: every section of each document is read for rows of the table."""

    def run(self, job: Job, tools: JobTools) -> str:
        """Return an ``ExtractionResult`` as JSON. Raises UserError and CancelledError."""
        wish = msgspec.json.decode(job.wish, type=ExtractionWish)
        return msgspec.json.encode(_Extraction(job, tools, wish).run()).decode()


def pages_in_words(word: str, pages: Sequence[int]) -> str:
    """Return ``page 3``, ``pages 3–5, 9``; empty where there are none."""
    return place_in_words(word, ranges(pages), several=len(pages) > 1) if pages else ""


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A document cut into sections."""

    document: Document
    passages: tuple[StoredPassage, ...]
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        return self.document.title or self.document.name


class _Extraction:
    """One job at work."""

    def __init__(self, job: Job, tools: JobTools, wish: ExtractionWish) -> None:
        self._job = job
        self._tools = tools
        self._table = wish.table
        self._prompts = wish.prompts
        self._draft = Merger()
        self._located: dict[tuple[int, int, str], TableRow] = {}
        self._done = self._total = 0
        _check_kind(tools)
        documents = [_document(tools.documents, each) for each in job.document_ids]
        titles = [document.title or document.name for document in documents]
        overhead = self._overhead(max(titles, key=len))
        self._room, self._reply_tokens = self._rooms(overhead)
        most = self._reply_tokens // (_ROW_TOKENS + _CELL_TOKENS * len(self._table.columns))
        self._most_rows = max(1, min(MOST_ROWS, most))
        self._schema = reply_schema(self._table, self._most_rows)
        self._subjects = [self._cut(document) for document in documents]

    def run(self) -> ExtractionResult:
        began = time.monotonic()
        sections = [section for subject in self._subjects for section in subject.sections]
        self._total = len(sections)
        tokens = sum(section.tokens for section in sections)
        self._tools.report(0, self._total, SectionsCut(sections=len(sections), tokens=tokens))
        merger = Merger()
        accounts: list[ReadSection] = []
        failures: list[str] = []
        resumed = 0
        for place, subject in enumerate(self._subjects):
            asking = self._asking(subject, place)
            found = self._drive(asking, subject)
            for each in found:
                merger.add(self._rows(subject, each.section, each.rows))
            accounts += _accounts(subject, found, asking)
            failures += self._failures(subject, found)
            resumed += asking.resumed
            self._done += len(asking.records)
        info = self._tools.model.info
        return ExtractionResult(
            table=self._table,
            documents=tuple(_read(subject.document) for subject in self._subjects),
            rows=merger.rows,
            sections=tuple(accounts),
            joined=merger.joined,
            calls=sum(each.calls for each in accounts),
            tokens_in=sum(each.tokens_in for each in accounts),
            tokens_out=sum(each.tokens_out for each in accounts),
            failures=tuple(failures),
            resumed=resumed,
            seconds=time.monotonic() - began,
            model=info.name if info else "",
        )

    def _asking(self, subject: _Subject, place: int) -> Asking:
        def note(call: Call, record: CallRecord, done: int) -> None:
            self._show(subject, [(call, record)], done)

        def recall(recalled: Recalled, done: int) -> None:
            self._show(subject, recalled, done)

        return Asking(
            self._tools,
            self._job.id,
            system=self._prompts.system,
            on_answer=note,
            on_recalled=recall,
            first_level=place * _LEVELS_EACH,
            sampling=EXTRACTION_SAMPLING,
        )

    def _drive(self, asking: Asking, subject: _Subject) -> tuple[SectionRows, ...]:
        steps = extract(
            subject.title,
            subject.sections,
            self._table,
            self._prompts,
            reply_tokens=self._reply_tokens,
            schema=self._schema,
            most_rows=self._most_rows,
        )
        try:
            step = next(steps)
            while True:
                step = steps.send(asking.answer(step.calls))
        except StopIteration as stop:
            found: tuple[SectionRows, ...] = stop.value
            return found

    def _show(self, subject: _Subject, answers: Recalled, done: int) -> None:
        for call, record in answers:
            reading = read_reply(record.text, self._table, self._most_rows)
            self._draft.add(self._rows(subject, call.sections[0], reading.rows))
        done += self._done
        # Sections that are read in halves take more calls than there are sections.
        self._tools.report(done, max(self._total, done), RowsFound(rows=self._draft.rows))

    def _rows(self, subject: _Subject, section: int, rows: Sequence[Row]) -> list[TableRow]:
        """Return the rows of a section with their sources, looked up once."""
        document_id, place = subject.document.id, subject.sections[section]
        made = []
        for row in rows:
            key = document_id, section, json.dumps(row, sort_keys=True)
            if key not in self._located:
                cells = located(row, self._table, subject.passages, place.first, place.last)
                self._located[key] = TableRow(document_id=document_id, cells=cells)
            made.append(self._located[key])
        return made

    def _cut(self, document: Document) -> _Subject:
        passages = tuple(self._tools.documents.passages(document.id))
        steps = split([passage.as_passage() for passage in passages], self._room)
        try:
            asked = next(steps)
            while True:
                texts = asked.texts
                asked = steps.send(self._tools.model.count(texts, self._tools.cancelled))
        except StopIteration as stop:
            return _Subject(document=document, passages=passages, sections=stop.value)

    def _overhead(self, title: str) -> int:
        told = instruction(title, self._table, self._prompts)
        sample = data_prompt(self._prompts.system, told, "")
        return self._tools.model.count_prompt(sample, self._tools.cancelled) + _SPARE_TOKENS

    def _rooms(self, overhead: int) -> tuple[int, int]:
        """Return the tokens of a section and of a reply: a table is as long as its text."""
        context = self._tools.model.context_size
        room = min(_MOST_ROOM, (context - overhead) // 2)
        if room < _LEAST_ROOM:
            raise UserError(
                tr(
                    "A context window of {size} tokens is too small for these columns.",
                    size=number(context),
                ),
                tr("Choose a larger one, fewer columns or shorter descriptions."),
            )
        return room, min(context - overhead - room, 2 * room)

    def _failures(self, subject: _Subject, found: Sequence[SectionRows]) -> list[str]:
        """Return a sentence for all that is not in the table."""
        document = subject.document
        prefix = f"{document.name}: " if len(self._subjects) > 1 else ""
        unreadable = self._tools.documents.unreadable_pages(document.id)
        sentences = [
            prefix + unreadable_in_words(document.page_word, page, why)
            for page, why in unreadable.items()
        ]
        if not subject.sections:
            sentences.append(tr("There is no text in “{name}”.", name=document.name))
        for each in found:
            where = prefix + _section(subject, each.section)
            sentences += [f"{where}: {trouble}" for trouble in each.troubles]
        return sentences


def _accounts(subject: _Subject, found: Sequence[SectionRows], asking: Asking) -> list[ReadSection]:
    records: dict[int, list[CallRecord]] = {}
    for (depth, place), record in asking.records.items():
        records.setdefault(place >> depth, []).append(record)
    return [
        ReadSection(
            document_id=subject.document.id,
            index=each.section,
            pages=subject.sections[each.section].pages,
            rows=len(each.rows),
            calls=len(records[each.section]),
            tokens_in=sum(record.tokens_in for record in records[each.section]),
            tokens_out=sum(record.tokens_out for record in records[each.section]),
            status="failed" if each.failed else "incomplete" if each.troubles else "done",
        )
        for each in found
    ]


def _check_kind(tools: JobTools) -> None:
    info = tools.model.info
    if info is not None and info.kind == "encoder_decoder":
        raise UserError(
            tr("{name} summarizes and translates, and fills no tables.", name=info.name),
            tr("Choose a chat model for documents."),
        )


def _document(store: DocumentStore, document_id: int) -> Document:
    document = store.document(document_id)
    if document is None:
        raise UserError(tr("A document of this work was deleted."), tr("Begin again without it."))
    return document


def _read(document: Document) -> ReadDocument:
    return ReadDocument(id=document.id, name=document.name, page_word=document.page_word)


def _section(subject: _Subject, section: int) -> str:
    pages, word = subject.sections[section].pages, subject.document.page_word
    if not pages:
        return tr("Section {place}", place=section + 1)
    return tr("Section {place} ({pages})", place=section + 1, pages=pages_in_words(word, pages))
