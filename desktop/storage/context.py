"""What goes into prompts of long chats: their newest messages, the pinned ones, and summaries.

What a reply was written without is kept beside it, so that the transcript can mark it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.context import Context, Material, NewSummary, Stored, Summary
from desktop.storage import left_out, runs, tree
from desktop.storage.database import Database

_TAIL: Final = """
with recursive up (id, parent_id, role, size) as (
    select id, parent_id, role, 0 from messages where id = ?1
    union all
    select m.id, m.parent_id, m.role, up.size + octet_length(m.text)
    from up join messages m on m.id = up.parent_id where up.size <= ?2
)
select id, parent_id, role from up where size <= ?2 order by id
"""
_AMONG: Final = f"{tree.UP} select id from up where id in (select value from json_each(?2))"  # noqa: S608
_BEFORE: Final = f"{tree.UP} select count(*) from up where id < ?2"  # noqa: S608
_PINNED_BEFORE: Final = """
select id, case role when 'assistant' then parent_id end from messages
where chat_id = ? and pinned and id < ?
"""
_SUMMARIES: Final = f"select {', '.join(Summary.__struct_fields__)} from summaries"  # noqa: S608
# A summary that still tells what was deleted is passed by.
_USABLE: Final = f"""
{_SUMMARIES} s where chat_id = ? and not exists (
    with recursive base (id) as (
        select s.id union all
        select summaries.base_id from base join summaries on summaries.id = base.id
            where summaries.base_id is not null
    )
    select 1 from base join summarized on summary_id = base.id
        join messages on messages.id = message_id where deleted_at is not null
) order by last_id desc, id desc
"""  # noqa: S608 - our own column names


class ContextStore:
    """The part of the chats' store that prompts are made from. Calls block as the disk does."""

    _database: Database

    def material(self, message_id: int, limit: int) -> Material:
        """Return what a prompt up to this message is made of.

        ``limit`` is in bytes of UTF-8: more text than that before this message can't fit, and isn't
        read. Raises UserError when the message is gone.
        """
        with self._database.reading() as connection:
            return _Path(connection, message_id, limit).material()

    def keep_context(
        self, message_id: int, context: Context | None, made: NewSummary | None = None
    ) -> Context | None:
        """Note what a reply is written without, with a summary that was made for it."""
        with self._database.transaction() as connection:
            if context is not None and made is not None:
                number = _insert_summary(connection, message_id, made)
                context = msgspec.structs.replace(context, summary_id=number)
            if context is not None and not context.left_out:
                count = _count_before(connection, message_id, context)
                context = msgspec.structs.replace(context, left_out=count)
            left_out.keep(connection, message_id, context)
            return context

    def summaries(self, chat_id: int) -> dict[int, Summary]:
        """Return the summaries of a chat's older messages, by id."""
        with self._database.reading() as connection:
            rows = connection.execute(f"{_SUMMARIES} where chat_id = ?", (chat_id,))
            return {row[0]: Summary(**_named(row)) for row in rows}

    def edit_summary(self, chat_id: int, summary_id: int, text: str) -> None:
        """Replace what a summary says; as it was made it stays on record beside that."""
        with self._database.transaction() as connection:
            connection.execute(
                "update summaries set text = ? where chat_id = ? and id = ?",
                (text, chat_id, summary_id),
            )

    def pin_message(self, message_id: int, *, pinned: bool) -> None:
        """Let a message stay in the prompt when older ones are left out, or not."""
        with self._database.transaction() as connection:
            connection.execute("update messages set pinned = ? where id = ?", (pinned, message_id))


class _Path:
    """A path from its end backwards, as far as a prompt can reach."""

    def __init__(self, connection: apsw.Connection, message_id: int, limit: int) -> None:
        self._connection = connection
        self._message_id = message_id
        rows: list[Any] = connection.execute(_TAIL, (message_id, limit)).fetchall()
        if not rows:
            # A backup was restored, or another window deleted it for good.
            raise tree.gone()
        self._is_cut = rows[0][1] is not None
        # An exchange that lost its question to the limit goes with it.
        while self._is_cut and len(rows) > 1 and rows[0][2] != "user":
            del rows[0]
        self._ids = [int(row[0]) for row in rows]
        self._chat_id: int = connection.execute(
            "select chat_id from messages where id = ?", (message_id,)
        ).get

    def material(self) -> Material:
        summary = self._summary()
        ids = sorted({*self._pinned(), *self._ids})
        model_id = runs.model_before(self._connection, self._message_id)
        pinned = self._pinned_among(ids)
        turns = tree.turns_of(self._connection, ids, model_id)
        return Material(
            messages=tuple(
                Stored(id=number, turn=turn, pinned=number in pinned)
                for number, turn in zip(ids, turns, strict=True)
            ),
            is_cut=self._is_cut,
            summary=summary,
            kept_from=self._kept_from(),
        )

    def _pinned(self) -> set[int]:
        """Return the pinned messages from before the tail, with the questions of replies."""
        if not self._is_cut:
            return set()
        rows = self._connection.execute(_PINNED_BEFORE, (self._chat_id, self._ids[0]))
        return self._ancestors({each for row in rows for each in row if each is not None})

    def _pinned_among(self, ids: Sequence[int]) -> set[int]:
        rows = self._connection.execute(
            "select id from messages where pinned and id in (select value from json_each(?))",
            (msgspec.json.encode(ids).decode(),),
        )
        return {int(row[0]) for row in rows}

    def _summary(self) -> Summary | None:
        """Return the summary that reaches furthest along this path."""
        tail = frozenset(self._ids)
        for row in self._connection.execute(_USABLE, (self._chat_id,)).fetchall():
            summary = Summary(**_named(row))
            last = summary.last_id
            if last < self._message_id and (last in tail or self._ancestors({last})):
                return summary
        return None

    def _kept_from(self) -> int:
        tail = frozenset(self._ids)
        rows = self._connection.execute(
            "select message_id, kept_from from contexts where chat_id = ? and message_id >= ?"
            " order by message_id desc",
            (self._chat_id, self._ids[0]),
        )
        return next((int(row[1]) for row in rows if row[0] in tail), 0)

    def _ancestors(self, candidates: set[int]) -> set[int]:
        """Return which of these messages come before the tail on this path."""
        if not self._is_cut or not candidates:
            return set()
        wanted = msgspec.json.encode(sorted(candidates)).decode()
        rows = self._connection.execute(_AMONG, (self._message_id, wanted))
        return {int(row[0]) for row in rows}


def _insert_summary(connection: apsw.Connection, message_id: int, made: NewSummary) -> int:
    first = connection.execute("select first_id from summaries where id = ?", (made.base_id,)).get
    model = connection.execute(
        "select models.name from messages m join runs on runs.id = m.run_id"
        " join models on models.id = runs.model_id where m.id = ?",
        (message_id,),
    ).get
    connection.execute(
        "insert into summaries"
        " (chat_id, base_id, first_id, last_id, made, text, model_name, created_at)"
        " select chat_id, ?, ?, ?, ?, ?, ?, ? from messages where id = ?",
        (
            made.base_id,
            first or min(made.message_ids),
            max(made.message_ids),
            made.text,
            made.text,
            model or "",
            time.time(),
            message_id,
        ),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "insert into summarized (summary_id, message_id) values (?, ?)",
        [(number, each) for each in made.message_ids],
    )
    return number


def _count_before(connection: apsw.Connection, message_id: int, context: Context) -> int:
    before: int = connection.execute(_BEFORE, (message_id, context.kept_from)).get
    return before - len(context.kept)


def _named(row: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(Summary.__struct_fields__, row, strict=True))
