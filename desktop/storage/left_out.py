"""What replies were written without. Functions inside the caller's connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.chat import Message
from desktop.domain.context import Context

_CONTEXTS: Final = """
select message_id, kept_from, kept, left_out, summary_id, question_cut, reply_cut from contexts
"""
_SUMMARIES: Final = """
select id, base_id, first_id, last_id,
    (select json_group_array(message_id) from summarized where summary_id = summaries.id),
    made, text, model_name, created_at
from summaries where chat_id = ? order by id
"""


def keep(connection: apsw.Connection, message_id: int, context: Context | None) -> None:
    """Note what a reply is written without; None says that it has all of the chat."""
    if context is None:
        connection.execute("delete from contexts where message_id = ?", (message_id,))
        return
    connection.execute(
        "insert or replace into contexts"
        " (message_id, chat_id, kept_from, kept, left_out, summary_id, question_cut, reply_cut)"
        " select id, chat_id, ?, ?, ?, ?, ?, ? from messages where id = ?",
        (
            context.kept_from,
            msgspec.json.encode(context.kept).decode(),
            context.left_out,
            context.summary_id,
            context.question_cut,
            context.reply_cut,
            message_id,
        ),
    )


def copy(
    connection: apsw.Connection, chat_id: int, new_chat_id: int, copies: Mapping[int, int]
) -> None:
    """Note the same of copies of messages in another chat, with the summaries that they lean on.

    ``copies`` are the numbers of the copies by those of the messages.
    """
    summaries = _copy_summaries(connection, chat_id, new_chat_id, copies)
    rows: list[Any] = connection.execute(f"{_CONTEXTS} where chat_id = ?", (chat_id,)).fetchall()
    for message_id, kept_from, kept, count, summary_id, question_cut, reply_cut in rows:
        if message_id in copies and kept_from in copies:
            ids = msgspec.json.decode(kept, type=list[int])
            context = Context(
                kept_from=copies[kept_from],
                kept=tuple(copies[each] for each in ids if each in copies),
                left_out=count,
                summary_id=summaries.get(summary_id),
                question_cut=question_cut,
                reply_cut=reply_cut,
            )
            keep(connection, copies[message_id], context)


def _copy_summaries(
    connection: apsw.Connection, chat_id: int, new_chat_id: int, copies: Mapping[int, int]
) -> dict[int, int]:
    """Return the numbers of the copies of a chat's summaries, as far as all they tell is copied."""
    made: dict[int, int] = {}
    rows: list[Any] = connection.execute(_SUMMARIES, (chat_id,)).fetchall()
    for number, base_id, first_id, last_id, told, *texts in rows:
        ids = msgspec.json.decode(told, type=list[int])
        if not copies.keys() >= {first_id, last_id, *ids} or (base_id and base_id not in made):
            continue
        connection.execute(
            "insert into summaries"
            " (chat_id, base_id, first_id, last_id, made, text, model_name, created_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (new_chat_id, made.get(base_id), copies[first_id], copies[last_id], *texts),
        )
        made[number] = connection.last_insert_rowid()
        connection.executemany(
            "insert into summarized (summary_id, message_id) values (?, ?)",
            [(made[number], copies[each]) for each in ids],
        )
    return made


def of_message(connection: apsw.Connection, message: Message) -> Message:
    """Return a message with what it was written without."""
    row = connection.execute(f"{_CONTEXTS} where message_id = ?", (message.id,)).fetchone()
    return message if row is None else _with_context(message, row)


def of_chat(connection: apsw.Connection, messages: list[Message]) -> list[Message]:
    """Return messages of one chat, by rising ids, with what each was written without."""
    if not messages:
        return messages
    # By the chat, and not by each message: most chats have no row here.
    rows = connection.execute(
        f"{_CONTEXTS} where chat_id = ? and message_id between ? and ?",
        (messages[0].chat_id, messages[0].id, messages[-1].id),
    )
    found = {row[0]: row for row in rows}
    if not found:
        return messages
    return [
        _with_context(message, found[message.id]) if message.id in found else message
        for message in messages
    ]


def _with_context(message: Message, row: tuple[Any, ...]) -> Message:
    _, kept_from, kept, count, summary_id, question_cut, reply_cut = row
    context = Context(
        kept_from=kept_from,
        kept=msgspec.json.decode(kept, type=tuple[int, ...]),
        left_out=count,
        summary_id=summary_id,
        question_cut=question_cut,
        reply_cut=reply_cut,
    )
    return msgspec.structs.replace(message, context=context)
