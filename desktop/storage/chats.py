"""Chats and their messages on disk: every change is one committed transaction.

A reply lives through these calls:

    begin_exchange | begin_reply | begin_continuation → STREAMING
        checkpoint*                                   → STREAMING, text and ids so far
        finish                                        → COMPLETE | STOPPED | FAILED
    or, when its process is gone: recover_interrupted → INTERRUPTED
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from desktop.domain.chat import ChatView, Message, MessageState
from desktop.domain.grounds import Attached, Grounds
from desktop.domain.search import SearchResults
from desktop.storage import grounds, runs, search, tree
from desktop.storage.archive import Archives
from desktop.storage.branches import Branches
from desktop.storage.context import ContextStore
from desktop.storage.shelf import Shelf
from desktop.storage.trash import Trash
from desktop.storage.writers import Writer, is_alive, this_writer
from models.records import Report, Turn


class ChatStore(Shelf, Trash, Branches, ContextStore, Archives):
    """The chats of a database. Calls block for as long as the disk takes."""

    # --- chats ---------------------------------------------------------------------------------

    def overrides(self, chat_id: int) -> dict[str, object]:
        """Return the settings of the chat that differ from the application's defaults."""
        with self._database.reading() as connection:
            text = connection.execute("select overrides from chats where id = ?", (chat_id,)).get
        return msgspec.json.decode(text or "{}", type=dict[str, object])

    def set_overrides(self, chat_id: int, values: Mapping[str, object]) -> None:
        """Replace the settings of the chat. Values are plain JSON data."""
        self._set_chat(chat_id, "overrides", msgspec.json.encode(dict(values)).decode())

    def view(self, chat_id: int) -> ChatView:
        """Return where the person was in the chat."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select draft, anchor_id, anchor_offset from chat_views where chat_id = ?",
                (chat_id,),
            ).fetchone()
        if row is None:
            return ChatView()
        return ChatView(draft=row[0], anchor_id=row[1], anchor_offset=row[2])

    def save_view(self, chat_id: int, view: ChatView) -> None:
        """Keep where the person is in the chat."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert or replace into chat_views (chat_id, draft, anchor_id, anchor_offset)"
                " values (?, ?, ?, ?)",
                (chat_id, view.draft, view.anchor_id, view.anchor_offset),
            )

    def attached(self, chat_id: int) -> tuple[Attached, ...]:
        """Return what the chat is asked about, in the order in which it came."""
        with self._database.reading() as connection:
            return grounds.attached(connection, chat_id)

    def attach(self, chat_id: int, wanted: Sequence[Attached]) -> None:
        """Replace what the chat is asked about."""
        with self._database.transaction() as connection:
            grounds.attach(connection, chat_id, wanted)

    # --- messages, read ------------------------------------------------------------------------

    def path(self, chat_id: int) -> list[Message]:
        """Return the conversation of the chat, from the root to its leaf."""
        with self._database.reading() as connection:
            leaf_id = connection.execute("select leaf_id from chats where id = ?", (chat_id,)).get
            return [] if leaf_id is None else tree.path_to(connection, leaf_id)

    def path_around(
        self, chat_id: int, count: int, message_id: int | None = None
    ) -> tuple[list[Message], list[int]]:
        """Return the last ``count`` messages of the chat's path, or as many around one of them.

        With them come the ids of those of the path that follow.
        """
        with self._database.reading() as connection:
            leaf_id = connection.execute("select leaf_id from chats where id = ?", (chat_id,)).get
            if leaf_id is None:
                return [], []
            end = tree.path_end(connection, leaf_id, count)
            if message_id is None or end[0].parent_id is None or end[0].id < message_id:
                return end, []
            ids = tree.ids_from(connection, leaf_id, message_id)
            here, below = ids[: count // 2], ids[count // 2 :]
            if not here:
                return end, []
            return tree.path_end(connection, here[-1], len(here) + count // 2), below

    def messages(self, message_ids: Sequence[int]) -> list[Message]:
        """Return these messages of one chat, by rising ids."""
        with self._database.reading() as connection:
            return tree.messages_of(connection, message_ids)

    def path_above(self, message_id: int, count: int) -> list[Message]:
        """Return the ``count`` messages above this one, from the top down; fewer at the root."""
        with self._database.reading() as connection:
            statement = "select parent_id from messages where id = ?"
            parent_id = connection.execute(statement, (message_id,)).get
            return [] if parent_id is None else tree.path_end(connection, parent_id, count)

    def message(self, message_id: int) -> Message:
        """Return one message. Raises LookupError when there is none."""
        with self._database.reading() as connection:
            return tree.message(connection, message_id)

    def turn(self, message_id: int) -> Turn:
        """Return what the model reads of a message.

        A reply carries its token ids where all of them are of the model that reads now: the one of
        the newest run of this message or of a reply to it.
        """
        with self._database.reading() as connection:
            model_id = runs.model_before(connection, message_id)
            (turn,) = tree.turns_of(connection, [message_id], model_id)
            return turn

    def search(self, query: str, *, in_trash: bool = False) -> SearchResults:
        """Return the messages and titles that have a query's words, best first."""
        with self._database.reading() as connection:
            return search.search(connection, query, in_trash=in_trash)

    def data_version(self) -> int:
        """Return a number that changes when another process has written."""
        return self._database.data_version()

    # --- messages, written ---------------------------------------------------------------------

    def checkpoint(self, message_id: int, text: str, token_ids: Sequence[int]) -> None:
        """Put the reply so far on disk: all of its text and ids, not only what is new."""
        with self._database.transaction() as connection:
            connection.execute(
                "update messages set text = ?, token_ids = ?"
                " where id = ? and state in ('streaming', 'interrupted')",
                (text, runs.pack_ids(token_ids), message_id),
            )

    def finish(
        self,
        message_id: int,
        state: MessageState,
        text: str,
        token_ids: Sequence[int],
        *,
        finish_reason: str = "",
        report: Report | None = None,
        problem: tuple[str, str] | None = None,
    ) -> Message:
        """Write the end of a reply, with all of its text and ids, and return it."""
        title, hint = problem or (None, None)
        with self._database.transaction() as connection:
            connection.execute(
                "update messages set state = ?, text = ?, token_ids = ?, finish_reason = ?,"
                " problem_title = ?, problem_hint = ? where id = ?",
                (
                    state.value,
                    text,
                    runs.pack_ids(token_ids),
                    finish_reason,
                    title,
                    hint,
                    message_id,
                ),
            )
            if not connection.changes():
                raise tree.gone()
            if report is not None:
                runs.end_run(connection, message_id, report)
            message = tree.message(connection, message_id)
            connection.execute(
                "update chats set updated_at = ? where id = ?", (time.time(), message.chat_id)
            )
            return message

    def keep_grounds(self, message_id: int, found: Grounds | None) -> None:
        """Note what a reply stands on."""
        with self._database.transaction() as connection:
            grounds.keep(connection, message_id, found)

    def select_sibling(self, chat_id: int, message_id: int, step: int) -> list[Message]:
        """Show the version ``step`` places from this one; return the chat's new path."""
        with self._database.transaction() as connection:
            chosen = tree.sibling(connection, message_id, step)
            leaf_id = tree.newest_leaf(connection, chosen)
            connection.execute("update chats set leaf_id = ? where id = ?", (leaf_id, chat_id))
            return tree.path_to(connection, leaf_id)

    def select_branch_of(self, chat_id: int, message_id: int) -> None:
        """Have the chat show a path that this message is on: the present one, if it is."""
        with self._database.transaction() as connection:
            leaf_id = connection.execute("select leaf_id from chats where id = ?", (chat_id,)).get
            if leaf_id is None or not tree.is_on_path(connection, leaf_id, message_id):
                leaf_id = tree.newest_leaf(connection, message_id)
                connection.execute("update chats set leaf_id = ? where id = ?", (leaf_id, chat_id))

    def recover_interrupted(self) -> int:
        """Mark the replies whose process is gone as INTERRUPTED; return how many there were."""
        with self._database.reading() as connection:
            streaming = connection.execute(
                "select m.id, runs.writer_pid, runs.writer_started_at from messages m"
                " join runs on runs.id = m.run_id where m.state = 'streaming'"
            ).fetchall()
        gone = [(row[0],) for row in streaming if not _is_written(row[1], row[2])]
        if gone:
            with self._database.transaction() as connection:
                connection.executemany(
                    "update messages set state = 'interrupted'"
                    " where id = ? and state = 'streaming'",
                    gone,
                )
        return len(gone)

    def record_model(self, path: str, name: str, sha256: str) -> int:
        """Return the id of this model file; completes its name and hash once they are known."""
        with self._database.transaction() as connection:
            return runs.record_model(connection, path, name, sha256)

    def model_sha256(self, path: str) -> str:
        """Return the hash recorded of this very file, "" where it isn't known."""
        with self._database.reading() as connection:
            return runs.known_sha256(connection, path)

    def known_models(self) -> list[tuple[str, str]]:
        """Return path and name of each model that was used, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, name from models group by path order by max(id) desc"
            )
            return [(str(path), str(name)) for path, name in rows]


def _is_written(pid: Any, started_at: Any) -> bool:  # noqa: ANN401 - columns of a row
    writer = Writer(pid, started_at)
    return writer == this_writer() or is_alive(writer)
