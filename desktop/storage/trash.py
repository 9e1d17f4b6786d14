"""The trash: what was deleted can be had back until it is purged, and then it is gone everywhere.

A deleted message keeps its row with the time as ``deleted_at``; whatever reads the tree passes it
by. ``deletions`` keep what bringing it back needs. What is condemned, to be purged, has its time
negated: nobody sees it any more, and ``purging`` deletes it.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.chat import Deletion, Message
from desktop.storage import search, tree
from desktop.storage.database import Database
from desktop.storage.purging import purge_step

KEPT_S: Final = 30 * 86_400.0
"""How long the trash keeps what is in it."""
_EXCERPT: Final = 200
_BRANCH: Final = """
with recursive branch (id, chat_id) as (
    select id, chat_id from messages where id = ?1
    union all
    select m.id, m.chat_id from branch join messages m
        on m.chat_id = branch.chat_id and m.parent_id = branch.id {which}
)
select id from branch
"""
_SEEN: Final = _BRANCH.format(which="and m.deleted_at is null")
_ALL: Final = _BRANCH.format(which="")
_DELETIONS: Final = f"""
select d.id, d.chat_id, c.title, d.message_id, m.role, substr(m.text, 1, {_EXCERPT}), d.deleted_at,
    (select count(*) from messages e where e.chat_id = d.chat_id and e.deleted_at = d.deleted_at)
from deletions d join messages m on m.id = d.message_id join chats c on c.id = d.chat_id
"""  # noqa: S608 - a number of our own
_TRASHED_AS: Final = """
select distinct m.chat_id, d.id from messages m join chats c on c.id = m.chat_id
left join deletions d
    on c.deleted_at is null and d.chat_id = m.chat_id and d.deleted_at = m.deleted_at
