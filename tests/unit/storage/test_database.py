from __future__ import annotations

import stat
from pathlib import Path

import apsw
import pytest

from desktop.domain.chat import Chat, MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import FULL_CHECK_BYTES, Database, check
from desktop.storage.migrations import MIGRATIONS

ADD_A_COLUMN = "alter table chats add column colour text not null default 'plain'"


def write_a_chat(path: Path, run: Run) -> Chat:
    with Database.open(path) as database:
        store = ChatStore(database)
        chat = store.create_chat()
        _, reply = store.begin_exchange(chat.id, None, "Hello", run)
        store.finish(reply.id, MessageState.COMPLETE, "Hi", [1, 2])
        return chat


def damage_table(path: Path, table: str) -> None:
    connection = apsw.Connection(str(path))
    page = connection.execute("select rootpage from sqlite_schema where name = ?", (table,)).get
    size = connection.pragma("page_size")
    connection.close()
    content = bytearray(path.read_bytes())
    content[size * (page - 1) : size * page] = b"\xa5" * size
    path.write_bytes(content)


def texts(path: Path, chat: Chat) -> list[str]:
    with Database.open(path) as database:
        return [message.text for message in ChatStore(database).path(chat.id)]


def siblings(path: Path, pattern: str) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.{pattern}"))


# --- opening --------------------------------------------------------------------------------------


