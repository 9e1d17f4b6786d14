"""What goes into a summary job, what it comes to, and what it tells on the way."""

from __future__ import annotations

import msgspec

from desktop.domain.jobs import CallRecord
from desktop.domain.sections import Section
from desktop.domain.sources import Source
from desktop.domain.summary import Call, Forecast, Prompts, Wish


class SummaryWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary job is told: the person's wish, and the prompts as the person left them."""

    wish: Wish
    prompts: Prompts


class SectionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a section: done, or failed and why."""

    index: int
    pages: tuple[int, ...]
    tokens_in: int
    tokens_out: int
    status: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Which pages went in, which are cited, and which could not be read, and why.

    ``pages`` are counted by ``page_word``; a summary of several documents counts those.
    """

    pages: int
    page_word: str
    read: tuple[int, ...]
    cited: tuple[int, ...]
    unreadable: dict[int, str]


class Summarized(msgspec.Struct, frozen=True, kw_only=True):
    """A document that a summary is of."""

    document_id: int
    name: str
    page_word: str


class SummaryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence or a line of a summary, with its line breaks, and where it comes from."""

    text: str
    sources: tuple[Source, ...] = ()


class SummaryReport(msgspec.Struct, frozen=True, kw_only=True):
    """A finished summary and the account of it.

    ``document`` is its path, empty for one over several. ``resumed`` counts the calls whose answers
    were there from before; ``seconds`` is how long the others took.
    """

    document: str
    title: str
    documents: tuple[Summarized, ...]
    summary: str
    points: tuple[SummaryPoint, ...]
    sections: tuple[SectionReport, ...]
    calls: int
    tokens_in: int
    tokens_out: int
    failures: tuple[str, ...]
    resumed: int
    coverage: Coverage
    seconds: float
    model: str
    model_path: str
    tokens_per_s: float = 0.0
    """Of the calls that were made now, in and out together; 0 where none was."""


class SummaryResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary job comes to: one report a document, and one over all where several are."""

    reports: tuple[SummaryReport, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a subject is going to be summarized, with about what it takes."""

    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    room: int
    expected: Forecast
    seconds: float | None = None
    """By the speed of earlier summaries; None where there are none."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """News: subject number ``place`` is cut into sections, and begins."""

    place: int
    title: str
    plan: Plan


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """News: calls about subject number ``place`` are answered: one now, or many from before."""

    place: int
    title: str
    answers: tuple[tuple[Call, CallRecord], ...]


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """News: what the model has written so far to the first of the calls that run."""

    place: int
    title: str
    text: str


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """News: subject number ``place`` is done, and others may follow."""

    place: int
    report: SummaryReport
