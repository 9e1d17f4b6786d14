"""Documents on disk, and their text in passages."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import apsw
import msgspec

from desktop.documents.parts import Block, DocumentPart, Opened, Unreadable
from desktop.domain.documents import Document, Portion, StoredPassage
from desktop.storage.database import Database

_DOCUMENTS: Final = f"select {', '.join(Document.__struct_fields__)} from documents"  # noqa: S608
_PASSAGES: Final = f"select {', '.join(StoredPassage.__struct_fields__)} from passages"  # noqa: S608


class DocumentStore:
    """The documents of a database. Calls block for as long as the disk takes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- documents -----------------------------------------------------------------------------

    def documents(self) -> list[Document]:
        """Return every document, the last added first."""
        with self._database.reading() as connection:
            return _documents(connection, "order by added_at desc, id desc")

    def document(self, document_id: int) -> Document | None:
        """Return a document, None where it was deleted."""
        with self._database.reading() as connection:
            return next(iter(_documents(connection, "where id = ?", document_id)), None)

    def find(self, path: str, sha256: str) -> Document | None:
        """Return the document that was read from this path with these contents, if it is whole."""
        where = "where path = ? and sha256 = ? and state = 'ready' order by id desc limit 1"
        with self._database.reading() as connection:
            return next(iter(_documents(connection, where, path, sha256)), None)

    def paths_of(self, sha256: str) -> list[Path]:
        """Return the paths from which these contents were read."""
        with self._database.reading() as connection:
            rows = connection.execute("select path from documents where sha256 = ?", (sha256,))
            return [Path(str(path)) for (path,) in rows]

    def move(self, document_id: int, path: str, name: str, mtime_ns: int) -> None:
        """Note where a document's file lies now."""
        with self._database.transaction() as connection:
            connection.execute(
                "update documents set path = ?, name = ?, mtime_ns = ? where id = ?",
                (path, name, mtime_ns, document_id),
            )

    def begin(self, path: str, name: str, size: int, mtime_ns: int, sha256: str) -> int:
        """Note a document that is going to be read; one that was not read to its end goes."""
        with self._database.transaction() as connection:
            connection.execute("delete from documents where path = ? and state != 'ready'", (path,))
            connection.execute(
                "insert into documents (path, name, size, mtime_ns, sha256, added_at, state) "
                "values (?, ?, ?, ?, ?, ?, 'reading')",
                (path, name, size, mtime_ns, sha256, time.time()),
            )
            return connection.last_insert_rowid()

    def add_parts(self, document_id: int, first_number: int, parts: Iterable[DocumentPart]) -> int:
        """Add what was read, in one transaction; return the number for the next passage."""
        number = first_number
        with self._database.transaction() as connection:
            for part in parts:
                match part:
                    case Opened():
                        connection.execute(
                            "update documents set format_name = ?, title = ?, page_word = ?, "
                            "pages = ? where id = ?",
                            (part.format_name, part.title, part.page_word, part.pages, document_id),
                        )
                    case Block():
                        _insert_passage(connection, document_id, number, part)
                        number += 1
                    case Unreadable():
                        connection.execute(
                            "insert or replace into unreadable_pages values (?, ?, ?)",
                            (document_id, part.page, part.reason),
                        )
                    case _:
                        pass
        return number

    def finish(self, document_id: int) -> None:
        """Note that a document was read to its end."""
        with self._database.transaction() as connection:
            connection.execute(
                "update documents set state = 'ready', pages = max(pages, coalesce((select "
                "max(page) from passages where document_id = ?1), 0)) where id = ?1",
                (document_id,),
            )

    def fail(self, document_id: int, title: str, hint: str) -> None:
        """Note why a document could not be read."""
        with self._database.transaction() as connection:
            connection.execute(
                "update documents set state = 'failed', problem_title = ?, problem_hint = ? "
                "where id = ?",
                (title, hint, document_id),
            )

    def drop_unfinished(self, path: str) -> None:
        """Delete what was read of a file whose reading was given up."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from documents where path = ? and state = 'reading'", (path,)
            )

    def delete(self, document_id: int) -> None:
        """Delete a document: its text, its words and vectors in the index, the work on it."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from jobs where id in (select job_id from job_documents where "
                "document_id = ?)",
                (document_id,),
            )
            connection.execute("delete from documents where id = ?", (document_id,))
        self._database.empty_log()

    # --- text ----------------------------------------------------------------------------------

    def passages(
        self, document_id: int, first: int = 0, last: int | None = None
    ) -> list[StoredPassage]:
        """Return a document's passages in their order; all, or those from ``first`` to ``last``."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_PASSAGES} where document_id = ? and number >= ? "
                "and number <= coalesce(?, number) order by number",
                (document_id, first, last),
            )
            return [_passage(row) for row in rows]

    def text_sizes(self, document_ids: Sequence[int]) -> list[int]:
        """Return how many bytes of UTF-8 text each of these documents has."""
        statement = (
            "select coalesce(sum(octet_length(text)), 0) from passages where document_id = ?"
        )
        with self._database.reading() as connection:
            return [
                int(connection.execute(statement, (document_id,)).get)
                for document_id in document_ids
            ]

    def portions(self, document_id: int, characters: int) -> list[Portion]:
        """Return a document cut into portions of about so many characters."""
        statement = (
            "select min(number), max(number), min(page), max(page) from (select number, page, "
            "sum(length(text) + 1) over (order by number) / ?2 as portion from passages "
            "where document_id = ?1) group by portion order by portion"
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement, (document_id, characters))
            return [msgspec.convert(row, Portion) for row in rows]

    def unreadable_pages(self, document_id: int) -> dict[int, str]:
        """Return the pages that could not be read, and why."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select page, reason from unreadable_pages where document_id = ? order by page",
                (document_id,),
            )
            return {int(page): str(reason) for page, reason in rows}


def _documents(connection: apsw.Connection, where: str, *values: str | int) -> list[Document]:
    rows = connection.execute(f"{_DOCUMENTS} {where}", values)
    names = Document.__struct_fields__
    return [msgspec.convert(dict(zip(names, row, strict=True)), Document) for row in rows]


def _passage(row: Sequence[object]) -> StoredPassage:
    fields = dict(zip(StoredPassage.__struct_fields__, row, strict=True))
    fields["section"] = msgspec.json.decode(str(fields["section"]))
    return msgspec.convert(fields, StoredPassage)


def _insert_passage(
    connection: apsw.Connection, document_id: int, number: int, block: Block
) -> None:
    place = block.place
    section = msgspec.json.encode(place.section).decode()
    connection.execute(
        "insert into passages (document_id, number, kind, level, page, section, line, text) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        (document_id, number, block.kind, block.level, place.page, section, place.line, block.text),
    )
