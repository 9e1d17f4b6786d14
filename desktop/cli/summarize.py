"""``snug summarize``: whole documents, far longer than the context window, with their sources."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec

from desktop.cli.arguments import Parser
from desktop.cli.context import Context
from desktop.cli.document_work import (
    DocumentWork,
    add_document_flags,
    checked_output,
    on_documents,
    print_text,
    span,
    work_model,
)
from desktop.cli.terminal import (
    StatusLine,
    say,
)
from desktop.domain.summary import Length, Wish
from desktop.work.jobs import Pace
from desktop.work.markdown import as_markdown
from desktop.work.prompts import summary_prompts
from desktop.work.summary import SummaryWorker
from desktop.work.summary_records import (
    Answered,
    Planned,
    SummaryReport,
    SummaryResult,
    SummaryWish,
)


def run(argv: Sequence[str]) -> int:
    """Summarize each file, and all together where there are several; return the exit status."""
    arguments = _parse(argv)
    context = Context.of(arguments)
    wish = Wish(length=arguments.length, language=arguments.language, focus=arguments.focus)
    output = checked_output(arguments.output)

    def summarize(work: DocumentWork) -> int:
        documents = work.take_in(arguments.files)
        result = work.run(
            "summary",
            SummaryWorker(),
            SummaryWish(wish=wish, prompts=summary_prompts()),
            documents,
            model=work_model(arguments, context),
            report=_Progress(work.status).show,
        )
        reports = msgspec.json.decode(result, type=SummaryResult).reports
        _print(reports, output, as_json=arguments.json)
        return 1 if work.failed or any(report.failures for report in reports) else 0

    return on_documents(context, summarize)


class _Progress:
    """Says on standard error what it is going to take, and how far it is."""

    def __init__(self, status: StatusLine) -> None:
        self._status = status
        self._pace = Pace()

    def show(self, done: int, total: int, news: msgspec.Struct | None) -> None:
        if isinstance(news, Planned):
            plan, self._pace = news.plan, Pace()
            self._status.clear()
            say(
                f"{news.title}: {len(plan.sections):,} sections, about {plan.calls:,} calls and "
                f"{plan.tokens_in + plan.tokens_out:,} tokens."
            )
        elif isinstance(news, Answered):
            left = self._pace.seconds_left(done, total)
            rest = f", about {span(left)} left" if left is not None else ""
            self._status.show(f"{news.title}: {done:,} of {total:,} calls{rest}")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug summarize",
        "Summarize whole documents, section by section, with the pages that each sentence is from.",
    )
    add_document_flags(parser, "sections")
    parser.add_argument("--json", action="store_true", help="print one JSON object a document")
    parser.add_argument("--length", choices=get_args(Length), default="page", help="how long")
    parser.add_argument(
        "--language", default="", help="write in this language; the document's own if empty"
    )
    parser.add_argument("--focus", default="", help="a question that the summary should answer")
    return parser.parse_args(argv)


def _print(reports: Sequence[SummaryReport], output: Path | None, *, as_json: bool) -> None:
    if as_json:
        text = "".join(f"{msgspec.json.encode(report).decode()}\n" for report in reports)
    else:
        text = "\n".join(as_markdown(report) for report in reports)
    print_text(text, output)
    for report in reports:
        for failure in report.failures:
            say(failure)
