"""Documents made ready for questions, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.documents.parts import Block, BlockKind, Opened, Place
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.vectors import VectorStore
from desktop.work.indexing import index
from desktop.work.intake import CancelledError
from desktop.work.retrieval import Retriever
from tests.word_vectors import WordVectors

TOWN = (
    "The harbour of Vell opened in 1871 and held forty ships at low tide.",
    "Ada Moor kept the lighthouse and wrote a log for thirty years.",
    "On 3 March 1903 the eastern wall broke; nobody was lost.",
    "The railway reached the town in 1888, with two trains a day.",
    "The market sells fish, rope and lamps on Tuesdays.",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


def add(
    database: Database, *texts: str, name: str = "town.pdf", kind: BlockKind = "paragraph"
) -> int:
    store = DocumentStore(database)
    document_id = store.begin(f"/{name}", name, 1, 1, f"{texts}")
    opened = Opened(format_name="PDF", title="", pages=len(texts), page_word="page")
    blocks = [
        Block(kind=kind, text=text, place=Place(page, (f"Part {page}",), 0))
        for page, text in enumerate(texts, start=1)
    ]
    store.add_parts(document_id, 0, [opened, *blocks])
    store.finish(document_id)
    return document_id


def test_words_find_the_passage_and_its_page(database: Database) -> None:
    town = add(database, *TOWN)
    other = add(database, "The harbour of Brill.", name="other.pdf")
    found = Retriever(database).retrieve("Who was keeping the lighthouse?", [town])
    best = found.hits[0]
    assert (best.passage.text, best.text, best.how) == (TOWN[1], TOWN[1], "words")
    assert (best.ref.document_id, best.ref.first, best.ref.last, best.ref.page) == (town, 1, 1, 2)
    assert (found.by, found.nothing_fits) == ("words", False)
    everywhere = Retriever(database).retrieve("harbour", [town, other])
    assert {hit.document.name for hit in everywhere.hits} == {"town.pdf", "other.pdf"}


def test_it_says_when_nothing_fits(database: Database) -> None:
    town = add(database, *TOWN)
    found = Retriever(database).retrieve("Which vitamins does a kiwi contain?", [town])
    assert found.nothing_fits
    assert Retriever(database).retrieve("?!", [town]).nothing_fits
    assert Retriever(database).retrieve("harbour", []).nothing_fits


def test_both_searches_are_joined(database: Database) -> None:
    town = add(database, *TOWN)
    found = Retriever(database, WordVectors()).retrieve("railway trains", [town])
    assert found.by == "hybrid"
    assert (found.hits[0].passage.page, found.hits[0].how) == (4, "both")
    assert len(found.hits) < len(TOWN)  # what hardly fits is of no use beside what does


def test_an_index_that_was_cut_goes_on_where_it_ended(database: Database) -> None:
    town = add(database, *(f"Word{number} stands alone." for number in range(100)))
    first, told = WordVectors(), [(0, 0)]
    with pytest.raises(CancelledError):
        index(
            database,
            [town],
            first,
            on_progress=lambda done, total: told.append((done, total)),
            cancelled=lambda: told[-1][0] >= 64,
        )
    second = WordVectors()
    index(database, [town], second)
    assert told[1:] == [(0, 100), (32, 100), (64, 100)]
    assert len(second.embedded) == 36  # what tells unrelated texts was kept as well
    assert VectorStore(database, "words", 64).counts([town]) == (100, 0)


def test_another_version_computes_only_what_changed(database: Database) -> None:
    index(database, [add(database, *TOWN)], WordVectors())
    changed = add(database, *TOWN[:-1], "The market is closed.", name="town 2.pdf")
    embedder = WordVectors()
    index(database, [changed], embedder)
    assert embedder.embedded == ["Part 5\nThe market is closed."]


def test_a_question_need_not_wait_for_all_of_a_long_document(database: Database) -> None:
    town = add(database, *TOWN)
    embedder = WordVectors()
    found = Retriever(database, embedder).retrieve("railway", [town], at_once=4)
    assert (found.by, found.hits[0].how, found.hits[0].passage.page) == ("words", "words", 4)
    assert not any("Part" in text for text in embedder.embedded)
    assert Retriever(database, embedder).retrieve("railway", [town], at_once=5).by == "hybrid"


def test_vectors_of_another_model_are_not_mixed(database: Database) -> None:
    town = add(database, *TOWN)
    index(database, [town], WordVectors("one", 64))
    other = WordVectors("two", 32)
    assert Retriever(database, other).retrieve("railway", [town]).hits[0].how == "both"
    assert sum("Part" in text for text in other.embedded) == len(TOWN)


def test_a_question_in_a_script_without_spaces_finds_its_words(database: Database) -> None:
    town = add(database, "港は一八七一年に開かれた。", "灯台は西の岬にある。")
    found = Retriever(database).retrieve("灯台", [town])
    assert [hit.passage.page for hit in found.hits] == [2]


def test_deleting_takes_words_and_vectors_from_the_file(database: Database) -> None:
    town = add(database, "Sesquipedalian words are rare.", *TOWN)
    embedder = WordVectors()
    Retriever(database, embedder).retrieve("rare", [town])
    [words] = [text for text in embedder.embedded if "Sesquipedalian" in text]
    vector = embedder.embed([words])[0].astype("<f4").tobytes()
    folder = database.path.parent

    def everything() -> bytes:
        return b"".join(path.read_bytes() for path in folder.iterdir())

    assert vector in everything()
    assert b"Sesquipedalian" in everything()
    DocumentStore(database).delete(town)
    assert vector not in everything()
    assert b"sesquipedalian" not in everything().lower()
    assert b"sesquipedalia" not in everything()  # as a stem
