"""What people put together to ask all of it: collections of documents, by name."""

from __future__ import annotations

import time
from collections.abc import Iterable

import apsw
import msgspec

from desktop.domain.errors import UserError
from desktop.storage.database import Database
from models.wording import tr


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """A collection; the documents in the order in which they were put into it."""

    id: int
    name: str
    created_at: float
    document_ids: tuple[int, ...] = ()


_COLLECTIONS = (
    "select id, name, created_at, (select json_group_array(document_id) from (select document_id "
    "from collection_documents where collection_id = collections.id order by added_at, rowid)) "
    "from collections"
)


class CollectionStore:
    """The collections of a database. Calls block for as long as the disk takes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collections(self) -> list[Collection]:
        """Return every collection, by name."""
        with self._database.reading() as connection:
            return _read(connection, "order by name collate nocase, id")

    def collection(self, collection_id: int) -> Collection | None:
        """Return a collection, None where it was deleted."""
        with self._database.reading() as connection:
            return next(iter(_read(connection, "where id = ?", collection_id)), None)

    def named(self, name: str) -> Collection | None:
        """Return the collection of that name, however it is written; None where there is none."""
        with self._database.reading() as connection:
            found = _read(connection, "where name = ? collate nocase", " ".join(name.split()))
        return next(iter(found), None)

    def create(self, name: str) -> Collection:
        """Make an empty collection. Raises UserError for a name that is empty or taken."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into collections (name, created_at) values (?, ?)",
                (_checked(connection, name), time.time()),
            )
            return _read(connection, "where id = ?", connection.last_insert_rowid())[0]

    def rename(self, collection_id: int, name: str) -> None:
        """Give a collection another name. Raises UserError for one that is empty or taken."""
        with self._database.transaction() as connection:
            connection.execute(
                "update collections set name = ? where id = ?",
                (_checked(connection, name, besides=collection_id), collection_id),
            )

    def delete(self, collection_id: int) -> None:
        """Delete a collection; its documents stay."""
        with self._database.transaction() as connection:
            connection.execute("delete from collections where id = ?", (collection_id,))

    def add(self, collection_id: int, document_ids: Iterable[int]) -> None:
        """Put documents into a collection; one that is in it already stays where it is."""
        with self._database.transaction() as connection:
            now = time.time()
            connection.executemany(
                "insert or ignore into collection_documents values (?, ?, ?)",
                [(collection_id, document_id, now) for document_id in document_ids],
            )

    def take_out(self, collection_id: int, document_ids: Iterable[int]) -> None:
        """Take documents out of a collection; they stay in the application."""
        with self._database.transaction() as connection:
            connection.executemany(
                "delete from collection_documents where collection_id = ? and document_id = ?",
                [(collection_id, document_id) for document_id in document_ids],
            )

    def replace(self, old_id: int, new_id: int) -> None:
        """Put a document into the place of another one, in every collection that has that."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert or ignore into collection_documents select collection_id, ?2, added_at "
                "from collection_documents where document_id = ?1",
                (old_id, new_id),
            )
            connection.execute("delete from collection_documents where document_id = ?", (old_id,))


def _checked(connection: apsw.Connection, name: str, besides: int = 0) -> str:
    name = " ".join(name.split())
    if not name:
        raise UserError(tr("A collection needs a name."), tr("Write what the documents are about."))
    taken = connection.execute(
        "select 1 from collections where name = ? collate nocase and id != ?", (name, besides)
    ).get
    if taken:
        raise UserError(
            tr("There is a collection named “{name}” already.", name=name),
            tr("Choose another name."),
        )
    return name


def _read(connection: apsw.Connection, where: str, *values: str | int) -> list[Collection]:
    rows = connection.execute(f"{_COLLECTIONS} {where}", values).fetchall()
    names = Collection.__struct_fields__
    return [
        msgspec.convert(
            dict(zip(names, (*row[:-1], msgspec.json.decode(str(row[-1]))), strict=True)),
            Collection,
        )
        for row in rows
    ]
