"""Messages and titles found by their words: functions on a connection.

Everything in quotes or between spaces has to be found, in any order. Best are the hits that have
the words whole, then those that have words which begin with the last one typed, then those that
have all of it as parts of words. Signs at the edge of a word, as in ``C++``, only the last way
knows, so it comes first then. Each way ranks its hits by BM25; of very many hits the newest are
ranked, since a word that is in each message tells nothing of any.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from desktop.domain.search import Found, SearchResults, letters, phrases
from desktop.storage.excerpts import Needle, PairTokenizer, Tokenizer, excerpt, marked

MOST: Final = 50
_RANKED: Final = 2_000
_MOST_IN_TRASH: Final = 10_000
_MOST_TEXT: Final = 1 << 18
_WORDS: Final = ("unicode61", "remove_diacritics", "2")
_PARTS: Final = ("trigram", "remove_diacritics", "1")
_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts in which two letters are often a word, with no space around it."""


class _Index(NamedTuple):
    """What is searched: its tables' names begin with ``stem``, its shortest prefix has letters.

    ``rows`` joins what is indexed, with ``{key}`` for its id; ``trashed`` tells what of it is in
    the trash.
    """

    stem: str
    shortest: int
    rows: str
    trashed: str


_MESSAGES: Final = _Index(
    "message",
    2,
    "cross join messages m on m.id = {key} cross join chats c on c.id = m.chat_id",
    "(c.deleted_at is not null or m.deleted_at is not null)",
)
_TITLES: Final = _Index(
    "title", 1, "cross join chats c on c.id = {key}", "(c.deleted_at is not null)"
)


class _Way(NamedTuple):
    """One way to search: a table, what is asked of it, and what shows it in a text."""

    table: str
    match: str
    tokenizer: Tokenizer
    needles: tuple[Needle, ...]


_Hit = tuple[int, _Way]


def search(
    connection: apsw.Connection, query: str, *, in_trash: bool = False, most: int = MOST
) -> SearchResults:
    """Return the best hits for a query as far as it is typed; one letter is sought in titles.

    What is in the trash is found there alone.
    """
    wanted = phrases(query)
    chats = _best(connection, _TITLES, wanted, most, in_trash=in_trash)
    messages: list[_Hit] = []
    if letters(query) > 1:
        messages = _best(connection, _MESSAGES, wanted, most, in_trash=in_trash)
    return SearchResults(
        query=query,
        chats=_as_chats(connection, chats[:most]),
        messages=_as_messages(connection, messages[:most]),
        more=len(messages) > most,
    )


def ids_in_trash(connection: apsw.Connection, query: str) -> tuple[list[int], list[int]]:
    """Return the chats by their titles, and the messages in the trash that have a query's words."""
    wanted = phrases(query)
    chats = _best(connection, _TITLES, wanted, _MOST_IN_TRASH, in_trash=True)
    messages: list[_Hit] = []
    if letters(query) > 1:
        messages = _best(connection, _MESSAGES, wanted, _MOST_IN_TRASH, in_trash=True)
    return [hit for hit, _ in chats], [hit for hit, _ in messages]


# --- hits ----------------------------------------------------------------------------------------


def _best(
    connection: apsw.Connection,
    index: _Index,
    wanted: Sequence[str],
    most: int,
    *,
    in_trash: bool,
) -> list[_Hit]:
    """Return the ids of the best hits with the way that found each: ``most``, or some more."""
    found: dict[int, _Way] = {}
    for way in _ways(connection, index, wanted) if wanted else ():
        for hit in _hits(connection, index, way, most + 1, in_trash=in_trash):
            found.setdefault(hit, way)
        if len(found) > most:
            break
    return list(found.items())


def _ways(connection: apsw.Connection, index: _Index, wanted: Sequence[str]) -> Iterator[_Way]:
    words, parts = Tokenizer(connection, *_WORDS), Tokenizer(connection, *_PARTS)
    tokens = {phrase: words.words(phrase) for phrase in wanted}
    # A sign between words is passed by, unless there is nothing else.
    worded = [phrase for phrase in wanted if tokens[phrase]]
    by_part = list(_by_part(index, worded or wanted, parts))
    signs = any(not (phrase[0].isalnum() and phrase[-1].isalnum()) for phrase in worded)
    if signs:
        yield from by_part
    if worded:
        yield from _by_word(index, worded, tokens, words)
    if not signs:
        yield from by_part


