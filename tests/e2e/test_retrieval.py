"""What is found for labelled questions, by words and with a real embedding model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.retrieval import recall_by_search
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.work.embedding import Embedder, embedding_load_options
from desktop.work.intake import take_in
from desktop.work.retrieval import Retriever
from tests.embedding_model import embedding_model
from tests.retrieval_questions import FOLDER, questions


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


@pytest.fixture
def ids(database: Database) -> Sequence[int]:
    store = DocumentStore(database)
    return [take_in(path, store).id for path in sorted(FOLDER.glob("*.md"))]


def test_words_find_every_exact_name(database: Database, ids: Sequence[int]) -> None:
    retriever = Retriever(database)
    named = [each for each in questions() if each.kind == "name"]
    for each in named:
        found = retriever.retrieve(each.text, ids)
        assert any(each.holds in hit.text for hit in found.hits), each
        assert not found.nothing_fits, each


@pytest.mark.slow
def test_both_searches_together_find_as_much_as_the_better_one(
    database: Database, ids: Sequence[int]
) -> None:
    with Embedder(embedding_load_options(embedding_model()), None) as embedder:
        embedder.load()
        recall = recall_by_search(database, ids, embedder)
    shares = {name: sum(found.values()) / len(found) for name, found in recall.items()}
    assert shares["hybrid"] >= max(shares["BM25"], shares["vectors"])
    assert shares["hybrid"] > 0.8
