"""Extraction as a job: real database, real engine process, the fake engine's rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from desktop.domain.errors import UserError
from desktop.domain.row_schema import checked_columns
from desktop.domain.table import Column
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.work.extraction import (
    ExtractionResult,
    ExtractionWish,
    ExtractionWorker,
    RowsFound,
    SectionsCut,
    pages_in_words,
)
from desktop.work.intake import CancelledError, take_in
from desktop.work.jobs import JobTools, run_job
from desktop.work.prompts import extraction_prompts
from desktop.work.text_model import TextModel
from models.client import engine_command
from models.records import LoadOptions
from tests.document_factory import write_pdf

TABLE = checked_columns([Column(name="Ship"), Column(name="Built", type="integer")])
ANSWER = json.dumps({"rows": [{"Ship": "Aurora", "Built": 1880}, {"Ship": "Vega", "Built": None}]})
PAGES = [
    [f"Page {number}. The Aurora was built in 1880. " + "It rained all day long. " * 60]
    for number in range(8)
]


class Desk:
    """Documents, jobs and a model on a folder of their own."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.documents = DocumentStore(database)
        self.jobs = JobStore(database)
        self.news: list[msgspec.Struct | None] = []
        self.calls = 0

    def run(
        self,
        *paths: Path,
        script: tuple[str, ...] = ("--answer", ANSWER),
        cancelled: Callable[[], bool] = lambda: False,
        context_size: int = 1024,
    ) -> ExtractionResult:
        ids = [take_in(path, self.documents).id for path in paths]
        wish = msgspec.json.encode(ExtractionWish(table=TABLE, prompts=extraction_prompts()))
        job = self.jobs.begin("extraction", "ships", wish.decode(), ids)
        options = LoadOptions(path="fake.gguf", context_size=context_size, sequences=2)
        with TextModel(
            options, self.folder / "engine.log", engine_command("fake", *script)
        ) as model:
            model.load()
            tools = JobTools(
                documents=self.documents,
                jobs=self.jobs,
                model=model,
                cancelled=cancelled,
                report=lambda done, _total, news: self._note(done, news),
            )
            return msgspec.json.decode(
                run_job(job, ExtractionWorker(), tools), type=ExtractionResult
            )

    def _note(self, done: int, news: msgspec.Struct | None) -> None:
        self.calls = done
        self.news.append(news)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield Desk(tmp_path, database)


def test_every_section_is_read_and_what_is_said_twice_is_one_row(
    desk: Desk, tmp_path: Path
) -> None:
    result = desk.run(write_pdf(tmp_path / "log.pdf", PAGES))
    assert len(result.sections) > 3
    assert {page for section in result.sections for page in section.pages} == set(range(1, 9))
    assert [[cell.value for cell in row.cells] for row in result.rows] == [
        ["Aurora", 1880],
        ["Vega", None],
    ]
    assert result.joined == 2 * len(result.sections) - 2
    aurora, vega = result.rows
    assert [cell.found for cell in aurora.cells] == ["quoted", "quoted"]
    assert len(aurora.cells[0].sources) > 1
    assert not vega.is_borne_out
    assert result.calls == len(result.sections)
    assert result.failures == ()
    [cut] = [news for news in desk.news if isinstance(news, SectionsCut)]
    assert cut.sections == len(result.sections)
    drafts = [len(news.rows) for news in desk.news if isinstance(news, RowsFound)]
    assert drafts[0] == 2
    assert len(drafts) == len(result.sections)


def test_a_cancelled_job_goes_on_where_it_ended(desk: Desk, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "log.pdf", PAGES)
    with pytest.raises(CancelledError):
        desk.run(path, cancelled=lambda: desk.calls >= 2)
    result = desk.run(path)
    assert result.resumed >= 2
    assert len(desk.jobs.jobs()) == 1
    assert {section.status for section in result.sections} == {"done"}


def test_rows_of_several_documents_stay_apart_and_pages_without_text_are_told(
    desk: Desk, tmp_path: Path
) -> None:
    first = write_pdf(tmp_path / "a.pdf", [["The Aurora sailed."], ["", ""]], scanned=[1])
    second = tmp_path / "b.txt"
    second.write_text("The Vega sailed.")
    result = desk.run(first, second)
    assert [document.name for document in result.documents] == ["a.pdf", "b.txt"]
    assert len(result.rows) == 4
    assert len({row.document_id for row in result.rows}) == 2
    assert result.failures[0].startswith("a.pdf: Page 2 could not be read:")


def test_a_section_that_the_model_fails_on_is_told(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The Vega sailed.")
    result = desk.run(path, script=("--crash-in", "prefill"))
    assert [section.status for section in result.sections] == ["failed"]
    assert result.failures[0].startswith("Section 1: ")
    assert result.rows == ()


def test_a_model_that_keeps_to_no_schema_gives_no_rows(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The Vega sailed.")
    result = desk.run(path, script=("--answer", '{"rows": [{"Ship": 3, "Built": "x"}, {"A": 1}]}'))
    assert result.rows == ()
    assert result.sections[0].status == "incomplete"
    assert "did not fit its column" in result.failures[0]


def test_a_model_that_knows_no_turns_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The Vega sailed.")
    with pytest.raises(UserError, match="fills no tables"):
        desk.run(path, script=("--kind", "encoder_decoder"))


def test_a_window_too_small_for_the_columns_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The Vega sailed.")
    with pytest.raises(UserError, match="too small"):
        desk.run(path, context_size=256)


@pytest.mark.parametrize(
    ("pages", "words"),
    [([], ""), ([3], "page 3"), ([1, 2, 3, 7], "pages 1–3, 7"), ([1, 3], "pages 1, 3")],
)
def test_pages_are_told_in_words(pages: list[int], words: str) -> None:
    assert pages_in_words("page", pages) == words
