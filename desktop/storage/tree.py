"""The tree of messages, read. Functions on a connection; a parent's id is below its children's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.chat import Message, MessageState
from desktop.domain.errors import UserError
from desktop.storage import grounds, left_out
from desktop.storage.runs import unpack_ids
from models.records import Report, Turn
from models.wording import tr

_REPORTS: Final = msgspec.json.Decoder(Report)
_STATES: Final = {state.value: state for state in MessageState}

UP: Final = """
with recursive up (id, parent_id) as (
    select id, parent_id from messages where id = ?1
    union all
    select m.id, m.parent_id from up join messages m on m.id = up.parent_id
)
"""
_MESSAGE: Final = """
select m.id, m.chat_id, m.parent_id, m.role, m.text, m.state, m.created_at, m.finish_reason,
    m.problem_title, m.problem_hint, models.name, runs.report,
    (select count(*) from messages s where s.chat_id = m.chat_id and s.parent_id is m.parent_id
        and s.deleted_at is null and s.id < m.id),
    (select count(*) from messages s where s.chat_id = m.chat_id and s.parent_id is m.parent_id
        and s.deleted_at is null),
    m.edited, m.pinned, m.written
"""
_WRITTEN_BY: Final = """
left join runs on runs.id = m.run_id
left join models on models.id = runs.model_id
"""
_MESSAGE_BY_ID: Final = f"{_MESSAGE} from messages m {_WRITTEN_BY} where m.id = ?1"
_MESSAGES_OF: Final = f"""
{_MESSAGE} from messages m {_WRITTEN_BY}
where m.id in (select value from json_each(?1)) order by m.id
"""  # noqa: S608 - put together from the constants above
_PATH: Final = (
    f"{UP} {_MESSAGE} from up join messages m on m.id = up.id {_WRITTEN_BY} order by m.id"
)

# The same walk, broken off: what is far above a message costs nothing.
_UP_SO_FAR: Final = """
with recursive up (id, parent_id) as (
    select id, parent_id from messages where id = ?1
    union all
    select m.id, m.parent_id from up join messages m on m.id = up.parent_id
    limit ?2
)
"""
_PATH_END: Final = (
    f"{_UP_SO_FAR} {_MESSAGE} from up join messages m on m.id = up.id {_WRITTEN_BY} order by m.id"
)
_IDS: Final = f"{UP} select id from up order by id"  # noqa: S608 - a constant

# Ids are only of use to the model that sampled all of them.
_TURN: Final = """
select m.role, m.text, m.written, case when m.run_id is null
        or exists (select 1 from runs where message_id = m.id and model_id is not ?2)
    then x'' else m.token_ids end
"""
_TURNS_OF: Final = f"""
{_TURN} from messages m where m.id in (select value from json_each(?1)) order by m.id
"""  # noqa: S608 - put together from the constants above


def message(connection: apsw.Connection, message_id: int) -> Message:
    """Return one message. Raises LookupError when there is none."""
    row = connection.execute(_MESSAGE_BY_ID, (message_id,)).fetchone()
    if row is None:
        raise LookupError(f"no message {message_id}")
    return left_out.of_message(connection, grounds.of_message(connection, _message(row)))


def present(connection: apsw.Connection, message_id: int) -> Message:
    """Return a message that isn't in the trash. Raises UserError."""
    statement = "select deleted_at is null from messages where id = ?"
    if not connection.execute(statement, (message_id,)).get:
        raise gone()
    return message(connection, message_id)


def gone() -> UserError:
    """Return what to say of a message that was deleted meanwhile, here or in another window."""
    return UserError(
        tr("This message was deleted."),
        tr("Bring it back from the trash, or go on from another one."),
    )


def path_to(connection: apsw.Connection, leaf_id: int) -> list[Message]:
    """Return the messages from the root to the leaf."""
    return _messages(connection, connection.execute(_PATH, (leaf_id,)))