def test_the_files_are_private(database_path: Path, database: Database) -> None:
    assert stat.S_IMODE(database_path.parent.stat().st_mode) == 0o700
    files = list(database_path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_writes_reach_the_disk_before_they_are_acknowledged(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.pragma("journal_mode") == "wal"
        assert connection.pragma("synchronous") == 2
        assert connection.pragma("foreign_keys") == 1


def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    insert = "insert into chats (created_at, updated_at) values (1, ?)"
    with pytest.raises(apsw.ConstraintError), database.transaction() as connection:
        connection.executemany(insert, [(1,), (None,)])
    assert ChatStore(database).chats() == []
    ChatStore(database).create_chat("works on")


def test_another_process_is_noticed_and_oneself_is_not(
    database_path: Path, database: Database
) -> None:
    before = database.data_version()
    ChatStore(database).create_chat("mine")
    assert database.data_version() == before
    with Database.open(database_path) as other:
        ChatStore(other).create_chat("theirs")
    assert database.data_version() != before
    assert {chat.title for chat in ChatStore(database).chats()} == {"mine", "theirs"}


def test_a_locked_database_is_reported_with_a_remedy(
    database_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.storage.database.BUSY_TIMEOUT_MS", 1)
    with Database.open(database_path) as other, database.transaction():
        with pytest.raises(UserError, match="locked") as trouble:
            ChatStore(other).create_chat()
        assert trouble.value.hint
    assert ChatStore(database).create_chat().id


def test_a_folder_in_the_way_is_reported_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "chats.db").mkdir()
    with pytest.raises(UserError) as trouble:
        Database.open(tmp_path / "chats.db")
    assert str(tmp_path) in trouble.value.title
    assert trouble.value.hint


# --- damaged and newer files ----------------------------------------------------------------------


def test_garbage_is_kept_aside_and_a_fresh_database_opened(database_path: Path) -> None:
    database_path.parent.mkdir()
    database_path.write_bytes(b"not a database " * 100)
    with Database.open(database_path) as database:
        assert database.notice is not None
        (kept,) = siblings(database_path, "damaged-*")
        assert str(kept) in database.notice
        assert kept.read_bytes() == b"not a database " * 100
        ChatStore(database).create_chat()
    with Database.open(database_path) as again:
        assert again.notice is None


def test_a_page_damaged_in_the_middle_is_found_at_the_start(database_path: Path, run: Run) -> None:
    write_a_chat(database_path, run)
    content = bytearray(database_path.read_bytes())
    content[4096 * 2 : 4096 * 5] = b"\xa5" * (4096 * 3)
    database_path.write_bytes(content)
    assert check(database_path) != "ok"
    with Database.open(database_path) as database:
        assert database.notice
    kept, *_ = siblings(database_path, "damaged-*")
    assert kept.read_bytes() == bytes(content)
    assert check(database_path) == "ok"


def test_damage_met_later_is_looked_for_at_the_next_start(
    database_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file isn't checked at each start, so the trouble must leave a mark."""
    assert FULL_CHECK_BYTES > 0
    monkeypatch.setattr("desktop.storage.database.FULL_CHECK_BYTES", 0)
    chat = write_a_chat(database_path, run)
    damage_table(database_path, "messages")
    with Database.open(database_path) as database:
        assert database.notice is None
        with pytest.raises(UserError, match="damaged") as trouble:
            ChatStore(database).path(chat.id)
        assert "Start Snug again" in trouble.value.hint
    with Database.open(database_path) as again:
        assert again.notice
    assert siblings(database_path, "damaged-*")
    assert not siblings(database_path, "suspect")


def test_a_foreign_database_is_kept_aside(database_path: Path) -> None:
    database_path.parent.mkdir()
    with apsw.Connection(str(database_path)) as foreign:
        foreign.execute("create table recipes (name)")
    foreign.close()
    with Database.open(database_path) as database:
        assert database.notice
    assert siblings(database_path, "damaged-*")


def test_a_newer_database_is_kept_as_it_is_with_its_wal(database_path: Path, run: Run) -> None:
    newer = (*MIGRATIONS, ADD_A_COLUMN)
    writer = Database.open(database_path, newer)
    chat = ChatStore(writer).create_chat("from the future")
    wal = Path(f"{database_path}-wal").read_bytes()
    with Database.open(database_path) as database:
        assert database.notice is not None
        assert "newer version" in database.notice
        assert ChatStore(database).chats() == []
    (kept, *_) = siblings(database_path, "newer-*")
    assert Path(f"{kept}-wal").read_bytes() == wal
    writer.close()
    with Database.open(kept, newer) as back:
        assert [found.id for found in ChatStore(back).chats()] == [chat.id]


# --- upgrades -------------------------------------------------------------------------------------


def test_an_upgrade_keeps_a_verified_copy_of_what_was(database_path: Path, run: Run) -> None:
    chat = write_a_chat(database_path, run)
    with Database.open(database_path, (*MIGRATIONS, ADD_A_COLUMN)) as database:
        assert database.notice is None
        assert [message.text for message in ChatStore(database).path(chat.id)] == ["Hello", "Hi"]
        with database.reading() as connection:
            assert connection.execute("select colour from chats").get == "plain"
    (backup,) = siblings(database_path, f"backup-v{len(MIGRATIONS)}-*")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert texts(backup, chat) == ["Hello", "Hi"]


def test_a_fresh_database_needs_no_backup(database_path: Path, database: Database) -> None:
    assert siblings(database_path, "backup-*") == []


@pytest.mark.parametrize(
    "step",
    [
        f"{ADD_A_COLUMN}; insert into nowhere values (1)",
        f"{ADD_A_COLUMN}; pragma defer_foreign_keys = on; update messages set chat_id = 99",
    ],
)
def test_an_upgrade_that_fails_changes_nothing(database_path: Path, run: Run, step: str) -> None:
    chat = write_a_chat(database_path, run)
    with pytest.raises(apsw.Error):
        Database.open(database_path, (*MIGRATIONS, step))
    assert texts(database_path, chat) == ["Hello", "Hi"]


def test_an_upgrade_with_no_room_for_the_backup_changes_nothing(
    database_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = write_a_chat(database_path, run)

    def refuse(*_: object) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr("desktop.storage.migrations.back_up", refuse)
    with pytest.raises(UserError, match="disk is full"):
        Database.open(database_path, (*MIGRATIONS, ADD_A_COLUMN))
    assert texts(database_path, chat) == ["Hello", "Hi"]
