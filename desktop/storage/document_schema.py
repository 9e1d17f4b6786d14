"""The schema of the documents' database: apart from the chats, since it can be made again."""

from __future__ import annotations

from typing import Final

M001_DOCUMENTS: Final = """
create table documents (
    id integer primary key autoincrement,
    path text not null,
    name text not null,
    size integer not null,
    mtime_ns integer not null,
    sha256 text not null,
    added_at real not null,
    format_name text not null default '',
    title text not null default '',
    page_word text not null default '',
    pages integer not null default 0,
    state text not null check (state in ('reading', 'ready', 'failed')),
    problem_title text not null default '',
    problem_hint text not null default ''
) strict;
create index documents_by_path on documents (path);

create table passages (
    id integer primary key,
    document_id integer not null references documents (id) on delete cascade,
    number integer not null,
    kind text not null,
    level integer not null,
    page integer not null,
    section text not null,
    line integer not null,
    text text not null,
    unique (document_id, number)
) strict;

-- Pieces of a paragraph or two, cut from the passages: what a question finds. `words` is what is
-- searched, the headings and the text; equal `sha256` means equal words, so an equal vector.
create table pieces (
    id integer primary key,
    document_id integer not null references documents (id) on delete cascade,
    first integer not null,
    last integer not null,
    start integer not null,
    stop integer not null,
    words text not null,
    sha256 blob not null
) strict;
create index pieces_by_document on pieces (document_id);
create index pieces_by_words on pieces (sha256);

create virtual table pieces_words using fts5 (
    words, content = 'pieces', content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 2'
);
-- Deleted words are taken out of the index at once, not when it is next rewritten.
insert into pieces_words (pieces_words, rank) values ('secure-delete', 1);
create trigger pieces_added after insert on pieces begin
    insert into pieces_words (rowid, words) values (new.id, new.words);
end;
create trigger pieces_removed after delete on pieces begin
    insert into pieces_words (pieces_words, rowid, words) values ('delete', old.id, old.words);
end;

-- Vectors of different embedding models don't compare.
create table embedding_models (
    id integer primary key,
    identity text not null unique,
    dimension integer not null,
    -- The cosine of texts that have nothing to do with each other: models differ in that.
    unrelated real
) strict;

-- A plain table, searched with sqlite-vec's functions: what a cascade deletes is overwritten, and
-- a database without that extension can still be opened.
create table vectors (
    piece_id integer not null references pieces (id) on delete cascade,
    model_id integer not null references embedding_models (id) on delete cascade,
    vector blob not null,
    primary key (piece_id, model_id)
) strict, without rowid;

-- What a person put together, to ask all of it.
create table collections (
    id integer primary key autoincrement,
    name text not null,
    created_at real not null
) strict;

create table collection_documents (
    collection_id integer not null references collections (id) on delete cascade,
    document_id integer not null references documents (id) on delete cascade,
    added_at real not null,
    primary key (collection_id, document_id)
) strict;

create table unreadable_pages (
    document_id integer not null references documents (id) on delete cascade,
    page integer not null,
    reason text not null,
    primary key (document_id, page)
) strict;

-- A long work on documents, to be taken up again where it ended.
create table jobs (
    id integer primary key autoincrement,
    kind text not null,
    title text not null,
    wish text not null,
    state text not null check (state in ('waiting', 'running', 'paused', 'done', 'failed')),
    done integer not null default 0,
    total integer not null default 0,
    created_at real not null,
    updated_at real not null,
    result text not null default '',
    problem_title text not null default '',
    problem_hint text not null default ''
) strict;

create table job_documents (
    job_id integer not null references jobs (id) on delete cascade,
    position integer not null,
    document_id integer not null references documents (id) on delete cascade,
    primary key (job_id, position)
) strict;

-- What the model has answered, by the call's place: a finished call is never made again.
create table job_answers (
    job_id integer not null references jobs (id) on delete cascade,
    level integer not null,
    number integer not null,
    prompt_sha256 text not null,
    text text not null,
    failure text not null,
    truncated integer not null,
    attempts integer not null,
    tokens_in integer not null,
    tokens_out integer not null,
    seconds real not null,
    primary key (job_id, level, number)
) strict;

-- What a person changed in what came of it, by its place there. The model's answers stay.
create table job_edits (
    job_id integer not null references jobs (id) on delete cascade,
    place integer not null,
    value text not null,
    primary key (job_id, place)
) strict;
"""

DOCUMENT_MIGRATIONS: Final[tuple[str, ...]] = (M001_DOCUMENTS,)
