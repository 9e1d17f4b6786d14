"""Summaries of long documents: time against the bare engine, resuming, and the window's memory."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from benchmarks.figures import Figure
from desktop.domain.summary import Wish
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.asking import SAMPLING
from desktop.work.intake import CancelledError, take_in
from desktop.work.jobs import JobTools, run_job
from desktop.work.prompts import summary_prompts
from desktop.work.summary import SummaryWorker
from desktop.work.summary_records import SummaryReport, SummaryResult, SummaryWish
from desktop.work.text_model import TextModel, document_load_options
from models.client import EngineClient
from models.library.embedded import embedded_model
from models.protocol import Event, Failed, Finished, Loaded
from models.records import LoadOptions
from tests.document_factory import write_pdf

PAGES: Final = 200
FEW_PAGES: Final = 40
MANY_PAGES: Final = 500
CONTEXT_SIZE: Final = 2048
_PLACES: Final = ("harbour", "lighthouse", "mill", "railway", "market", "school", "bridge", "wall")
_KEEPERS: Final = ("Ada Moor", "Jonas Reed", "Mary Quill")


def measure() -> Iterator[Figure]:
    """Yield the figures of summaries."""
    with tempfile.TemporaryDirectory() as folder:
        yield _against_bare(Path(folder))
        yield _resumed(Path(folder))
        yield from _in_the_window(Path(folder))


def write_annals(path: Path, pages: int) -> Path:
    """Write a PDF in which each page tells of something else."""
    return write_pdf(path, [_page(number) for number in range(pages)])


def _page(number: int) -> list[str]:
    place, keeper = _PLACES[number % len(_PLACES)], _KEEPERS[number % len(_KEEPERS)]
    built = f"In {1700 + number} the {place} of Vell was built by {keeper}. It cost {37 * number} "
    storm = "Its first winter brought a storm, and the council voted to mend what had broken. "
    return [
        f"{built}pounds and took {number % 7 + 2} years.",
        f"{storm}{number + 3} people were at the meeting, and {number % 5} were against it.",
    ]


class Desk:
    """The documents' database of a folder, and a model to work with."""

    def __init__(self, database: Database, model: TextModel) -> None:
        self.documents = DocumentStore(database)
        self.jobs = JobStore(database)
        self._model = model

    def summarize(self, path: Path, cancelled: Callable[[], bool] = lambda: False) -> SummaryReport:
        """Take a document in and summarize it, as the window and the terminal do."""
        document = take_in(path, self.documents)
        wish = SummaryWish(wish=Wish(length="paragraph"), prompts=summary_prompts())
        encoded = msgspec.json.encode(wish).decode()
        job = self.jobs.begin("summary", document.name, encoded, [document.id])
        tools = JobTools(
            documents=self.documents, jobs=self.jobs, model=self._model, cancelled=cancelled
        )
        result = run_job(job, SummaryWorker(), tools)
        return msgspec.json.decode(result, type=SummaryResult).reports[0]


def _against_bare(folder: Path) -> Figure:
    """Return a summary's time, reading the file and all, over that of its prompts alone."""
    path = write_annals(folder / "annals.pdf", PAGES)
    asked: list[tuple[list[Any], list[int], dict[str, Any]]] = []
    with _database(folder / "whole") as database, TextModel(_options(), folder / "log") as model:
        model.load()
        complete = model.complete

        def noted(prompts: Sequence[Any], limits: Sequence[int], *more: Any, **how: Any) -> Any:  # noqa: ANN401
            asked.append((list(prompts), list(limits), how))
            return complete(prompts, limits, *more, **how)

        model.complete = noted  # type: ignore[method-assign, assignment]
        began, worked = time.perf_counter(), _cpu_seconds()
        report = Desk(database, model).summarize(path)
        total, worked = time.perf_counter() - began, _cpu_seconds() - worked
    bare, bare_worked, tokens = _bare(asked)
    # Replies of several in a batch are rounded in other ways, and end a little sooner or later.
    same = bare * (report.tokens_in + report.tokens_out) / tokens
    return Figure(
        name=f"summary of {PAGES} pages ÷ the bare engine for the same tokens",
        value=total / same,
        reach=1.1,
        better="lower",
        detail={
            "seconds": total,
            "sections": len(report.sections),
            "tokens": report.tokens_in + report.tokens_out,
            "bare tokens": tokens,
            # On a machine that others work on, too, this is the steadier one.
            "ratio of processor time": worked / bare_worked,
        },
    )


