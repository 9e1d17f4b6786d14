"""What chats are asked about and what replies stand on. Functions inside the caller's connection.

Only places in documents are kept here, never their text: that goes with the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.chat import Message
from desktop.domain.grounds import Attached, Grounds

_GROUNDS: Final = msgspec.json.Decoder(Grounds)


def attached(connection: apsw.Connection, chat_id: int) -> tuple[Attached, ...]:
    """Return the documents and collections of a chat, in the order in which they came."""
    rows = connection.execute(
        "select kind, source_id, name from chat_documents where chat_id = ? order by position",
        (chat_id,),
    )
    names = Attached.__struct_fields__
    return tuple(msgspec.convert(dict(zip(names, row, strict=True)), Attached) for row in rows)


def attach(connection: apsw.Connection, chat_id: int, wanted: Sequence[Attached]) -> None:
    """Replace the documents and collections of a chat."""
    connection.execute("delete from chat_documents where chat_id = ?", (chat_id,))
    connection.executemany(
        "insert or ignore into chat_documents (chat_id, position, kind, source_id, name)"
        " values (?, ?, ?, ?, ?)",
        [
            (chat_id, position, each.kind, each.source_id, each.name)
            for position, each in enumerate(wanted)
        ],
    )


def keep(connection: apsw.Connection, message_id: int, found: Grounds | None) -> None:
    """Note what a reply stands on; None takes the note away."""
    if found is None:
        connection.execute("delete from grounds where message_id = ?", (message_id,))
        return
    connection.execute(
        "insert or replace into grounds (message_id, chat_id, content)"
        " select id, chat_id, ? from messages where id = ?",
        (msgspec.json.encode(found).decode(), message_id),
    )


def of_message(connection: apsw.Connection, message: Message) -> Message:
    """Return a message with what it stands on."""
    content = connection.execute(
        "select content from grounds where message_id = ?", (message.id,)
    ).get
    return message if content is None else _with_grounds(message, content)


def of_chat(connection: apsw.Connection, messages: list[Message]) -> list[Message]:
    """Return messages of one chat, by rising ids, with what each of them stands on."""
    if not messages:
        return messages
    # By the chat, and not by each message: most chats have no row here.
    found = dict(
        connection.execute(
            "select message_id, content from grounds"
            " where chat_id = ? and message_id between ? and ?",
            (messages[0].chat_id, messages[0].id, messages[-1].id),
        )
    )
    if not found:
        return messages
    return [
        _with_grounds(message, found[message.id]) if message.id in found else message
        for message in messages
    ]


def _with_grounds(message: Message, content: Any) -> Message:  # noqa: ANN401 - a column of a row
    return msgspec.structs.replace(message, grounds=_GROUNDS.decode(content))
