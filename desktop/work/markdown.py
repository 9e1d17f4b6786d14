"""A finished summary as Markdown: the text with its sources, then the account of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from desktop.work.summary import SectionReport, SummaryReport


def as_markdown(report: SummaryReport) -> str:
    """Return the summary with the pages of each point, its coverage, and what is missing."""
    lines = [f"# {PurePath(report.document).name}", "", _text(report), "", "## Coverage", ""]
    lines += [f"- {line}" for line in _coverage(report)]
    return "\n".join(lines) + "\n"


def places(sources: Sequence[int], sections: Sequence[SectionReport], word: str) -> str:
    """Return where sections are found: their pages, or their numbers where there are no pages."""
    pages = sorted({page for index in sources for page in sections[index].pages})
    if pages:
        return f"{word} {ranges(pages)}"
    return f"section {ranges([index + 1 for index in sorted(sources)])}" if sources else ""


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers with neighbours joined: ``1–3, 7``."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    return ", ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in parts)


def _text(report: SummaryReport) -> str:
    parts = []
    for point in report.points:
        body = point.text.rstrip()
        where = places(point.sources, report.sections, report.coverage.page_word)
        mark = f" ({where})" if where and body else ""
        parts.append(f"{body}{mark}{point.text[len(body) :]}")
    return "".join(parts).strip()


def _coverage(report: SummaryReport) -> list[str]:
    coverage = report.coverage
    done = sum(section.status == "done" for section in report.sections)
    lines = [f"{done:,} of {len(report.sections):,} sections were read."]
    word = coverage.page_word.capitalize()
    if word:
        lines.append(f"{word}s read: {ranges(coverage.read)} of {coverage.pages:,}.")
        lines.append(f"{word}s cited: {ranges(coverage.cited) or 'none'}.")
    lines += [
        f"{word} {page} could not be read: {why}." for page, why in coverage.unreadable.items()
    ]
    return [*lines, *report.failures]