def _bare(asked: Sequence[tuple[list[Any], list[int], dict[str, Any]]]) -> tuple[float, float, int]:
    """Return what the same prompts take, given to an engine and awaited.

    The seconds, those of the processors, and the tokens.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    client = EngineClient(events.put)
    try:
        client.load(_options())
        while not isinstance(events.get(), Loaded):
            pass
        tokens = 0
        began, worked = time.perf_counter(), _cpu_seconds()
        for prompts, limits, how in asked:
            left = {
                client.generate(prompt, SAMPLING, limit, tuple(how["stop"]))
                for prompt, limit in zip(prompts, limits, strict=True)
            }
            while left:
                event = events.get()
                if isinstance(event, Finished):
                    left.discard(event.job_id)
                    tokens += event.report.prompt_tokens + event.report.completion_tokens
                elif isinstance(event, Failed):
                    raise RuntimeError(str(event))  # noqa: TRY004 - a failed job, not a wrong argument
        return time.perf_counter() - began, _cpu_seconds() - worked, tokens
    finally:
        client.close()


def _cpu_seconds() -> float:
    """Return what this process and those that it started have worked, also those that ended."""
    own = psutil.Process()
    times = own.cpu_times()
    running = (child.cpu_times() for child in own.children(recursive=True))
    ended = times.children_user + times.children_system
    return float(times.user + times.system + ended + sum(t.user + t.system for t in running))


def _resumed(folder: Path) -> Figure:
    """Return how many finished calls the run after an interruption makes again."""
    path = write_annals(folder / "few.pdf", FEW_PAGES)
    with _database(folder / "cut") as database:
        finished: set[tuple[int, int]] = set()
        with TextModel(_options(), folder / "log") as model:
            model.load()
            desk = Desk(database, model)

            def is_enough() -> bool:
                jobs = desk.jobs.jobs()
                finished.update(desk.jobs.answers(jobs[0].id) if jobs else ())
                return len(finished) >= 2

            with contextlib.suppress(CancelledError):
                desk.summarize(path, is_enough)
        before = desk.jobs.answers(desk.jobs.jobs()[0].id)
        with TextModel(_options(), folder / "log") as model:
            model.load()
            report = Desk(database, model).summarize(path)
    repeated = len(before) - report.resumed
    return Figure(
        name="finished calls that the run after an interruption repeats",
        value=repeated,
        reach=0,
        better="lower",
        unit="calls",
        detail={"finished before": len(before), "calls in all": report.calls},
    )


def _in_the_window(folder: Path) -> Iterator[Figure]:
    """Yield what a summary of many pages takes of the window: memory, and its quickness."""
    path = write_annals(folder / "many.pdf", MANY_PAGES)
    command = [sys.executable, "-m", "benchmarks.summary_window", str(folder / "window"), str(path)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    told = json.loads(done.stdout.splitlines()[-1])
    detail = {key: told[key] for key in ("sections", "twice", "missing", "calls")}
    yield Figure(
        name=f"window's peak memory in a summary of {MANY_PAGES} pages, grown by",
        value=told["grown_bytes"] / 1e6,
        reach=60,
        better="lower",
        unit="MB",
        detail=detail,
    )
    yield Figure(
        name="gap of a 4 ms timer meanwhile: p99",
        value=told["gap_p99_s"] * 1000,
        reach=16,
        better="lower",
        unit="ms",
        detail={"worst ms": told["gap_worst_s"] * 1000},
    )


def _options() -> LoadOptions:
    return document_load_options(LoadOptions(path=str(embedded_model())), context_size=CONTEXT_SIZE)


def _database(folder: Path) -> Database:
    return Database.open(folder / "documents.db", DOCUMENT_MIGRATIONS, "documents")
