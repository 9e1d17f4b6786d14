"""How often the passage that answers a question is among the first five, and how long that takes.

The labels were fixed before anything was tuned, and what is reported is the half that was held out.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, percentile
from desktop.documents.parts import Block, Opened, Place
from desktop.domain.common_words import telling
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.storage.pieces import PieceStore, question_words
from desktop.storage.vectors import VectorStore
from desktop.work.embedding import Embedder, embedding_load_options
from desktop.work.indexing import as_blob, index
from desktop.work.intake import take_in
from desktop.work.retrieval import Retriever
from tests.retrieval_questions import FOLDER, Question, questions

MODEL: Final = os.environ.get(
    "SNUG_TEST_EMBEDDING_MODEL",
    str(Path(__file__).resolve().parents[2] / "shared/models/all-minilm-l6-v2-q8_0.gguf"),
)
FIRST: Final = 5
PAGES: Final = 1_000
EMBEDDED_PAGES: Final = 20
Found = Callable[[Question], bool]


def measure() -> Iterator[Figure]:
    """Ask the held-out questions, then index and search documents of a thousand pages."""
    with tempfile.TemporaryDirectory(prefix="snug-retrieval-") as folder:
        with Database.open(Path(folder) / "a.db", DOCUMENT_MIGRATIONS, "documents") as database:
            yield from _recall(database)
        with Database.open(Path(folder) / "b.db", DOCUMENT_MIGRATIONS, "documents") as database:
            yield from _thousand_pages(database)


def _recall(database: Database) -> Iterator[Figure]:
    store = DocumentStore(database)
    ids = [take_in(path, store).id for path in sorted(FOLDER.glob("*.md"))]
    if not Path(MODEL).is_file():
        yield _nothing_fits(Retriever(database), ids, "words")
        return
    with Embedder(embedding_load_options(Path(MODEL)), None) as embedder:
        embedder.load()
        found = recall_by_search(database, ids, embedder)
        better = max(_share(found["BM25"]), _share(found["vectors"]))
        yield from (_recall_figure(name, found[name], better) for name in found)
        yield _nothing_fits(Retriever(database, embedder), ids, "hybrid")


def recall_by_search(
    database: Database, ids: Sequence[int], embedder: Embedder
) -> dict[str, dict[Question, bool]]:
    """Return which held-out questions each search has its passage for among the first."""
    index(database, ids, embedder)
    searches = {
        "BM25": _by_words(database, ids),
        "vectors": _by_vectors(database, ids, embedder),
        "hybrid": _by_both(Retriever(database, embedder), ids),
    }
    asked = [each for each in questions() if each.is_held_out and each.kind != "none"]
    return {name: {each: search(each) for each in asked} for name, search in searches.items()}


def _recall_figure(name: str, found: Mapping[Question, bool], better: float) -> Figure:
    return Figure(
        name=f"recall@{FIRST} of {name}, held-out questions",
        value=_share(found),
        reach=better if name == "hybrid" else 0.0,
        better="higher",
        detail={
            "questions": len(found),
            "paraphrases": _share(found, "paraphrase"),
            "exact names": _share(found, "name"),
        },
    )


def _share(found: Mapping[Question, bool], kind: str = "") -> float:
    counted = [right for each, right in found.items() if kind in {"", each.kind}]
    return sum(counted) / len(counted)


def _by_words(database: Database, ids: Sequence[int]) -> Found:
    store = PieceStore(database)

    def search(question: Question) -> bool:
        words = telling(question_words(question.text))
        return _holds(store, store.search(words, ids, FIRST), question)

    return search


def _by_vectors(database: Database, ids: Sequence[int], embedder: Embedder) -> Found:
    vectors = VectorStore(database, embedder.identity, embedder.dimension)

    def search(question: Question) -> bool:
        near = vectors.search(as_blob(embedder.embed_question(question.text)), ids, FIRST)
        return _holds(PieceStore(database), [piece for piece, _ in near], question)

    return search


def _by_both(retriever: Retriever, ids: Sequence[int]) -> Found:
    def search(question: Question) -> bool:
        hits = retriever.retrieve(question.text, ids, FIRST).hits
        return any(question.holds in hit.text for hit in hits)

    return search


def _holds(store: PieceStore, piece_ids: Sequence[int], question: Question) -> bool:
    return any(question.holds in piece.words for piece in store.pieces(piece_ids).values())


def _nothing_fits(retriever: Retriever, ids: Sequence[int], by: str) -> Figure:
    said = {
        each: retriever.retrieve(each.text, ids, FIRST).nothing_fits
        for each in questions()
        if each.is_held_out
    }
    right = [said[each] for each in said if each.kind == "none"]
    wrong = [said[each] for each in said if each.kind != "none"]
    return Figure(
        name=f"nothing fits, said of questions that nothing answers ({by})",
        value=sum(right) / len(right),
        reach=0.75,
        better="higher",
        detail={"questions": len(right), "said wrongly of others": sum(wrong) / len(wrong)},
    )


def _thousand_pages(database: Database) -> Iterator[Figure]:
    book = _book(DocumentStore(database), PAGES)
    started = time.perf_counter()
    index(database, [book])
    yield Figure(
        name=f"words of {PAGES:,} pages indexed",
        value=time.perf_counter() - started,
        reach=5,
        better="lower",
        unit="s",
    )
    times = []
    for question in questions():
        started = time.perf_counter()
        Retriever(database).retrieve(question.text, [book])
        times.append(1000 * (time.perf_counter() - started))
    yield Figure(
        name=f"search of {PAGES:,} pages by words, p95",
        value=percentile(times, 95),
        reach=100,
        better="lower",
        unit="ms",
    )
    if Path(MODEL).is_file():
        yield _indexing_speed(database)


def _indexing_speed(database: Database) -> Figure:
    part = _book(DocumentStore(database), EMBEDDED_PAGES)
    with Embedder(embedding_load_options(Path(MODEL)), None) as embedder:
        embedder.load()
        started = time.perf_counter()
        index(database, [part], embedder)
        seconds = time.perf_counter() - started
        started = time.perf_counter()
        index(database, [part], embedder)
        again = time.perf_counter() - started
    return Figure(
        name="pages indexed by meaning in a second",
        value=EMBEDDED_PAGES / seconds,
        reach=1,
        better="higher",
        unit="pages",
        detail={"seconds the second time": again},
    )


def _book(store: DocumentStore, pages: int) -> int:
    """Return a document with so many pages of paragraphs, each of them a little different."""
    texts = [
        paragraph
        for path in sorted(FOLDER.glob("*.md"))
        for paragraph in path.read_text(encoding="utf-8").split("\n\n")
        if not paragraph.startswith("#")
    ]
    document_id = store.begin(f"/book {pages}", f"book {pages}", 1, 1, f"book {pages}")
    opened = Opened(format_name="PDF", title="", pages=pages, page_word="page")
    blocks = [
        Block(
            kind="paragraph",
            text=f"{texts[(page * 9 + number) % len(texts)]} {page}.{number}",
            place=Place(page, (f"Chapter {page // 20}",), 0),
        )
        for page in range(1, pages + 1)
        for number in range(9)
    ]
    store.add_parts(document_id, 0, [opened, *blocks])
    store.finish(document_id)
    return document_id
