"""Documents on disk, and work on them that goes on after a cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.documents.parts import Block, DocumentPart, Opened, Place, Unreadable
from desktop.domain.jobs import CallRecord
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.jobs import JobStore
from desktop.storage.pieces import PieceStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


@pytest.fixture
def store(database: Database) -> DocumentStore:
    return DocumentStore(database)


def block(text: str, page: int = 1) -> Block:
    return Block(kind="paragraph", text=text, place=Place(page, ("Top",), 0))


def add(store: DocumentStore, *texts: str, path: str = "/a.pdf") -> int:
    document_id = store.begin(path, path[1:], 10, 5, f"sha of {texts}")
    parts: list[DocumentPart] = [
        Opened(format_name="PDF", title="A", pages=3, page_word="page"),
        *map(block, texts),
    ]
    number = store.add_parts(document_id, 0, parts)
    assert number == len(texts)
    store.finish(document_id)
    return document_id


def test_a_document_comes_back_as_it_was_read(store: DocumentStore) -> None:
    document_id = add(store, "One.", "Two.")
    store.add_parts(document_id, 2, [Unreadable(page=3, reason="scanned")])
    document = store.document(document_id)
    assert document is not None
    assert (document.title, document.pages, document.state) == ("A", 3, "ready")
    passages = store.passages(document_id)
    assert [(each.number, each.text, each.section) for each in passages] == [
        (0, "One.", ("Top",)),
        (1, "Two.", ("Top",)),
    ]
    assert store.unreadable_pages(document_id) == {3: "scanned"}
    assert store.find("/a.pdf", document.sha256) == document
    assert store.find("/a.pdf", "other contents") is None


def test_deleting_a_document_leaves_nothing_of_it(
    store: DocumentStore, database: Database, tmp_path: Path
) -> None:
    document_id = add(store, "Unrepeatable sesquipedalian.")
    pieces = PieceStore(database)
    pieces.cut([document_id])
    assert len(pieces.search(["sesquipedalian"], [document_id], 5)) == 1
    jobs = JobStore(database)
    job = jobs.begin("summary", "A", "{}", [document_id])
    jobs.add_answer(job.id, CallRecord(key=(0, 0), prompt_sha256="x", text="sesquipedalian"))
    store.delete(document_id)
    assert store.documents() == []
    assert pieces.search(["sesquipedalian"], [document_id], 5) == []
    assert jobs.jobs() == []
    assert jobs.answers(job.id) == {}
    database.close()
    content = (tmp_path / "documents.db").read_bytes()
    assert b"sesquipedalian" not in content.lower()


def test_a_document_that_was_cut_is_begun_anew(store: DocumentStore) -> None:
    cut = store.begin("/a.pdf", "a.pdf", 1, 1, "x")
    store.add_parts(cut, 0, [block("half")])
    again = add(store, "whole")
    assert [each.id for each in store.documents()] == [again]
