"""A finished summary as Markdown: the text with its sources, then the account of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from desktop.domain.page_words import pages_at_start, place_in_words, unreadable_in_words
from desktop.domain.sources import Source
from desktop.work.summary_records import SummaryPoint, SummaryReport, SummaryResult
from models.wording import mark, number, tr, trn

NO_SOURCE: Final = mark("no source")
_LEAST_WORDS: Final = 4
"""What has fewer says nothing that could be checked."""


def whole_markdown(result: SummaryResult) -> str:
    """Return all reports of a job, one after another."""
    return "\n".join(as_markdown(report) for report in result.reports)


def as_markdown(report: SummaryReport) -> str:
    """Return the summary with the pages of each point, its coverage, and what is missing."""
    lines = [f"# {_escaped(heading(report))}", "", _text(report), ""]
    coverage = tr("Coverage")
    lines += [f"## {coverage}", ""]
    lines += [f"- {_escaped(line)}" for line in coverage_lines(report)]
    return "\n".join(lines) + "\n"


def heading(report: SummaryReport) -> str:
    """Return what a summary is of."""
    if len(report.documents) == 1:
        return report.documents[0].name
    return tr("All {count} documents", count=number(len(report.documents)))


def places(sources: Sequence[Source], report: SummaryReport) -> str:
    """Return where sources are found: pages, or else headings, or else the numbers of sections."""
    parts = []
    for document in report.documents:
        here = [each for each in sources if each.ref.document_id == document.document_id]
        if not here:
            continue
        if len(report.documents) > 1:
            pages = sorted({each.ref.page for each in here if each.ref.page})
            where = f", {_counted(document.page_word, pages)}" if pages else ""
            parts.append(f"{document.name}{where}")
        elif pages := sorted({page for each in here for page in each.pages}):
            parts.append(_counted(document.page_word, pages))
        elif headings := list(dict.fromkeys(each.heading for each in here if each.heading)):
            parts.append(
                ", ".join(tr("“{title}”", title=" ".join(each.split())) for each in headings)
            )
        else:
            parts.append(_counted("section", sorted({each.section + 1 for each in here})))
    return "; ".join(parts)


def is_unsupported(point: SummaryPoint) -> bool:
    """Tell whether a sentence says something that no section bears out, as far as words show it."""
    body = point.text.strip()
    return not point.sources and not body.startswith("#") and len(body.split()) >= _LEAST_WORDS


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers with neighbours joined: ``1–3, 7``."""
    parts: list[tuple[int, int]] = []
    for each in numbers:
        if parts and each == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], each)
        else:
            parts.append((each, each))
    return ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in parts)


def _counted(word: str, numbers: Sequence[int]) -> str:
    return place_in_words(word, ranges(numbers), several=len(numbers) > 1)


def coverage_lines(report: SummaryReport) -> list[str]:
    """Return in sentences what went in, what is cited, what could not be read, what failed."""
    coverage = report.coverage
    done = sum(section.status == "done" for section in report.sections)
    count = len(report.sections)
    lines = [
        trn(
            "{done} of {count} section is in the summary.",
            "{done} of {count} sections are in the summary.",
            count,
            done=number(done),
        )
    ]
    word = coverage.page_word
    if word and coverage.pages:
        lines.append(
            tr(
                "{pages} that went in: {which} of {all}.",
                pages=pages_at_start(word),
                which=ranges(coverage.read) or tr("none"),
                all=number(coverage.pages),
            )
        )
        lines.append(
            tr(
                "{pages} that are cited: {which}.",
                pages=pages_at_start(word),
                which=ranges(coverage.cited) or tr("none"),
            )
        )
    lines += [unreadable_in_words(word, page, why) for page, why in coverage.unreadable.items()]
    unsupported = sum(map(is_unsupported, report.points))
    if unsupported:
        lines.append(
            trn(
                "{count} sentence is borne out by no section and marked “{mark}”: check them.",
                "{count} sentences are borne out by no section and marked “{mark}”: check them.",
                unsupported,
                mark=tr(NO_SOURCE),
            )
        )
    return [*lines, *report.failures]


def _text(report: SummaryReport) -> str:
    return "".join(_with_places(point, report) for point in report.points).strip()


def _with_places(point: SummaryPoint, report: SummaryReport) -> str:
    body = point.text.rstrip()
    where = tr(NO_SOURCE) if is_unsupported(point) else _escaped(places(point.sources, report))
    place = f" ({where})" if where and body else ""
    return f"{_harmless(body)}{place}{point.text[len(body) :]}"


def _harmless(text: str) -> str:
    """Return a model's own Markdown without links, pictures and markup: a document may want any."""
    return text.replace("<", "&lt;").replace("[", "\\[")


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*[]<>" else letter for letter in text)
