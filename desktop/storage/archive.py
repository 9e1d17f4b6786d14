"""Chats taken out of the store whole, and put in again: each in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

import apsw
import msgspec

from desktop.domain.archive import (
    FORMAT_VERSION,
    ArchivedChat,
    ArchivedContext,
    ArchivedMessage,
    ArchivedRun,
    ArchivedSummary,
)
from desktop.domain.chat import MessageState
from desktop.domain.context import Context
from desktop.domain.titles import title_from
from desktop.storage import left_out, runs
from desktop.storage.database import Database
from models.records import Report

_CHAT: Final = """
select title, title_by, c.created_at, updated_at, pinned_at, coalesce(f.name, ''), overrides,
    coalesce(v.draft, ''), leaf_id
from chats c left join folders f on f.id = folder_id left join chat_views v on v.chat_id = c.id
where c.id = ?
"""
_MESSAGES: Final = """
select id, parent_id, role, text, state, created_at, finish_reason, problem_title, problem_hint,
    edited, pinned, written, token_ids
from messages where chat_id = ? and deleted_at is null order by id
"""
_RUNS: Final = """
select message_id, path, name, sha256, settings, seed, versions, first_token,
    started_at, report
from runs join models on models.id = model_id
where message_id in (select id from messages where chat_id = ?) order by runs.id
"""
_CONTEXTS: Final = """
select message_id, kept_from, kept, left_out, summary_id, question_cut, reply_cut
from contexts where chat_id = ?
"""
_SUMMARIES: Final = """
select id, base_id, first_id, last_id,
    (select json_group_array(message_id) from summarized where summary_id = s.id),
    made, text, model_name, created_at
from summaries s where chat_id = ? order by id
"""
_INSERT: Final = """
insert into messages (chat_id, parent_id, role, state, created_at, finish_reason, problem_title,
    problem_hint, text, edited, pinned, written, token_ids)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_RUN: Final = """
insert into runs (message_id, model_id, settings, seed, versions, first_token, started_at,
    writer_pid, writer_started_at, report)
values (?, ?, ?, ?, ?, ?, ?, 0, 0, ?)
"""
_IS_HERE: Final = """
select exists (
    select 1 from chats c join messages m on m.chat_id = c.id and m.parent_id is null
    where c.created_at = ? and c.deleted_at is null and m.text = ?
)
"""


class Archives:
    """The part of the chats' store that takes chats out and in. Calls block as the disk does."""

    _database: Database

    def archived_chat(self, chat_id: int) -> ArchivedChat:
        """Return all of a chat but what is in the trash. Raises LookupError for one that is gone.

        What its replies were given of documents stays here: the documents do, too.
        """
        with self._database.reading() as connection:
            row = connection.execute(_CHAT, (chat_id,)).fetchone()
            if row is None:
                raise LookupError(f"no chat {chat_id}")
            return ArchivedChat(
                snug_chat=FORMAT_VERSION,
                title=row[0],
                title_by=row[1],
                created_at=row[2],
                updated_at=row[3],
                pinned_at=row[4],
                folder=row[5],
                overrides=msgspec.json.decode(row[6], type=dict[str, object]),
                draft=row[7],
                leaf=row[8],
                messages=_messages(connection, chat_id),
                summaries=_summaries(connection, chat_id),
            )

    def has_archived(self, chat: ArchivedChat) -> bool:
        """Return whether this very chat is here already, whatever became of it since."""
        with self._database.reading() as connection:
            first = chat.messages[0].text if chat.messages else ""
            return bool(connection.execute(_IS_HERE, (chat.created_at, first)).get)

    def add_archived(self, chat: ArchivedChat) -> int:
        """Write a chat that ``domain.archive.checked`` let pass, whole or not at all.

        Return its number.
        """
        with self._database.transaction() as connection:
            chat_id = _insert_chat(connection, chat)
            ids: dict[int, int] = {}
            for message in chat.messages:
                ids[message.id] = _insert_message(connection, chat_id, message, ids)
            summaries = _insert_summaries(connection, chat_id, chat, ids)
            for message in chat.messages:
                if (context := message.context) is not None and context.kept_from in ids:
                    kept = _context(context, ids, summaries)
                    left_out.keep(connection, ids[message.id], kept)
            if chat.leaf is not None:
                connection.execute(
                    "update chats set leaf_id = ? where id = ?", (ids[chat.leaf], chat_id)
                )
            return chat_id


def _messages(connection: apsw.Connection, chat_id: int) -> tuple[ArchivedMessage, ...]:
    written_by: dict[int, list[ArchivedRun]] = {}
    for message_id, *values in connection.execute(_RUNS, (chat_id,)):
        written_by.setdefault(int(message_id), []).append(_run(values))
    contexts = {
        int(row[0]): ArchivedContext(
            kept_from=row[1],
            kept=msgspec.json.decode(row[2], type=tuple[int, ...]),
            left_out=row[3],
            summary=row[4],
            question_cut=row[5],
            reply_cut=row[6],
        )
        for row in connection.execute(_CONTEXTS, (chat_id,))
    }
    return tuple(
        ArchivedMessage(
            id=row[0],
            parent=row[1],
            role=row[2],
            text=row[3],
            state=MessageState(row[4]),
            created_at=row[5],
            finish_reason=row[6],
            problem=None if row[7] is None else (row[7], row[8] or ""),
            edited=bool(row[9]),
            pinned=bool(row[10]),
            written=row[11],
            token_ids=runs.unpack_ids(row[12]),
            runs=tuple(written_by.get(row[0], ())),
            context=contexts.get(row[0]),
        )
        for row in connection.execute(_MESSAGES, (chat_id,))
    )


