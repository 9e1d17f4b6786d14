"""The pieces of documents that questions find, and the index of their words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import apsw
import msgspec

from desktop.domain.documents import StoredPassage
from desktop.domain.retrieval import Piece, pieces
from desktop.storage.database import Database
from desktop.storage.documents import DocumentStore

_MOST_WORDS: Final = 64
_WORD: Final = re.compile(r"\w+")
_UNSPACED: Final = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])"
)
"""Letters of scripts that put no space between words: each is searched as a word of its own."""


class StoredPiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece as it is stored: see ``Piece``. ``words`` are what is searched."""

    id: int
    document_id: int
    first: int
    last: int
    start: int
    stop: int
    words: str


class PieceStore:
    """The pieces of a database. Calls block for as long as the disk takes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cut(self, document_ids: Iterable[int]) -> None:
        """Cut those documents into pieces that are not cut yet."""
        for document_id in document_ids:
            with self._database.reading() as connection:
                known = _is_cut(connection, document_id)
            if known:
                continue
            passages = DocumentStore(self._database).passages(document_id)
            with self._database.transaction() as connection:
                # Another process may have been faster.
                if not _is_cut(connection, document_id):
                    _insert(connection, document_id, passages)

    def pieces(self, piece_ids: Sequence[int]) -> dict[int, StoredPiece]:
        """Return pieces by their ids."""
        names = StoredPiece.__struct_fields__
        statement = (
            f"select {', '.join(names)} from pieces "  # noqa: S608
            "where id in (select value from json_each(?))"
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement, (as_json(piece_ids),)).fetchall()
        found = [msgspec.convert(dict(zip(names, row, strict=True)), StoredPiece) for row in rows]
        return {each.id: each for each in found}

    def search(self, words: Sequence[str], document_ids: Sequence[int], limit: int) -> list[int]:
        """Return the pieces that hold any of the words, best first by BM25."""
        if not words:
            return []
        query = " OR ".join(map(_quoted, words[:_MOST_WORDS]))
        with self._database.reading() as connection:
            rows = connection.execute(
                "select pieces.id from pieces_words join pieces on pieces.id = pieces_words.rowid "
                "where pieces_words match ? and document_id in (select value from json_each(?)) "
                "order by bm25(pieces_words), pieces.id limit ?",
                (query, as_json(document_ids), limit),
            )
            return [int(piece_id) for (piece_id,) in rows]

    def spread(
        self, words: Sequence[str], document_ids: Sequence[int], piece_ids: Sequence[int]
    ) -> tuple[int, list[tuple[int, frozenset[int]]]]:
        """Return how many pieces there are, and for each word in how many it is and in which.

        The pieces that are named are those of ``piece_ids``.
        """
        scope = as_json(document_ids)
        with self._database.reading() as connection:
            count = connection.execute(
                "select count(*) from pieces where document_id in (select value from json_each(?))",
                (scope,),
            ).get
            found = [
                _spread(connection, _quoted(word), scope, as_json(piece_ids))
                for word in words[:_MOST_WORDS]
            ]
        return int(count), found


def question_words(question: str) -> list[str]:
    """Return the words of a question as the index knows them, each once, in their order."""
    return list(dict.fromkeys(_WORD.findall(_spaced(question).lower())))


def as_json(ids: Iterable[int]) -> str:
    """Return ids as the list that a statement's ``json_each`` reads."""
    return msgspec.json.encode(list(ids)).decode()


def _is_cut(connection: apsw.Connection, document_id: int) -> bool:
    """Return whether there is nothing to do for a document: it is cut, or was not read whole."""
    return bool(
        connection.execute(
            "select exists (select 1 from pieces where document_id = ?1) or not exists "
            "(select 1 from documents where id = ?1 and state = 'ready')",
            (document_id,),
        ).get
    )


def _spread(
    connection: apsw.Connection, word: str, scope: str, among: str
) -> tuple[int, frozenset[int]]:
    count = connection.execute(
        "select count(*) from pieces_words join pieces on pieces.id = pieces_words.rowid "
        "where pieces_words match ? and document_id in (select value from json_each(?))",
        (word, scope),
    ).get
    rows = connection.execute(
        "select rowid from pieces_words where pieces_words match ? "
        "and rowid in (select value from json_each(?))",
        (word, among),
    )
    return int(count), frozenset(int(piece_id) for (piece_id,) in rows)


def _insert(
    connection: apsw.Connection, document_id: int, passages: Sequence[StoredPassage]
) -> None:
    connection.executemany(
        "insert into pieces (document_id, first, last, start, stop, words, sha256) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (
            (document_id, piece.first, piece.last, piece.start, piece.stop, words, digest)
            for piece in pieces(passages)
            for words in (_words(piece),)
            for digest in (hashlib.sha256(words.encode()).digest(),)
        ),
    )


def _words(piece: Piece) -> str:
    headings = [each for each in piece.headings if each not in piece.text]
    return _spaced("\n".join((*headings, piece.text)))


def _spaced(text: str) -> str:
    return _UNSPACED.sub(r" \1 ", text)


def _quoted(word: str) -> str:
    return f'"{word}"'