def _by_word(
    index: _Index, worded: Sequence[str], tokens: dict[str, tuple[str, ...]], words: Tokenizer
) -> Iterator[_Way]:
    table = f"{index.stem}_words"
    match = " ".join(map(_quoted, worded))
    needles = tuple(Needle(tokens[phrase]) for phrase in worded)
    yield _Way(table, match, words, needles)
    last = needles[-1]
    if len(last.tokens[-1]) >= index.shortest:
        yield _Way(table, f"{match} *", words, (*needles[:-1], last._replace(is_prefix=True)))


def _by_part(index: _Index, wanted: Sequence[str], parts: Tokenizer) -> Iterator[_Way]:
    tokens = [parts.words(phrase) for phrase in wanted]
    if all(tokens):
        match = " ".join(map(_quoted, wanted))
        yield _Way(f"{index.stem}_parts", match, parts, tuple(map(Needle, tokens)))
    elif len(wanted) == 1 and _is_pair(wanted[0]):
        # Each place of the two letters begins one trigram.
        pair = parts.words(f"{wanted[0]} ")[0][:-1]
        yield _Way(f"{index.stem}_pairs", pair, PairTokenizer(), (Needle((wanted[0],)),))


def _hits(
    connection: apsw.Connection, index: _Index, way: _Way, most: int, *, in_trash: bool
) -> list[int]:
    """Return the ids of the hits, best first; those by parts of words are the newest ``most``."""
    table = way.table
    key, score, where = f"{table}.rowid", "0", f"{table} match ?1"
    if table.endswith("_words"):
        score, most = f"bm25({table})", _RANKED
    elif table.endswith("_pairs"):
        key, where = "doc", "term >= ?1 and term < ?1 || char(0x10ffff)"
    statement = (
        f"select distinct {key}, {score} from {table} {index.rows.format(key=key)} "  # noqa: S608
        f"where {where} and {index.trashed} = ?2 order by {key} desc limit ?3"
    )
    rows = connection.execute(statement, (way.match, in_trash, most))
    # Sorting keeps the newest first among equals.
    return [hit for hit, _ in sorted(rows, key=itemgetter(1))]


def _quoted(phrase: str) -> str:
    doubled = phrase.replace('"', '""')
    return f'"{doubled}"'


def _is_pair(phrase: str) -> bool:
    return len(phrase) == 2 and all(
        unicodedata.name(letter, "").startswith(_UNSPACED) for letter in phrase
    )


# --- what is shown of them -----------------------------------------------------------------------


def _as_chats(connection: apsw.Connection, hits: Sequence[_Hit]) -> tuple[Found, ...]:
    rows = _rows(connection, "id, title, updated_at from chats", hits)
    return tuple(
        Found(chat_id=hit, title=title, excerpt=marked(title, *way[2:]), at=at)
        for hit, way in hits
        for title, at in (rows[hit],)
    )


def _as_messages(connection: apsw.Connection, hits: Sequence[_Hit]) -> tuple[Found, ...]:
    columns = "messages.id, chat_id, title, role, messages.created_at, substr(text, 1, {most})"
    tables = "messages join chats on chats.id = messages.chat_id"
    rows = _rows(connection, f"{columns} from {tables}".format(most=_MOST_TEXT), hits, "messages.")
    return tuple(
        Found(
            chat_id=chat_id,
            title=title,
            excerpt=excerpt(text, *way[2:]),
            at=at,
            message_id=hit,
            role=role,
        )
        for hit, way in hits
        for chat_id, title, role, at, text in (rows[hit],)
    )


def _rows(
    connection: apsw.Connection, what: str, hits: Sequence[_Hit], owner: str = ""
) -> dict[int, tuple[Any, ...]]:
    ids = msgspec.json.encode([hit for hit, _ in hits]).decode()
    statement = f"select {what} where {owner}id in (select value from json_each(?))"  # noqa: S608
    return {row[0]: row[1:] for row in connection.execute(statement, (ids,))}
