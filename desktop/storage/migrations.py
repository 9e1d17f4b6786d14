"""The schema, as steps that are only ever appended: a released step never changes.

``PRAGMA user_version`` is the number of steps that a database has been through. Before the first
step touches a database that holds something, a verified copy is made beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from desktop.domain.errors import UserError
from models.wording import tr

M001_CHATS: Final = """
create table models (
    id integer primary key,
    path text not null,
    name text not null,
    size integer not null,
    mtime_ns integer not null,
    sha256 text not null default ''
) strict;
create index models_by_file on models (path, size, mtime_ns);

create table chats (
    id integer primary key autoincrement,
    title text not null default '',
    is_renamed integer not null default 0 check (is_renamed in (0, 1)),
    created_at real not null,
    updated_at real not null,
    deleted_at real,
    leaf_id integer references messages (id) on delete set null,
    overrides text not null default '{}'
) strict;

-- Where a person was in a chat; apart from the chat, because it is written while one types.
create table chat_views (
    chat_id integer primary key references chats (id) on delete cascade,
    draft text not null default '',
    anchor_id integer,
    anchor_offset integer not null default 0
) strict;

create table messages (
    id integer primary key autoincrement,
    chat_id integer not null references chats (id) on delete cascade,
    parent_id integer references messages (id) on delete cascade,
    role text not null check (role in ('system', 'user', 'assistant')),
    state text not null
        check (state in ('streaming', 'complete', 'stopped', 'failed', 'interrupted')),
    created_at real not null,
    run_id integer references runs (id) on delete set null,
    finish_reason text not null default '',
    problem_title text,
    problem_hint text,
    text text not null,
    -- 32-bit little-endian integers; last, so that reading a chat skips over them.
    token_ids blob not null default x''
) strict;
create index messages_by_parent on messages (chat_id, parent_id);
create index messages_streaming on messages (state) where state = 'streaming';

-- Each time a model wrote on a message: once, and again for each continuation.
create table runs (
    id integer primary key,
    message_id integer not null references messages (id) on delete cascade,
    model_id integer not null references models (id),
    settings text not null,
    seed integer,
    versions text not null,
    first_token integer not null default 0,
    started_at real not null,
    writer_pid integer not null,
    writer_started_at real not null,
    report text
) strict;
create index runs_by_message on runs (message_id);
create index runs_by_model on runs (model_id);
"""

M002_DOCUMENTS: Final = """
-- What a chat is asked about: numbers in the documents' database, which may be made anew.
create table chat_documents (
    chat_id integer not null references chats (id) on delete cascade,
    position integer not null,
    kind text not null check (kind in ('document', 'collection')),
    source_id integer not null,
    name text not null,
    primary key (chat_id, kind, source_id)
) strict;

-- What a reply was given of documents: places in them, as JSON, and no text.
create table grounds (
    message_id integer primary key references messages (id) on delete cascade,
    chat_id integer not null references chats (id) on delete cascade,
    content text not null
) strict;
create index grounds_by_chat on grounds (chat_id);
"""

M003_TREE: Final = """
create table folders (
    id integer primary key autoincrement,
    name text not null,
    position integer not null default 0
) strict;

alter table chats add column pinned_at real;
alter table chats add column folder_id integer references folders (id) on delete set null;
alter table chats add column title_by text not null default 'first_words'
    check (title_by in ('first_words', 'model', 'person'));
update chats set title_by = 'person' where is_renamed;
alter table chats drop column is_renamed;

-- The ids stay the last column, so that reading a chat skips over them.
alter table messages rename column token_ids to earlier_ids;
-- A message in the trash keeps its place in the tree; every reading of the tree passes it by.
alter table messages add column deleted_at real;
alter table messages add column edited integer not null default 0 check (edited in (0, 1));
alter table messages add column pinned integer not null default 0 check (pinned in (0, 1));
-- The characters at the start of a reply that a person wrote: token_ids are of what follows.
alter table messages add column written integer not null default 0;
alter table messages add column token_ids blob not null default x'';
update messages set token_ids = earlier_ids;
alter table messages drop column earlier_ids;

drop index messages_by_parent;
create index messages_by_parent on messages (chat_id, parent_id, deleted_at);
create index messages_deleted on messages (deleted_at) where deleted_at is not null;
-- What is deleted for good looks for those that point at it.
create index messages_under on messages (parent_id);
create index messages_by_run on messages (run_id);
create index chats_by_leaf on chats (leaf_id);

