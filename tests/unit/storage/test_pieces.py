"""The pieces of documents, and the index of their words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.documents.parts import Block, Place
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.pieces import PieceStore, question_words


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


def add(database: Database, *texts: str, path: str = "/a.pdf") -> int:
    store = DocumentStore(database)
    document_id = store.begin(path, path[1:], 10, 5, f"sha of {texts}")
    store.add_parts(
        document_id,
        0,
        [
            Block(kind="paragraph", text=text, place=Place(page, (), 0))
            for page, text in enumerate(texts, start=1)
        ],
    )
    store.finish(document_id)
    return document_id


def search(database: Database, question: str, *document_ids: int) -> list[str]:
    store = PieceStore(database)
    store.cut(document_ids)
    found = store.search(question_words(question), document_ids, 5)
    return [store.pieces(found)[each].words for each in found]


def test_words_are_found_ranked_and_only_where_asked(database: Database) -> None:
    first = add(database, "The wall broke in the storm.", "Ships left the harbour.", "The Café.")
    second = add(database, "The storm passed.", path="/b.pdf")
    both = search(database, "storm walls?", first, second)
    assert both == ["The wall broke in the storm.", "The storm passed."]
    assert search(database, "storm wall", second) == ["The storm passed."]
    assert search(database, "cafe", first) == ["The Café."]
    assert search(database, '" OR NEAR( *', first) == []
    assert search(database, "storm") == []


def test_a_document_that_is_being_read_is_not_cut_yet(database: Database) -> None:
    store = DocumentStore(database)
    document_id = store.begin("/a.pdf", "a.pdf", 1, 1, "x")
    block = Block(kind="paragraph", text="Half.", place=Place(1, (), 0))
    store.add_parts(document_id, 0, [block])
    assert search(database, "half", document_id) == []
    store.finish(document_id)
    assert search(database, "half", document_id) == ["Half."]
    assert search(database, "half", document_id) == ["Half."]  # cut only once


def test_words_tell_in_how_many_pieces_they_are(database: Database) -> None:
    document_id = add(database, "Red boat.", "Red sail.", "Blue sail.")
    store = PieceStore(database)
    store.cut([document_id])
    [boat] = store.search(["boat"], [document_id], 5)
    total, spread = store.spread(["red", "boat", "mast"], [document_id], [boat])
    assert total == 3
    assert spread == [(2, frozenset({boat})), (1, frozenset({boat})), (0, frozenset())]