where m.id in (select value from json_each(?)) and (c.deleted_at is not null or d.id is not null)
"""
"""What messages lie in: a chat that is in the trash itself, or a deletion."""


class Trash:
    """The part of the chats' store that deletes. Calls block for as long as the disk takes."""

    _database: Database

    def has_chat(self, chat_id: int) -> bool:
        """Return whether there is such a chat, in the trash or not, that isn't given up."""
        with self._database.reading() as connection:
            return bool(
                connection.execute(
                    "select exists (select 1 from chats where id = ?"
                    " and coalesce(deleted_at, 0) >= 0)",
                    (chat_id,),
                ).get
            )

    # --- into the trash ------------------------------------------------------------------------

    def delete_chat(self, chat_id: int) -> None:
        """Put the chat in the trash."""
        with self._database.transaction() as connection:
            connection.execute(
                "update chats set deleted_at = ? where id = ? and deleted_at is null",
                (time.time(), chat_id),
            )

    def delete_message(self, message_id: int) -> Deletion:
        """Put a message in the trash; what follows it goes on from the one before.

        A person's message takes the replies to it along: one without its question would say
        nothing, and many models refuse a chat that begins with a reply.
        """
        with self._database.transaction() as connection:
            message = tree.present(connection, message_id)
            replies = _children(connection, message, "role = 'assistant'")
            gone = [message_id]
            if message.role == "user":
                gone += [each for each in replies if not _is_deleted(connection, each)]
            wanted = msgspec.json.encode(gone).decode()
            moved = connection.execute(
                "select id, parent_id from messages where chat_id = ?1"
                " and parent_id in (select value from json_each(?2))"
                " and id not in (select value from json_each(?2))"
                # A reply to it that was deleted before belongs to it still.
                " and not (role = 'assistant' and parent_id = ?3)",
                (message.chat_id, wanted, message_id),
            ).fetchall()
            connection.executemany(
                "update messages set parent_id = ? where id = ?",
                [(message.parent_id, child) for child, _ in moved],
            )
            which = "select value from json_each(?1)"
            return _put(connection, message, which, wanted, msgspec.json.encode(moved).decode())

    def delete_branch(self, message_id: int) -> Deletion:
        """Put a message in the trash with all that follows it."""
        with self._database.transaction() as connection:
            message = tree.present(connection, message_id)
            return _put(connection, message, _SEEN, message_id, None)

    # --- and back ------------------------------------------------------------------------------

    def restore_chat(self, chat_id: int) -> None:
        """Take the chat back from the trash."""
        with self._database.transaction() as connection:
            connection.execute(
                "update chats set deleted_at = null where id = ? and deleted_at > 0", (chat_id,)
            )

    def restore_deletion(self, chat_id: int, deletion_id: int) -> bool:
        """Bring deleted messages of a chat back to their places, and show them.

        Where what they hang from was deleted as well, that comes back with them. False where they
        are back already, or gone for good.
        """
        with self._database.transaction() as connection:
            row: Any = connection.execute(
                "select message_id, leaf_id from deletions"
                " where id = ? and chat_id = ? and deleted_at > 0",
                (deletion_id, chat_id),
            ).fetchone()
            if row is None:
                return False
            message_id, leaf_id = row
            for each in (*_deletions_above(connection, message_id), deletion_id):
                _bring_back(connection, each)
            if (
                leaf_id is None
                or _is_deleted(connection, leaf_id)
                or not tree.is_on_path(connection, leaf_id, message_id)
            ):
                leaf_id = message_id
            connection.execute(
                "update chats set leaf_id = ?, deleted_at = null where id = ?",
                (tree.newest_leaf(connection, leaf_id), chat_id),
            )
            return True

    def deletions(self) -> list[Deletion]:
        """Return the messages and branches in the trash, the last deleted first.

        Those of a chat that is in the trash itself come back with it and aren't among them.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_DELETIONS} where d.deleted_at > 0 and c.deleted_at is null"
                " order by d.deleted_at desc"
            )
            return [_deletion(row) for row in rows]

    def found_in_trash(self, query: str) -> tuple[frozenset[int], frozenset[int]]:
        """Return the chats and the deletions in the trash that have a query's words.

        They have them in the title or in a message.
        """
        with self._database.reading() as connection:
            titled, messages = search.ids_in_trash(connection, query)
            wanted = msgspec.json.encode(messages).decode()
            rows: list[Any] = connection.execute(_TRASHED_AS, (wanted,)).fetchall()
        chats = {chat_id for chat_id, deletion_id in rows if deletion_id is None}
        deletions = {deletion_id for _, deletion_id in rows if deletion_id is not None}
        return frozenset(chats | set(titled)), frozenset(deletions)

    def deleted_messages(self, deletion: Deletion, count: int) -> list[Message]:
        """Return the first ``count`` messages of a deletion."""
        with self._database.reading() as connection:
            rows: list[Any] = connection.execute(
                "select id from messages where chat_id = ? and deleted_at = ? order by id limit ?",
                (deletion.chat_id, deletion.deleted_at, count),
            ).fetchall()
            return tree.messages_of(connection, [row[0] for row in rows])

    # --- for good ------------------------------------------------------------------------------

    def condemn_chat(self, chat_id: int) -> set[int]:
        """Give a chat up for good; return whose traces elsewhere are to be removed."""
        with self._database.transaction() as connection:
            connection.execute(
                "update chats set deleted_at = ? where id = ?", (-time.time(), chat_id)
            )
        return {chat_id}

    def condemn_deletion(self, chat_id: int, deletion_id: int) -> set[int]:
        """Give deleted messages of a chat up for good; return whose traces are to be removed."""
        with self._database.transaction() as connection:
            _condemn(connection, "id = ?", deletion_id)
        return {chat_id}

    def condemn_trash(self, *, before: float = math.inf) -> set[int]:
        """Give up all that was deleted before this time.

        Return the chats that it is of, with those of what was given up and isn't purged yet.
        """
        with self._database.transaction() as connection:
            _condemn(connection, "deleted_at < ?", before)
            connection.execute(
                "update chats set deleted_at = -deleted_at where deleted_at > 0 and deleted_at < ?",
                (before,),
            )
            rows: list[Any] = connection.execute(
                "select id from chats where deleted_at < 0 union"
                " select chat_id from messages where deleted_at < 0"
            ).fetchall()
            return {row[0] for row in rows}

    def purge_some(self) -> bool:
        """Delete some of what is condemned, overwriting it; return whether there is more."""
        with self._database.transaction() as connection:
            if purge_step(connection):
                return True
        self._database.empty_log()
        return False


def _put(
    connection: apsw.Connection,
    message: Message,
    which: str,
    binding: int | str,
    moved: str | None,
) -> Deletion:
    """Note a deletion of the messages that ``which`` selects, and show what is left."""
    chat_id = message.chat_id
    leaf_id, last = connection.execute(
        "select leaf_id, (select max(abs(deleted_at)) from deletions where chat_id = ?1)"
        " from chats where id = ?1",
        (chat_id,),
    ).fetchone() or (None, None)
    # It tells one deletion of a chat from another, so no two have the same.
    now = max(time.time(), math.nextafter(last or 0.0, math.inf))
    connection.execute(
        "update messages set deleted_at = ?2 where id in"  # noqa: S608 - our own statements
        f" ({which}) and deleted_at is null",
        (binding, now),
    )
    connection.execute(
        "insert into deletions (chat_id, message_id, deleted_at, leaf_id, moved)"
        " values (?, ?, ?, ?, ?)",
        (chat_id, message.id, now, leaf_id, moved),
    )
    number = connection.last_insert_rowid()
    if leaf_id is None or _is_deleted(connection, leaf_id):
        connection.execute(
            "update chats set leaf_id = ? where id = ?", (_next_best(connection, message), chat_id)
        )
    return _deletion(connection.execute(f"{_DELETIONS} where d.id = ?", (number,)).fetchone())


def _next_best(connection: apsw.Connection, message: Message) -> int | None:
    """Return the leaf to show in place of a message: under another version, or what it answered."""
    versions = _children_of(connection, message.chat_id, message.parent_id, "deleted_at is null")
    if not versions:
        return message.parent_id
    before = [version for version in versions if version < message.id]
    return tree.newest_leaf(connection, before[-1] if before else versions[0])


def _children(connection: apsw.Connection, message: Message, which: str) -> list[int]:
    return _children_of(connection, message.chat_id, message.id, which)


def _children_of(
    connection: apsw.Connection, chat_id: int, parent_id: int | None, which: str
) -> list[int]:
    rows = connection.execute(
        "select id from messages where chat_id = ? and parent_id is ?"  # noqa: S608 - our own words
        f" and {which} order by id",
        (chat_id, parent_id),
    )
    return [int(row[0]) for row in rows]


def _is_deleted(connection: apsw.Connection, message_id: int) -> bool:
    return bool(
        connection.execute(
            "select deleted_at is not null from messages where id = ?", (message_id,)
        ).get
    )


def _bring_back(connection: apsw.Connection, deletion_id: int) -> None:
    row: Any = connection.execute(
        "select chat_id, deleted_at, moved from deletions where id = ?", (deletion_id,)
    ).fetchone()
    chat_id, deleted_at, moved = row
    connection.execute(
        "update messages set deleted_at = null where chat_id = ? and deleted_at = ?",
        (chat_id, deleted_at),
    )
    # One that hangs from a nearer message by now, which is the younger of the two, stays there.
    connection.executemany(
        "update messages set parent_id = ?1 where id = ?2 and coalesce(parent_id, 0) < ?1",
        [(parent, child) for child, parent in msgspec.json.decode(moved or "[]")],
    )
    connection.execute("delete from deletions where id = ?", (deletion_id,))


def _deletions_above(connection: apsw.Connection, message_id: int) -> list[int]:
    """Return the deletions of messages that this one hangs from, from the root on."""
    rows = connection.execute(
        f"{tree.UP} select d.id from up join messages m on m.id = up.id"  # noqa: S608
        " join deletions d on d.chat_id = m.chat_id and d.deleted_at = m.deleted_at"
        " where up.id <> ?1 order by up.id",
        (message_id,),
    )
    return list(dict.fromkeys(int(row[0]) for row in rows))


def _condemn(connection: apsw.Connection, which: str, value: float) -> None:
    """Condemn deletions, with what was deleted before under their messages."""
    doomed = connection.execute(
        f"select message_id from deletions where {which} and deleted_at > 0",  # noqa: S608
        (value,),
    ).fetchall()
    for (message_id,) in doomed:
        for table, key in (("deletions", "message_id"), ("messages", "id")):
            connection.execute(
                f"update {table} set deleted_at = -deleted_at"  # noqa: S608 - our own names
                f" where {key} in ({_ALL}) and deleted_at > 0",
                (message_id,),
            )


def _deletion(row: Any) -> Deletion:  # noqa: ANN401 - columns of a row
    return Deletion(**dict(zip(Deletion.__struct_fields__, row, strict=True)))