-- What an undo needs of one: the messages that went, and what they left behind.
create table deletions (
    id integer primary key autoincrement,
    chat_id integer not null references chats (id) on delete cascade,
    -- The message itself, or the first of a branch. All of them bear the same deleted_at.
    message_id integer not null references messages (id) on delete cascade,
    deleted_at real not null,
    -- What the chat showed before.
    leaf_id integer references messages (id) on delete set null,
    -- The children that a message alone left to its parent, as JSON; null for a whole branch.
    moved text,
    unique (chat_id, deleted_at)
) strict;
create index deletions_by_message on deletions (message_id);
create index deletions_by_leaf on deletions (leaf_id);

-- What was deleted for good, until it is gone from the backups as well. Numbers alone say too
-- little: a backup that is restored knows others by them.
create table purged (
    chat_id integer not null,
    -- Null where the whole chat went.
    message_id integer,
    created_at real not null
) strict;
create trigger chat_purged after delete on chats begin
    insert into purged values (old.id, null, old.created_at);
end;
create trigger message_purged after delete on messages
    when exists (select 1 from chats where id = old.chat_id and coalesce(deleted_at, 0) >= 0) begin
    insert into purged values (old.chat_id, old.id, old.created_at);
end;
"""

M004_SEARCH: Final = """
-- What search reads. A reply that is being written is not searched: no checkpoint touches an index.
-- The spaces let the last two letters begin a trigram as well.
create view searchable_messages as
    select id, text || '  ' as text from messages where state <> 'streaming';
create view searchable_titles as select id, title || '  ' as text from chats;

-- Words, found by how they begin; and groups of three letters, for parts of words.
create virtual table message_words using fts5 (
    text, content = 'searchable_messages', content_rowid = 'id', prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
);
create virtual table message_parts using fts5 (
    text, content = 'searchable_messages', content_rowid = 'id',
    tokenize = 'trigram remove_diacritics 1'
);
create virtual table title_words using fts5 (
    text, content = 'searchable_titles', content_rowid = 'id', prefix = '1 2 3',
    tokenize = 'unicode61 remove_diacritics 2'
);
create virtual table title_parts using fts5 (
    text, content = 'searchable_titles', content_rowid = 'id',
    tokenize = 'trigram remove_diacritics 1'
);
create virtual table message_pairs using fts5vocab (message_parts, instance);
create virtual table title_pairs using fts5vocab (title_parts, instance);
-- Deleted words are taken out of an index at once, not when it is next rewritten.
insert into message_words (message_words, rank) values ('secure-delete', 1);
insert into message_parts (message_parts, rank) values ('secure-delete', 1);
insert into title_words (title_words, rank) values ('secure-delete', 1);
insert into title_parts (title_parts, rank) values ('secure-delete', 1);
insert into message_words (message_words) values ('rebuild');
insert into message_parts (message_parts) values ('rebuild');
insert into title_words (title_words) values ('rebuild');
insert into title_parts (title_parts) values ('rebuild');

create trigger message_added after insert on messages when new.state <> 'streaming' begin
    insert into message_words (rowid, text) values (new.id, new.text || '  ');
    insert into message_parts (rowid, text) values (new.id, new.text || '  ');
end;
create trigger message_removed after delete on messages when old.state <> 'streaming' begin
    insert into message_words (message_words, rowid, text)
        values ('delete', old.id, old.text || '  ');
    insert into message_parts (message_parts, rowid, text)
        values ('delete', old.id, old.text || '  ');
end;
create trigger message_reworded after update of state, text on messages
    when (old.state = 'streaming') <> (new.state = 'streaming')
        or (new.state <> 'streaming' and new.text <> old.text) begin
    insert into message_words (message_words, rowid, text)
        select 'delete', old.id, old.text || '  ' where old.state <> 'streaming';
    insert into message_parts (message_parts, rowid, text)
        select 'delete', old.id, old.text || '  ' where old.state <> 'streaming';
    insert into message_words (rowid, text)
        select new.id, new.text || '  ' where new.state <> 'streaming';
    insert into message_parts (rowid, text)
        select new.id, new.text || '  ' where new.state <> 'streaming';
end;
create trigger title_added after insert on chats begin
    insert into title_words (rowid, text) values (new.id, new.title || '  ');
    insert into title_parts (rowid, text) values (new.id, new.title || '  ');
end;
create trigger title_removed after delete on chats begin
    insert into title_words (title_words, rowid, text)
        values ('delete', old.id, old.title || '  ');
    insert into title_parts (title_parts, rowid, text)
        values ('delete', old.id, old.title || '  ');
end;
create trigger title_reworded after update of title on chats when new.title <> old.title begin
    insert into title_words (title_words, rowid, text)
        values ('delete', old.id, old.title || '  ');
    insert into title_parts (title_parts, rowid, text)
        values ('delete', old.id, old.title || '  ');
    insert into title_words (rowid, text) values (new.id, new.title || '  ');
    insert into title_parts (rowid, text) values (new.id, new.title || '  ');
