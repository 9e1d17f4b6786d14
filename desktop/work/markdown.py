"""A finished summary as Markdown: the text with its sources, then the account of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from desktop.domain.sources import Source
from desktop.work.summary_records import SummaryPoint, SummaryReport, SummaryResult

NO_SOURCE: Final = "no source"
_LEAST_WORDS: Final = 4
"""What has fewer says nothing that could be checked."""


def whole_markdown(result: SummaryResult) -> str:
    """Return all reports of a job, one after another."""
    return "\n".join(as_markdown(report) for report in result.reports)


def as_markdown(report: SummaryReport) -> str:
    """Return the summary with the pages of each point, its coverage, and what is missing."""
    lines = [f"# {_escaped(heading(report))}", "", _text(report), "", "## Coverage", ""]
    lines += [f"- {_escaped(line)}" for line in coverage_lines(report)]
    return "\n".join(lines) + "\n"


def heading(report: SummaryReport) -> str:
    """Return what a summary is of."""
    if len(report.documents) == 1:
        return report.documents[0].name
    return f"All {len(report.documents)} documents"


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
            parts.append(", ".join(f"“{' '.join(each.split())}”" for each in headings))
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
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    return ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in parts)


def _counted(word: str, numbers: Sequence[int]) -> str:
    return f"{word}{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"


def coverage_lines(report: SummaryReport) -> list[str]:
    """Return in sentences what went in, what is cited, what could not be read, what failed."""
    coverage = report.coverage
    done = sum(section.status == "done" for section in report.sections)
    count = len(report.sections)
    words = "section is" if count == 1 else "sections are"
    lines = [f"{done:,} of {count:,} {words} in the summary."]
    word = coverage.page_word.capitalize()
    if word and coverage.pages:
        lines.append(
            f"{word}s that went in: {ranges(coverage.read) or 'none'} of {coverage.pages:,}."
        )
        lines.append(f"{word}s that are cited: {ranges(coverage.cited) or 'none'}.")
    lines += [
        f"{word} {page} could not be read: {why}." for page, why in coverage.unreadable.items()
    ]
    unsupported = sum(map(is_unsupported, report.points))
    if unsupported:
        lines.append(
            f"{unsupported:,} sentence{'s are' if unsupported > 1 else ' is'} borne out by no "
            f"section and marked “{NO_SOURCE}”: check them."
        )
    return [*lines, *report.failures]


def _text(report: SummaryReport) -> str:
    return "".join(_with_places(point, report) for point in report.points).strip()


def _with_places(point: SummaryPoint, report: SummaryReport) -> str:
    body = point.text.rstrip()
    where = NO_SOURCE if is_unsupported(point) else _escaped(places(point.sources, report))
    mark = f" ({where})" if where and body else ""
    return f"{_harmless(body)}{mark}{point.text[len(body) :]}"


def _harmless(text: str) -> str:
    """Return a model's own Markdown without links, pictures and markup: a document may want any."""
    return text.replace("<", "&lt;").replace("[", "\\[")


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*[]<>" else letter for letter in text)