def path_end(connection: apsw.Connection, leaf_id: int, count: int) -> list[Message]:
    """Return the last ``count`` messages of the path from the root to the leaf."""
    return _messages(connection, connection.execute(_PATH_END, (leaf_id, count)))


def ids_from(connection: apsw.Connection, leaf_id: int, message_id: int) -> list[int]:
    """Return the ids from this message down to the leaf, none where it isn't on that path."""
    statement = f"{UP} select id from up where id >= ?2"  # noqa: S608 - a constant
    ids = [int(row[0]) for row in connection.execute(statement, (leaf_id, message_id))]
    return ids[::-1] if ids and ids[-1] == message_id else []


def messages_of(connection: apsw.Connection, message_ids: Sequence[int]) -> list[Message]:
    """Return these messages of one chat, by rising ids."""
    wanted = msgspec.json.encode(message_ids).decode()
    return _messages(connection, connection.execute(_MESSAGES_OF, (wanted,)))


def is_on_path(connection: apsw.Connection, leaf_id: int, message_id: int) -> bool:
    """Return whether a message is on the path from the root to the leaf."""
    statement = f"{UP} select exists (select 1 from up where id = ?2)"  # noqa: S608 - a constant
    return bool(connection.execute(statement, (leaf_id, message_id)).get)


def ids_to(connection: apsw.Connection, leaf_id: int) -> list[int]:
    """Return the ids of the messages from the root to the leaf."""
    return [int(row[0]) for row in connection.execute(_IDS, (leaf_id,))]


def turns_of(
    connection: apsw.Connection, message_ids: Sequence[int], model_id: int | None
) -> tuple[Turn, ...]:
    """Return the turns of these messages, by rising ids, with the ids that this model sampled."""
    wanted = msgspec.json.encode(message_ids).decode()
    return tuple(map(_turn, connection.execute(_TURNS_OF, (wanted, model_id))))


def sibling(connection: apsw.Connection, message_id: int, step: int) -> int:
    """Return the version of the message ``step`` places on, or the outermost one."""
    versions = [
        row[0]
        for row in connection.execute(
            "select s.id from messages m join messages s"
            " on s.chat_id = m.chat_id and s.parent_id is m.parent_id"
            " where m.id = ? and s.deleted_at is null order by s.id",
            (message_id,),
        )
    ]
    place = versions.index(message_id) + step
    return int(versions[max(0, min(place, len(versions) - 1))])


def newest_leaf(connection: apsw.Connection, message_id: int) -> int:
    """Return the youngest message under this one, or itself: having no child, it is a leaf."""
    return int(
        connection.execute(
            "with recursive down (id, chat_id) as (select id, chat_id from messages where id = ?"
            " union all select m.id, m.chat_id from down join messages m"
            " on m.chat_id = down.chat_id and m.parent_id = down.id and m.deleted_at is null)"
            " select max(id) from down",
            (message_id,),
        ).get
    )


def _turn(row: tuple[Any, ...]) -> Turn:
    role, text, written, blob = row
    return Turn(role=role, text=text, written=written, token_ids=unpack_ids(blob))


def _messages(connection: apsw.Connection, rows: Iterable[tuple[Any, ...]]) -> list[Message]:
    path = [_message(row) for row in rows]
    return left_out.of_chat(connection, grounds.of_chat(connection, path))


def _message(row: tuple[Any, ...]) -> Message:
    return Message(
        id=row[0],
        chat_id=row[1],
        parent_id=row[2],
        role=row[3],
        text=row[4],
        state=_STATES[row[5]],
        created_at=row[6],
        finish_reason=row[7],
        problem=None if row[8] is None else (row[8], row[9] or ""),
        model_name=row[10] or "",
        report=None if row[11] is None else _REPORTS.decode(row[11]),
        sibling_index=row[12],
        sibling_count=row[13],
        edited=bool(row[14]),
        pinned=bool(row[15]),
        written=row[16],
    )
