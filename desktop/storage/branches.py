"""Whatever adds to the tree of a chat: exchanges, other versions, and copies to go on from."""

from __future__ import annotations

import time
from typing import Final

import apsw

from desktop.domain.chat import Chat, Message, MessageState, Run
from desktop.domain.errors import UserError
from desktop.domain.titles import branch_title, title_from
from desktop.storage import left_out, runs, tree
from desktop.storage.database import Database
from models.records import Role
from models.wording import tr

_INSERT: Final = """
insert into messages (chat_id, parent_id, role, state, created_at, text, edited, written)
values (?, ?, ?, ?, ?, ?, ?, ?)
"""
_COPY: Final = """
insert into messages (chat_id, parent_id, role, state, created_at, finish_reason, problem_title,
    problem_hint, text, edited, pinned, written, token_ids)
select ?2, ?3, role, state, created_at, finish_reason, problem_title, problem_hint, text, edited,
    pinned, written, token_ids
from messages where id = ?1
"""
_COPY_RUNS: Final = """
insert into runs (message_id, model_id, settings, seed, versions, first_token, started_at,
    writer_pid, writer_started_at, report)
select ?2, model_id, settings, seed, versions, first_token, started_at, writer_pid,
    writer_started_at, report
from runs where message_id = ?1 order by id
"""
_COPY_GROUNDS: Final = """
insert into grounds (message_id, chat_id, content)
select ?2, ?3, content from grounds where message_id = ?1
"""
_COPY_CHAT: Final = """
insert into chats (title, title_by, created_at, updated_at, overrides, folder_id)
select ?2, title_by, ?3, ?3, overrides, folder_id from chats where id = ?1
"""
_COPY_DOCUMENTS: Final = """
insert into chat_documents (chat_id, position, kind, source_id, name)
select ?2, position, kind, source_id, name from chat_documents where chat_id = ?1
"""


class Branches:
    """The part of the chats' store that writes messages. Calls block as the disk does.

    Each call raises UserError for a message that is gone or in the trash, and for one that is
    still being written.
    """

    _database: Database

    def begin_exchange(
        self, chat_id: int, parent_id: int | None, text: str, run: Run
    ) -> tuple[Message, Message]:
        """Write a person's message and the reply to come, in one; return both.

        ``parent_id`` is the message it answers, None at the start of the chat.
        """
        with self._database.transaction() as connection:
            if parent_id is not None:
                _finished(connection, parent_id)
            user_id = _insert(connection, chat_id, parent_id, "user", text)
            reply = _begin(connection, chat_id, user_id, run, "")
            connection.execute(
                "update chats set title = ? where id = ? and title = '' and title_by <> 'person'",
                (title_from(text), chat_id),
            )
            return tree.message(connection, user_id), reply

    def begin_reply(self, chat_id: int, user_message_id: int, run: Run, start: str = "") -> Message:
        """Write another reply to come to the same message, and show that one.

        ``start`` is what a person has it begin with.
        """
        with self._database.transaction() as connection:
            _finished(connection, user_message_id)
            return _begin(connection, chat_id, user_message_id, run, start)

    def begin_continuation(self, message_id: int, run: Run) -> Message:
        """Write another version to come of a reply that ended too early: it goes on from there.

        One that holds nothing yet is begun again itself.
        """
        with self._database.transaction() as connection:
            message = _finished(connection, message_id)
            if message.text or tree.newest_leaf(connection, message_id) != message_id:
                message_id = _copy(connection, message_id, message.chat_id, message.parent_id)
            written = connection.execute(
                "select length(token_ids) / 4 from messages where id = ?", (message_id,)
            ).get
            runs.start_run(connection, message_id, run, first_token=written)
            connection.execute(
                "update messages set state = 'streaming', finish_reason = '',"
                " problem_title = null, problem_hint = null, created_at = ? where id = ?",
                (time.time(), message_id),
            )
            _show(connection, message.chat_id, message_id)
            return tree.message(connection, message_id)

    def edit_reply(self, message_id: int, text: str) -> Message:
        """Write another version of a reply, a person's, and show it."""
        with self._database.transaction() as connection:
            message = _finished(connection, message_id)
            edited = _insert(
                connection, message.chat_id, message.parent_id, "assistant", text, edited=True
            )
            connection.execute(_COPY_GROUNDS, (message_id, edited, message.chat_id))
            _show(connection, message.chat_id, edited)
            return tree.message(connection, edited)

    def branch_chat(self, message_id: int) -> Chat:
        """Make a chat of the conversation up to this message, and leave the old one as it is."""
        with self._database.transaction() as connection:
            message = _finished(connection, message_id)
            old, now = message.chat_id, time.time()
            title = connection.execute("select title from chats where id = ?", (old,)).get
            connection.execute(_COPY_CHAT, (old, branch_title(title), now))
            new = connection.last_insert_rowid()
            connection.execute(_COPY_DOCUMENTS, (old, new))
            parent_id: int | None = None
            copies: dict[int, int] = {}
            for each in tree.ids_to(connection, message_id):
                parent_id = copies[each] = _copy(connection, each, new, parent_id)
            left_out.copy(connection, old, new, copies)
            connection.execute("update chats set leaf_id = ? where id = ?", (parent_id, new))
        return Chat(
            id=new, title=branch_title(title), created_at=now, updated_at=now, leaf_id=parent_id
        )


def _begin(
    connection: apsw.Connection, chat_id: int, user_message_id: int, run: Run, start: str
) -> Message:
    reply_id = _insert(connection, chat_id, user_message_id, "assistant", start, streaming=True)
    runs.start_run(connection, reply_id, run, first_token=0)
    _show(connection, chat_id, reply_id)
    return tree.message(connection, reply_id)


def _insert(
    connection: apsw.Connection,
    chat_id: int,
    parent_id: int | None,
    role: Role,
    text: str,
    *,
    streaming: bool = False,
    edited: bool = False,
) -> int:
    state = MessageState.STREAMING if streaming else MessageState.COMPLETE
    written = len(text) if role == "assistant" else 0
    connection.execute(
        _INSERT, (chat_id, parent_id, role, state.value, time.time(), text, edited, written)
    )
    return connection.last_insert_rowid()


def _copy(connection: apsw.Connection, message_id: int, chat_id: int, parent_id: int | None) -> int:
    """Copy a message with what wrote it and what it stands on; return the copy's id."""
    connection.execute(_COPY, (message_id, chat_id, parent_id))
    copied = connection.last_insert_rowid()
    connection.execute(_COPY_RUNS, (message_id, copied))
    connection.execute(_COPY_GROUNDS, (message_id, copied, chat_id))
    connection.execute(
        "update messages set run_id = (select max(id) from runs where message_id = ?1)"
        " where id = ?1",
        (copied,),
    )
    return copied


def _show(connection: apsw.Connection, chat_id: int, leaf_id: int) -> None:
    """Show the leaf; a chat that somebody still writes in also leaves the trash."""
    connection.execute(
        "update chats set leaf_id = ?, updated_at = ?, deleted_at = null"
        " where id = ? and coalesce(deleted_at, 0) >= 0",
        (leaf_id, time.time(), chat_id),
    )
    if not connection.changes():
        raise UserError(tr("This chat was deleted for good."), tr("Begin a new one."))


def _finished(connection: apsw.Connection, message_id: int) -> Message:
    message = tree.present(connection, message_id)
    if message.state is MessageState.STREAMING:
        raise UserError(
            tr("This reply is still being written."),
            tr("Wait for its end or stop it; it may be running in another window or terminal."),
        )
    return message
