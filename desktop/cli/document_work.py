"""What the commands that work on documents have in common: taking in, a model, a job, progress."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

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
from desktop.domain.jobs import JobKind
from desktop.settings.store import with_overrides
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.intake import CancelledError, take_in
from desktop.work.jobs import JobTools, Report, Worker, run_job
from desktop.work.text_model import SEQUENCES, TextModel, document_load_options


class DocumentWork:
    """Several documents, one after another; one that can't be read doesn't stop the others.

    ``failed`` says whether there was one.
    """

    def __init__(self, database: Database, cancelled: Callable[[], bool]) -> None:
        self.failed = False
        self.status = StatusLine()
        self._store = DocumentStore(database)
        self._jobs = JobStore(database)
        self._cancelled = cancelled

    def take_in(self, files: Sequence[str]) -> list[Document]:
        """Return the documents that could be read. Raises UserError where none could."""
        documents = []
        for path in map(Path, files):

            def show(done: int, total: int, name: str = path.name) -> None:
                self.status.show(f"Reading {name}: {done:,} of {total:,}")

            try:
                document = take_in(path, self._store, on_progress=show, cancelled=self._cancelled)
                documents.append(document)
            except UserError as error:
                self.failed = True
                self.status.clear()
                report_trouble(error)
        self.status.clear()
        if not documents:
            raise UserError("There is nothing to work on.", "Give a document that can be read.")
        return documents

    def run(
        self,
        kind: JobKind,
        worker: Worker,
        wish: msgspec.Struct,
        documents: Sequence[Document],
        *,
        model: TextModel,
        report: Report,
    ) -> str:
        """Have a job done, or go on with the same one from before; return its result as JSON."""
        with model:
            model.load(
                lambda fraction: self.status.show(f"Loading the model … {fraction:.0%}"),
                self._cancelled,
            )
            tools = JobTools(
                documents=self._store,
                jobs=self._jobs,
                model=model,
                cancelled=self._cancelled,
                report=report,
            )
            whole = msgspec.json.encode(wish).decode()
            ids = [document.id for document in documents]
            job = self._jobs.begin(kind, documents[0].name, whole, ids)
            result = run_job(job, worker, tools)
        self.status.clear()
        return result


def on_documents(context: Context, work: Callable[[DocumentWork], int]) -> int:
    """Do work on the documents' database; return its exit status, or that of an interrupt."""
    with (
        Interrupts() as interrupts,
        Database.open(context.paths.documents_db, DOCUMENT_MIGRATIONS, "documents") as database,
    ):
        try:
            return work(DocumentWork(database, lambda: interrupts.count > 0))
        except CancelledError:
            say("Stopped. What is finished is kept: the same command goes on from there.")
            return INTERRUPTED_STATUS


def add_document_flags(parser: Parser, unit: str) -> None:
    """Let a command take files, its output and a model; ``unit`` is what is read side by side."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="documents in any of the formats")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    parser.add_argument(
        "--sequences",
        type=int,
        default=SEQUENCES,
        choices=range(1, 17),
        metavar="N",
        help=f"{unit} that are read side by side (1 to 16; {SEQUENCES})",
    )
    add_model_flags(parser)
    add_common_flags(parser)


def work_model(arguments: argparse.Namespace, context: Context) -> TextModel:
    """Return the model that the flags ask for, not loaded yet."""
    settings = with_overrides(context.settings.generation, context.flags)
    options = document_load_options(
        context.load_options(
            settings, find_model(arguments.model or context.settings.document_model, context)
        ),
        sequences=arguments.sequences,
        context_size=settings.context_size if "context_size" in context.flags else 0,
    )
    return TextModel(options, context.paths.documents_log)


def checked_output(name: str | None) -> Path | None:
    """Return the file to write to. Raises UsageError where it can't be one."""
    if name is None:
        return None
    path = Path(name).expanduser()
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path} can't be written.", "Name a file in a folder that exists.")
    return path


def print_text(text: str, output: Path | None) -> None:
    """Write a result to its file, or print it, harmless where that is a terminal."""
    if output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)


def span(seconds: float) -> str:
    """Return a time in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
