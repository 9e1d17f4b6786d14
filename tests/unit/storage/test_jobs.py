"""Long work on disk: it is found again where it ended, and goes as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.domain.jobs import CallRecord
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def documents(database: Database) -> list[int]:
    store = DocumentStore(database)
    return [store.begin(f"/{name}", name, 1, 1, name) for name in ("b.pdf", "a.pdf")]


def test_the_same_work_goes_on_where_it_ended(jobs: JobStore, documents: list[int]) -> None:
    job = jobs.begin("summary", "B", '{"length":"page"}', documents[::-1])
    assert (job.state, job.document_ids) == ("waiting", tuple(documents[::-1]))
    record = CallRecord(key=(0, 3), prompt_sha256="p", text="- a", tokens_in=9, seconds=0.5)
    jobs.add_answer(job.id, record)
    jobs.set_state(job.id, "paused")
    assert jobs.begin("summary", "B", '{"length":"page"}', documents[::-1]).id == job.id
    assert jobs.answers(job.id) == {(0, 3): record}
    assert jobs.begin("summary", "B", '{"length":"outline"}', documents[::-1]).id != job.id
    assert jobs.begin("summary", "B", '{"length":"page"}', documents).id != job.id
    jobs.set_state(job.id, "done", result="{}")
    assert jobs.begin("summary", "B", '{"length":"page"}', documents[::-1]).id != job.id


def test_a_job_says_how_it_stands(jobs: JobStore, documents: list[int]) -> None:
    job = jobs.begin("extraction", "B", "{}", documents[:1])
    jobs.set_progress(job.id, 3, 9)
    jobs.set_state(job.id, "running")
    jobs.pause_all()
    [paused] = jobs.jobs()
    assert (paused.state, paused.done, paused.total) == ("paused", 3, 9)
    jobs.set_state(job.id, "failed", problem_title="No model.", problem_hint="Choose one.")
    failed = jobs.job(job.id)
    assert failed is not None
    assert (failed.state, failed.problem_title, failed.problem_hint) == (
        "failed", "No model.", "Choose one.",
    )  # fmt: skip


def test_an_answer_that_was_cut_says_so(jobs: JobStore, documents: list[int]) -> None:
    job = jobs.begin("translation", "B", "{}", documents[:1])
    record = CallRecord(key=(0, 0), prompt_sha256="p", text="a", truncated=True)
    jobs.add_answer(job.id, record)
    assert jobs.answers(job.id) == {(0, 0): record}


def test_edits_stand_beside_the_answers_and_the_last_one_counts(
    jobs: JobStore, documents: list[int]
) -> None:
    job = jobs.begin("translation", "B", "{}", documents[:1])
    other = jobs.begin("translation", "C", '{"to":"C"}', documents[:1])
    for value in ("one", "two"):
        jobs.set_edit(job.id, 3, value)
    jobs.set_state(job.id, "done", result="{}")
    assert jobs.edits(job.id) == {3: "two"}
    assert jobs.edits(other.id) == {}
    jobs.delete(job.id)
    jobs.set_edit(job.id, 3, "late")
    assert jobs.edits(job.id) == {}


def test_a_deleted_job_takes_its_answers_along(jobs: JobStore, documents: list[int]) -> None:
    job = jobs.begin("summary", "B", "{}", documents)
    jobs.add_answer(job.id, CallRecord(key=(0, 0), prompt_sha256="p", text="a"))
    jobs.delete(job.id)
    assert jobs.job(job.id) is None
    assert jobs.answers(job.id) == {}


def test_an_answer_that_comes_after_its_job_was_deleted_is_dropped(
    jobs: JobStore, documents: list[int]
) -> None:
    job = jobs.begin("summary", "B", "{}", documents)
    jobs.delete(job.id)
    jobs.add_answer(job.id, CallRecord(key=(0, 0), prompt_sha256="p", text="late"))
    jobs.set_state(job.id, "done", result="{}")
    assert jobs.answers(job.id) == {}


def test_an_answer_to_a_job_that_was_deleted_meanwhile_is_no_trouble(
    jobs: JobStore, documents: list[int]
) -> None:
    job = jobs.begin("summary", "B", "{}", documents)
    jobs.delete(job.id)
    jobs.add_answer(job.id, CallRecord(key=(0, 3), prompt_sha256="p", text="- a"))
    jobs.set_state(job.id, "done", result="{}")
    assert jobs.answers(job.id) == {}
    assert jobs.jobs() == []
