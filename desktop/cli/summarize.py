"""``snug summarize``: whole documents, far longer than the context window, with their sources."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import msgspec

from desktop.cli.arguments import Parser
from desktop.cli.context import Context, find_model
from desktop.cli.document_work import (
    DocumentWork,
    add_document_flags,
    checked_output,
    on_documents,
    print_text,
    work_model,
)
from desktop.cli.terminal import StatusLine, UsageError, say
from desktop.domain.summary import Forecast, Length, Prompts, Wish
from desktop.work.estimating import known_bandwidth, seconds_for
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
from models.amounts import span_in_words


def run(argv: Sequence[str]) -> int:
    """Summarize each file, and all together where there are several; return the exit status."""
    arguments = _parse(argv)
    context = Context.of(arguments)
    wish = Wish(length=arguments.length, language=arguments.language, focus=arguments.focus)
    prompts = _prompts(arguments.prompts)
    output = checked_output(arguments.output)

    def summarize(work: DocumentWork) -> int:
        documents = work.take_in(arguments.files)
        result = work.run(
            "summary",
            SummaryWorker(),
            SummaryWish(wish=wish, prompts=prompts),
            documents,
            model=work_model(arguments, context),
            report=_Progress(work.status, arguments, context).show,
        )
        reports = msgspec.json.decode(result, type=SummaryResult).reports
        _print(reports, output, as_json=arguments.json)
        return 1 if work.failed or any(report.failures for report in reports) else 0

    return on_documents(context, summarize)


class _Progress:
    """Says on standard error what it is going to take, and how far it is."""

    def __init__(self, status: StatusLine, arguments: argparse.Namespace, context: Context) -> None:
        self._status = status
        self._arguments = arguments
        self._context = context
        self._pace = Pace()

    def show(self, done: int, total: int, news: msgspec.Struct | None) -> None:
        left = self._pace.seconds_left(done, total)
        if isinstance(news, Planned):
            self._status.clear()
            say(self._expected(news))
        elif isinstance(news, Answered):
            rest = f", about {span_in_words(left)} left" if left is not None else ""
            self._status.show(f"{news.title}: {done:,} of {total:,} calls{rest}")

    def _expected(self, news: Planned) -> str:
        plan, expected = news.plan, news.plan.expected
        seconds = plan.seconds or self._first_guess(expected)
        time = f", about {span_in_words(seconds)}" if seconds else ""
        return (
            f"{news.title}: {expected.sections:,} section{'' if expected.sections == 1 else 's'}, "
            f"about {expected.calls:,} calls and "
            f"{expected.tokens_in + expected.tokens_out:,} tokens{time}."
        )

    def _first_guess(self, expected: Forecast) -> float | None:
        """Return about how long it takes, where no summary by this model has told yet."""
        from models.bandwidth import Bandwidth  # noqa: PLC0415 - it imports numpy

        context = self._context
        name = self._arguments.model or context.settings.document_model
        bandwidth = Bandwidth(context.paths.bandwidth_file)
        bandwidth.measure()
        layers = context.settings.loading.gpu_layers
        known = known_bandwidth(bandwidth.all(), gpu_layers=1 if layers is None else layers)
        return seconds_for(expected, str(find_model(name, context)), None, known)


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
    parser.add_argument(
        "--prompts",
        metavar="FILE",
        help="a TOML file with prompts of your own: system, section, reduce, final, focus, "
        "language, [lengths]; those that it leaves out stay as they are",
    )
    return parser.parse_args(argv)


def _prompts(name: str | None) -> Prompts:
    """Return Snug's prompts with the person's own in their place. Raises UsageError."""
    known = summary_prompts()
    if name is None:
        return known
    path = Path(name).expanduser()
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        own["lengths"] = known.lengths | own.get("lengths", {})
        return msgspec.convert(msgspec.structs.asdict(known) | own, Prompts)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"The prompts in {path} can't be read.", "Give a TOML file in UTF-8.", str(error)
        ) from error
    except (msgspec.ValidationError, TypeError) as error:
        raise UsageError(
            f"The prompts in {path} aren't texts.", "See 'snug summarize --help'.", str(error)
        ) from error


def _print(reports: Sequence[SummaryReport], output: Path | None, *, as_json: bool) -> None:
    if as_json:
        text = "".join(f"{msgspec.json.encode(report).decode()}\n" for report in reports)
    else:
        text = "\n".join(as_markdown(report) for report in reports)
    print_text(text, output)
    for report in reports:
        for failure in report.failures:
            say(failure)
