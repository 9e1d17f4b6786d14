"""Documents whose files changed, moved or went after they were read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.storage.collections import CollectionStore
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.work.freshness import caught_up, freshness
from desktop.work.indexing import index
from desktop.work.intake import take_in
from tests.word_vectors import WordVectors


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "data" / "documents.db"
    with Database.open(path, DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "town.md"
    file.write_text("# Harbour\n\nIt opened in 1871.\n\n# Market\n\nIt sells fish.\n")
    return file


def test_a_file_that_is_only_touched_is_current(database: Database, file: Path) -> None:
    store = DocumentStore(database)
    document = take_in(file, store)
    assert freshness(document, store).mark == ""
    os.utime(file, ns=(1, 1))
    assert freshness(document, store).state == "current"
    known = store.document(document.id)
    assert known is not None
    assert known.mtime_ns == 1  # so that the next look need not read it
    same_size = file.read_text().replace("1871", "1872")
    file.write_text(same_size)
    assert freshness(document, store).state == "changed"


def test_a_file_that_changed_is_read_again_and_only_the_change_is_computed(
    database: Database, file: Path
) -> None:
    store, collections = DocumentStore(database), CollectionStore(database)
    document = take_in(file, store)
    archive = collections.create("Archive")
    collections.add(archive.id, [document.id])
    index(database, [document.id], WordVectors())
    file.write_text(file.read_text().replace("fish", "fish, rope and lamps"))
    assert freshness(document, store).mark == "The file has changed since it was read."
    newer = caught_up(document, database)
    assert collections.collections()[0].document_ids == (newer.id,)
    embedder = WordVectors()
    index(database, [newer.id], embedder)
    assert [text.splitlines()[-1] for text in embedder.embedded] == [
        "It sells fish, rope and lamps."
    ]
    old = store.passages(document.id)
    assert old[-1].text == "It sells fish."  # what leads to the old text still does
    assert caught_up(newer, database) == newer


def test_a_file_that_moved_is_found(database: Database, file: Path, tmp_path: Path) -> None:
    store = DocumentStore(database)
    document = take_in(file, store)
    renamed = file.rename(tmp_path / "city.md")
    now = freshness(document, store)
    assert (now.state, now.path) == ("moved", str(renamed))
    moved = caught_up(document, database)
    assert (moved.id, moved.name, moved.path) == (document.id, "city.md", str(renamed))
    assert freshness(moved, store).state == "current"
    (tmp_path / "sub").mkdir()
    copy = tmp_path / "sub" / "copy.md"
    copy.write_bytes(renamed.read_bytes())
    take_in(copy, store)
    renamed.unlink()
    assert freshness(moved, store).path == str(copy)


def test_a_file_that_is_gone_is_marked_and_its_text_stays(database: Database, file: Path) -> None:
    store = DocumentStore(database)
    document = take_in(file, store)
    file.unlink()
    assert freshness(document, store).mark == "The file is not where it was read any more."
    assert caught_up(document, database) == document
    assert len(store.passages(document.id)) == 4