end;
"""

M005_CONTEXT: Final = """
-- What stands in prompts for older messages: made by a model, and as a person left it.
create table summaries (
    id integer primary key autoincrement,
    chat_id integer not null references chats (id) on delete cascade,
    -- What this one goes on from. Its messages are told here too, and when it goes so does this.
    base_id integer references summaries (id) on delete cascade,
    first_id integer not null,
    last_id integer not null references messages (id) on delete cascade,
    made text not null,
    text text not null,
    model_name text not null,
    created_at real not null
) strict;
create index summaries_by_chat on summaries (chat_id);
create index summaries_by_base on summaries (base_id);
create index summaries_by_last on summaries (last_id);

create table summarized (
    summary_id integer not null references summaries (id) on delete cascade,
    message_id integer not null references messages (id) on delete cascade,
    primary key (summary_id, message_id)
) strict, without rowid;
create index summarized_by_message on summarized (message_id);
-- Nothing tells any more of a message that was deleted for good.
create trigger summarized_gone after delete on summarized
begin
    delete from summaries where id = old.summary_id;
end;

-- What a reply was written without: the messages before kept_from that are not in kept, as JSON.
create table contexts (
    message_id integer primary key references messages (id) on delete cascade,
    chat_id integer not null references chats (id) on delete cascade,
    kept_from integer not null,
    kept text not null,
    left_out integer not null,
    summary_id integer references summaries (id) on delete set null
) strict;
create index contexts_by_chat on contexts (chat_id);
create index contexts_by_summary on contexts (summary_id);
"""

M006_PRESETS: Final = """
-- Settings of a completion under a name, with their examples, as JSON.
create table presets (
    id integer primary key autoincrement,
    name text not null collate nocase unique,
    content text not null,
    created_at real not null,
    updated_at real not null
) strict;

-- What new chats with a model begin with.
create table model_presets (
    model_path text primary key,
    preset_id integer not null references presets (id) on delete cascade
) strict;
create index model_presets_by_preset on model_presets (preset_id);
"""

M007_CUT_REPLIES: Final = """
-- Characters of a reply that fills the window by itself, and of its question, that the model wrote
-- on without.
alter table contexts add column question_cut integer not null default 0;
alter table contexts add column reply_cut integer not null default 0;
"""

MIGRATIONS: Final[tuple[str, ...]] = (
    M001_CHATS,
    M002_DOCUMENTS,
    M003_TREE,
    M004_SEARCH,
    M005_CONTEXT,
    M006_PRESETS,
    M007_CUT_REPLIES,
)


def schema_version(connection: apsw.Connection) -> int:
    """Return how many steps this database has been through."""
    return int(connection.pragma("user_version"))


def migrate(connection: apsw.Connection, path: Path, steps: Sequence[str] = MIGRATIONS) -> None:
    """Take the database through the steps that it lacks, each one whole or not at all."""
    found = schema_version(connection)
    if 0 < found < len(steps):
        back_up(connection, path)
    for version in range(found + 1, len(steps) + 1):
        _apply(connection, version, steps[version - 1])


def back_up(connection: apsw.Connection, path: Path) -> Path:
    """Copy the database beside itself, check the copy and return its path."""
    version = schema_version(connection)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    copy = path.with_name(f"{path.name}.backup-v{version}-{stamp}-{os.getpid()}")
    copy.touch(mode=0o600, exist_ok=False)
    target = apsw.Connection(str(copy))
    try:
        with target.backup("main", connection, "main") as backup:
            backup.step()
        # A copy of a WAL database says WAL too; a backup is better one plain file.
        target.pragma("journal_mode", "delete")
        _verify(target, path, version)
    except BaseException:
        target.close()
        copy.unlink(missing_ok=True)
        raise
    target.close()
    return copy


def _verify(copy: apsw.Connection, path: Path, version: int) -> None:
    if copy.pragma("integrity_check") != "ok" or schema_version(copy) != version:
        raise UserError(
            tr("The backup before the upgrade of the chats could not be verified."),
            tr(
                "Nothing was changed. Copy {path} to a safe place, then start Snug again.",
                path=path,
            ),
        )


def _apply(connection: apsw.Connection, version: int, step: str) -> None:
    connection.execute("begin immediate")
    try:
        # Another process may have been faster.
        if schema_version(connection) < version:
            for _ in connection.execute(step):
                pass
            connection.pragma("user_version", version)
            _refuse_strays(connection, version)
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _refuse_strays(connection: apsw.Connection, version: int) -> None:
    strays = connection.execute("pragma foreign_key_check").fetchall()
    if strays:
        raise apsw.ConstraintError(f"step {version} leaves {len(strays)} rows without a parent")