def _run(row: list[Any]) -> ArchivedRun:
    path, name, sha256, settings, seed, versions, first, started, report = row
    return ArchivedRun(
        # Where it lies is nobody's business who gets the file.
        model_file=PurePath(path).name,
        model_name=name,
        model_sha256=sha256,
        settings=msgspec.json.decode(settings, type=dict[str, object]),
        seed=seed,
        versions=msgspec.json.decode(versions, type=dict[str, str]),
        first_token=first,
        started_at=started,
        report=None if report is None else msgspec.json.decode(report, type=Report),
    )


def _summaries(connection: apsw.Connection, chat_id: int) -> tuple[ArchivedSummary, ...]:
    return tuple(
        ArchivedSummary(
            id=row[0],
            base=row[1],
            first=row[2],
            last=row[3],
            messages=msgspec.json.decode(row[4], type=tuple[int, ...]),
            made=row[5],
            text=row[6],
            model_name=row[7],
            created_at=row[8],
        )
        for row in connection.execute(_SUMMARIES, (chat_id,))
    )


def _insert_chat(connection: apsw.Connection, chat: ArchivedChat) -> int:
    first = next((each.text for each in chat.messages if each.role == "user"), "")
    connection.execute(
        "insert into chats (title, title_by, created_at, updated_at, pinned_at, folder_id,"
        " overrides) values (?, ?, ?, ?, ?, ?, ?)",
        (
            title_from(chat.title) or title_from(first),
            chat.title_by,
            chat.created_at,
            max(chat.updated_at, chat.created_at),
            chat.pinned_at,
            _folder(connection, chat.folder),
            msgspec.json.encode(chat.overrides).decode(),
        ),
    )
    chat_id = connection.last_insert_rowid()
    if chat.draft:
        connection.execute(
            "insert into chat_views (chat_id, draft) values (?, ?)", (chat_id, chat.draft)
        )
    return chat_id


def _folder(connection: apsw.Connection, name: str) -> int | None:
    """Return the folder of that name, made where there is none."""
    if not name:
        return None
    found = connection.execute("select id from folders where name = ? order by id", (name,)).get
    if found is not None:
        return int(found)
    connection.execute(
        "insert into folders (name, position)"
        " select ?, coalesce(max(position), 0) + 1 from folders",
        (name,),
    )
    return connection.last_insert_rowid()


def _insert_message(
    connection: apsw.Connection, chat_id: int, message: ArchivedMessage, ids: Mapping[int, int]
) -> int:
    title, hint = message.problem or (None, None)
    connection.execute(
        _INSERT,
        (
            chat_id,
            None if message.parent is None else ids[message.parent],
            message.role,
            message.state.value,
            message.created_at,
            message.finish_reason,
            title,
            hint,
            message.text,
            message.edited,
            message.pinned,
            message.written,
            runs.pack_ids(message.token_ids),
        ),
    )
    message_id = connection.last_insert_rowid()
    for run in message.runs:
        _insert_run(connection, message_id, run)
    return message_id


def _insert_run(connection: apsw.Connection, message_id: int, run: ArchivedRun) -> None:
    report = None if run.report is None else msgspec.json.encode(run.report).decode()
    connection.execute(
        _INSERT_RUN,
        (
            message_id,
            _model(connection, run),
            msgspec.json.encode(run.settings).decode(),
            run.seed,
            msgspec.json.encode(run.versions).decode(),
            run.first_token,
            run.started_at,
            report,
        ),
    )
    run_id = connection.last_insert_rowid()
    connection.execute("update messages set run_id = ? where id = ?", (run_id, message_id))


def _model(connection: apsw.Connection, run: ArchivedRun) -> int:
    """Return a row for the model that is none of a file here.

    So the ids that came with the chat are kept and shown to no model: they could spell something
    else than the text says.
    """
    values = (PurePath(run.model_file).name, run.model_name, run.model_sha256)
    found = connection.execute(
        "select id from models where path = ? and name = ? and sha256 = ?"
        " and size = 0 and mtime_ns = 0",
        values,
    ).get
    if found is not None:
        return int(found)
    connection.execute(
        "insert into models (path, name, size, mtime_ns, sha256) values (?, ?, 0, 0, ?)", values
    )
    return connection.last_insert_rowid()


def _insert_summaries(
    connection: apsw.Connection, chat_id: int, chat: ArchivedChat, ids: Mapping[int, int]
) -> dict[int, int]:
    made: dict[int, int] = {}
    for each in chat.summaries:
        connection.execute(
            "insert into summaries"
            " (chat_id, base_id, first_id, last_id, made, text, model_name, created_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                chat_id,
                None if each.base is None else made[each.base],
                ids[each.first],
                ids[each.last],
                each.made,
                each.text,
                each.model_name,
                each.created_at,
            ),
        )
        made[each.id] = connection.last_insert_rowid()
        connection.executemany(
            "insert or ignore into summarized (summary_id, message_id) values (?, ?)",
            [(made[each.id], ids[message]) for message in each.messages],
        )
    return made


def _context(
    context: ArchivedContext, ids: Mapping[int, int], summaries: Mapping[int, int]
) -> Context:
    return Context(
        kept_from=ids[context.kept_from],
        kept=tuple(ids[each] for each in context.kept if each in ids),
        left_out=context.left_out,
        summary_id=None if context.summary is None else summaries.get(context.summary),
        question_cut=context.question_cut,
        reply_cut=context.reply_cut,
    )
