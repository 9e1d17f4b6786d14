"""What replies were written without. Functions inside the caller's connection."""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from desktop.domain.chat import Message
from desktop.domain.context import Context

_CONTEXTS: Final = "select message_id, kept_from, kept, left_out, summary_id from contexts"


def keep(connection: apsw.Connection, message_id: int, context: Context | None) -> None:
    """Note what a reply is written without; None says that it has all of the chat."""
    if context is None:
        connection.execute("delete from contexts where message_id = ?", (message_id,))
        return
    connection.execute(
        "insert or replace into contexts"
        " (message_id, chat_id, kept_from, kept, left_out, summary_id)"
        " select id, chat_id, ?, ?, ?, ? from messages where id = ?",
        (
            context.kept_from,
            msgspec.json.encode(context.kept).decode(),
            context.left_out,
            context.summary_id,
            message_id,
        ),
    )


def of_message(connection: apsw.Connection, message: Message) -> Message:
    """Return a message with what it was written without."""
    row = connection.execute(f"{_CONTEXTS} where message_id = ?", (message.id,)).fetchone()
    return message if row is None else _with_context(message, row)


def of_chat(connection: apsw.Connection, messages: list[Message]) -> list[Message]:
    """Return messages of one chat with what each of them was written without."""
    if not messages:
        return messages
    # By the chat, and not by each message: most chats have no row here.
    rows = connection.execute(f"{_CONTEXTS} where chat_id = ?", (messages[0].chat_id,))
    found = {row[0]: row for row in rows}
    if not found:
        return messages
    return [
        _with_context(message, found[message.id]) if message.id in found else message
        for message in messages
    ]


def _with_context(message: Message, row: tuple[Any, ...]) -> Message:
    _, kept_from, kept, count, summary_id = row
    context = Context(
        kept_from=kept_from,
        kept=msgspec.json.decode(kept, type=tuple[int, ...]),
        left_out=count,
        summary_id=summary_id,
    )
    return msgspec.structs.replace(message, context=context)
