"""``snug summarize``: whole documents, far longer than the context window, with their sources."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import msgspec

from desktop.cli.arguments import Parser, add_common_flags, add_model_flags
from desktop.cli.context import Context, find_model
from desktop.cli.interrupts import Interrupts
from desktop.cli.terminal import (
    INTERRUPTED_STATUS,
    StatusLine,
    UsageError,
    harmless,
    report_trouble,
    say,
)
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.summary import Length, Wish
from desktop.settings.store import with_overrides
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.intake import CancelledError, take_in
from desktop.work.jobs import JobTools, Pace, run_job
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
from desktop.work.text_model import SEQUENCES, TextModel, document_load_options


def run(argv: Sequence[str]) -> int:
    """Summarize each file, and all together where there are several; return the exit status."""
    arguments = _parse(argv)
    context = Context.of(arguments)
    wish = Wish(length=arguments.length, language=arguments.language, focus=arguments.focus)
    output = _checked_output(arguments.output)
    with (
        Interrupts() as interrupts,
        Database.open(context.paths.documents_db, DOCUMENT_MIGRATIONS, "documents") as database,
    ):
        batch = _Batch(database, lambda: interrupts.count > 0)
        try:
            documents = batch.take_in([Path(file) for file in arguments.files])
            reports = batch.summarize(documents, wish, _model(arguments, context))
        except CancelledError:
            say("Stopped. What is finished is kept: the same command goes on from there.")
            return INTERRUPTED_STATUS
    _print(reports, output, as_json=arguments.json)
    return 1 if batch.failed or any(report.failures for report in reports) else 0


class _Batch:
    """Several documents, one after another; one that can't be read doesn't stop the others."""

    def __init__(self, database: Database, cancelled: Callable[[], bool]) -> None:
        self.failed = False
        self._store = DocumentStore(database)
        self._jobs = JobStore(database)
        self._cancelled = cancelled
        self._status = StatusLine()

    def take_in(self, paths: Sequence[Path]) -> list[Document]:
        documents = []
        for path in paths:

            def show(done: int, total: int, name: str = path.name) -> None:
                self._status.show(f"Reading {name}: {done:,} of {total:,}")

            try:
                document = take_in(path, self._store, on_progress=show, cancelled=self._cancelled)
                documents.append(document)
            except UserError as error:
                self.failed = True
                self._status.clear()
                report_trouble(error)
        self._status.clear()
        if not documents:
            raise UserError("There is nothing to summarize.", "Give a document that can be read.")
        return documents

    def summarize(
        self, documents: Sequence[Document], wish: Wish, model: TextModel
    ) -> Sequence[SummaryReport]:
        with model:
            model.load(
                lambda fraction: self._status.show(f"Loading the model … {fraction:.0%}"),
                self._cancelled,
            )
            tools = JobTools(
                documents=self._store,
                jobs=self._jobs,
                model=model,
                cancelled=self._cancelled,
                report=_Progress(self._status).show,
            )
            whole = msgspec.json.encode(SummaryWish(wish=wish, prompts=summary_prompts())).decode()
            ids = [document.id for document in documents]
            job = self._jobs.begin("summary", documents[0].name, whole, ids)
            result = run_job(job, SummaryWorker(), tools)
        self._status.clear()
        return msgspec.json.decode(result, type=SummaryResult).reports


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
            rest = f", about {_span(left)} left" if left is not None else ""
            self._status.show(f"{news.title}: {done:,} of {total:,} calls{rest}")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug summarize",
        "Summarize whole documents, section by section, with the pages that each sentence is from.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents in any of the formats")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    parser.add_argument("--json", action="store_true", help="print one JSON object a document")
    parser.add_argument("--length", choices=get_args(Length), default="page", help="how long")
    parser.add_argument(
        "--language", default="", help="write in this language; the document's own if empty"
    )
    parser.add_argument("--focus", default="", help="a question that the summary should answer")
    parser.add_argument(
        "--sequences",
        type=int,
        default=SEQUENCES,
        choices=range(1, 17),
        metavar="N",
        help=f"sections that are read side by side (1 to 16; {SEQUENCES})",
    )
    add_model_flags(parser)
    add_common_flags(parser)
    return parser.parse_args(argv)


def _model(arguments: argparse.Namespace, context: Context) -> TextModel:
    settings = with_overrides(context.settings.generation, context.flags)
    options = document_load_options(
        context.load_options(settings, find_model(arguments.model, context)),
        sequences=arguments.sequences,
        context_size=settings.context_size if "context_size" in context.flags else 0,
    )
    return TextModel(options, context.paths.engine_log)


def _checked_output(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name).expanduser()
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path} can't be written.", "Name a file in a folder that exists.")
    return path


def _print(reports: Sequence[SummaryReport], output: Path | None, *, as_json: bool) -> None:
    if as_json:
        text = "".join(f"{msgspec.json.encode(report).decode()}\n" for report in reports)
    else:
        text = "\n".join(as_markdown(report) for report in reports)
    if output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
    for report in reports:
        for failure in report.failures:
            say(failure)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
