"""Deleting for good: rows are overwritten, and search's index keeps no word of them.

It goes in small steps, so that nothing else waits for the disk::

    many messages: search's index loose ─▶ deleted ─▶ index merged ─▶ index strict again
    then, or at once where there are few: the rest, those that deletions begin with, chats

A kill in between leaves what is condemned, and with it the reason to go on at the next start.
"""

from __future__ import annotations

from typing import Final

import apsw
import msgspec

_AT_ONCE: Final = 20
"""Messages. Search's index overwrites each word of each: a tenth of a second's work."""
_FEW: Final = 100
"""More messages than these are deleted loosely, and the whole index is written anew after them."""
_MANY_AT_ONCE: Final = 250
_PAGES_AT_ONCE: Final = 128
_WORKED: Final = 2
"""The changes that SQLite counts at least of a merge that had something to do."""
_INDEXES: Final = ("message_words", "message_parts")
# While they are there, whoever is killed finds at the next start that there is more to do.
_BEGINNINGS: Final = "and not exists (select 1 from deletions where message_id = m.id)"


def erase_chat(connection: apsw.Connection, chat_id: int, created_at: float | None = None) -> None:
    """Delete a chat at once, with all that is of it, however long it is.

    With ``created_at`` only the one that was made then.
    """
    is_it = "select id from chats where id = ?1 and created_at = coalesce(?2, created_at)"
    # SQLite gives up where a row's deletion leads to the next one's a thousand times.
    connection.execute(
        f"update messages set parent_id = null where chat_id in ({is_it})",  # noqa: S608
        (chat_id, created_at),
    )
    connection.execute(f"delete from chats where id in ({is_it})", (chat_id, created_at))  # noqa: S608


def purge_step(connection: apsw.Connection) -> bool:
    """Delete a little; return whether it was anything."""
    is_loose = _is_index_loose(connection)
    ids = _condemned(connection, _BEGINNINGS)
    if len(ids) > _FEW or (ids and is_loose):
        if not is_loose:
            _set_strict(connection, 0)
        _erase_messages(connection, ids)
        return True
    if is_loose:
        if not _merge_index(connection):
            _set_strict(connection, 1)
        return True
    if ids := (ids or _condemned(connection, ""))[:_AT_ONCE]:
        _erase_messages(connection, ids)
        return True
    connection.execute("delete from chats where deleted_at < 0")
    return connection.changes() > 0


def _condemned(connection: apsw.Connection, but_not: str) -> list[int]:
    rows = connection.execute(
        "select m.id from messages m where m.deleted_at < 0"  # noqa: S608 - our own words
        f" {but_not} union all select m.id from chats c join messages m on m.chat_id = c.id"
        f" where c.deleted_at < 0 {but_not} limit ?",
        (_MANY_AT_ONCE,),
    )
    return list(dict.fromkeys(int(row[0]) for row in rows))


def _is_index_loose(connection: apsw.Connection) -> bool:
    """Return whether words of deleted messages may still lie about in search's index."""
    statement = f"select v from {_INDEXES[0]}_config where k = 'secure-delete'"  # noqa: S608
    return not connection.execute(statement).get


def _set_strict(connection: apsw.Connection, value: int) -> None:
    for index in _INDEXES:
        connection.execute(
            f"insert into {index} ({index}, rank) values ('secure-delete', ?)",  # noqa: S608
            (value,),
        )


def _merge_index(connection: apsw.Connection) -> bool:
    """Write a part of search's index anew without what was deleted; return whether more is left."""
    worked = False
    for index in _INDEXES:
        before = connection.total_changes()
        # A negative number takes all of it on, where it isn't taken on yet.
        connection.execute(
            f"insert into {index} ({index}, rank) values ('merge', ?)",  # noqa: S608 - our names
            (-_PAGES_AT_ONCE,),
        )
        worked |= connection.total_changes() - before >= _WORKED
    return worked


def _erase_messages(connection: apsw.Connection, numbers: list[int]) -> None:
    """Delete messages; see ``erase_chat``."""
    ids = msgspec.json.encode(numbers).decode()
    which = "(select value from json_each(?))"
    connection.execute(f"update messages set parent_id = null where parent_id in {which}", (ids,))  # noqa: S608
    connection.execute(f"delete from messages where id in {which}", (ids,))  # noqa: S608
