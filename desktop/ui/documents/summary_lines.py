"""A summary as lines to be shown: what each says, and the marks that lead to its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from desktop.domain.documents import SourceRef
from desktop.domain.page_words import place_in_words
from desktop.domain.sources import Source
from desktop.work.markdown import NO_SOURCE, heading, is_unsupported, ranges
from desktop.work.summary_draft import DraftSubject
from desktop.work.summary_records import Summarized, SummaryReport
from models.wording import tr

LineKind = Literal["title", "heading", "item", "paragraph"]
_LONGEST_HEADING: Final = 28


@dataclass(frozen=True)
class Mark:
    """A few letters that lead to a place (None: to none), and what a tip says of it."""

    text: str
    ref: SourceRef | None
    tip: str


@dataclass(frozen=True)
class Run:
    """A sentence and its marks."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line: sentences after each other."""

    kind: LineKind
    runs: tuple[Run, ...]


def report_lines(report: SummaryReport, *, titled: bool) -> list[Line]:
    """Return a finished summary, with a title where there are several."""
    lines = [Line("title", (Run(heading(report)),))] if titled else []
    runs: list[Run] = []
    for point in report.points:
        body = point.text.rstrip()
        if body.strip():
            marks = source_marks(point.sources, report.documents)
            runs.append(Run(body, _no_source() if is_unsupported(point) else marks))
        if runs and "\n" in point.text[len(body) :]:
            lines.append(_line(runs))
            runs = []
    return [*lines, _line(runs)] if runs else lines


def section_lines(
    subject: DraftSubject, number: int, documents: Sequence[Summarized]
) -> list[Line]:
    """Return the points of a section of a draft; the last one carries the mark."""
    notes = subject.notes.get(number, [])
    sources = subject.sources[number : number + 1]
    marks = source_marks(sources, documents)
    last = len(notes) - 1
    return [
        Line("item", (Run(note, marks if at == last else ()),)) for at, note in enumerate(notes)
    ]


def source_marks(sources: Sequence[Source], documents: Sequence[Summarized]) -> tuple[Mark, ...]:
    """Return a mark for each place, each place once."""
    return tuple({mark.text: mark for mark in _marks(sources, documents)}.values())


def _marks(sources: Sequence[Source], documents: Sequence[Summarized]) -> Iterator[Mark]:
    known = {document.document_id: document for document in documents}
    for source in sources:
        document = known.get(source.ref.document_id)
        if document is None:
            continue
        several = len(documents) > 1
        pages = [source.ref.page] if several and source.ref.page else list(source.pages)
        if pages and (not several or source.ref.page):
            text = _pages_in_short(document.page_word, pages)
        else:
            text = "" if several else _place_of(source)
        name = document.name if several else ""
        tip = source.ref.quote or tr("Open {document} at this place", document=document.name)
        yield Mark(", ".join(part for part in (name, text) if part), source.ref, tip)


def _no_source() -> tuple[Mark, ...]:
    """Return the mark of a sentence that nothing bears out."""
    tip = tr("No section of the document bears this out: the model may have made it up.")
    return (Mark(tr(NO_SOURCE), None, tip),)


def _pages_in_short(page_word: str, pages: Sequence[int]) -> str:
    if page_word == "page":
        return tr("p. {pages}", pages=ranges(pages))
    return place_in_words(page_word, ranges(pages), several=len(pages) > 1)


def _place_of(source: Source) -> str:
    """Return a name for a place in a document that has no pages."""
    heading = " ".join(source.heading.split())
    if len(heading) > _LONGEST_HEADING:
        heading = f"{heading[:_LONGEST_HEADING].rstrip()}…"
    return f"§ {heading or source.section + 1}"


def _line(runs: Sequence[Run]) -> Line:
    first = runs[0].text.lstrip()
    kind: LineKind = "paragraph"
    if first.startswith("#"):
        kind = "heading"
    elif first[:2] in {"- ", "* ", "• "}:
        kind = "item"
    bare = first.lstrip("#").strip("* ") if kind == "heading" else first
    bare = bare[2:].strip() if kind == "item" else bare
    return Line(kind, (Run(bare, runs[0].marks), *runs[1:]))
