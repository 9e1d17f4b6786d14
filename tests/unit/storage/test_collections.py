"""Collections of documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.domain.errors import UserError
from desktop.storage.collections import CollectionStore
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "documents.db", DOCUMENT_MIGRATIONS, "documents") as database:
        yield database


def add(database: Database, name: str) -> int:
    return DocumentStore(database).begin(f"/{name}", name, 1, 1, name)


def test_documents_are_put_in_and_taken_out(database: Database) -> None:
    store = CollectionStore(database)
    first, second, third = (add(database, name) for name in "abc")
    archive = store.create("  My   archive ")
    assert (archive.name, archive.document_ids) == ("My archive", ())
    store.add(archive.id, [second, first])
    store.add(archive.id, [first, third])
    found = store.named("My archive")
    assert found is not None
    assert sorted(found.document_ids) == [first, second, third]
    assert found.document_ids[-1] == third
    store.take_out(archive.id, [first])
    DocumentStore(database).delete(second)
    assert store.collections()[0].document_ids == (third,)
    store.delete(archive.id)
    assert store.collection(archive.id) is None
    assert DocumentStore(database).document(third) is not None


def test_names_are_told_apart(database: Database) -> None:
    store = CollectionStore(database)
    tax = store.create("Tax")
    with pytest.raises(UserError, match="already"):
        store.create("tax")
    with pytest.raises(UserError, match="needs a name"):
        store.rename(tax.id, "  ")
    store.rename(tax.id, "TAX")
    assert [each.name for each in store.collections()] == ["TAX"]
    assert store.named("Tax") is not None
