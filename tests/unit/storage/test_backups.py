"""Backups are whole, few, restored with nothing lost, and rid of what was deleted for good."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from desktop.domain.chat import MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.backups import DAY_S, Backup, Backups
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

SECRET = "halibutquartet"


@pytest.fixture
def backups(database: Database) -> Backups:
    return Backups(database.path.parent / "backups", database.path)


def say(store: ChatStore, run: Run, text: str, chat_id: int | None = None) -> int:
    """Have an exchange in a new chat, or at the end of one; return the chat."""
    home = store.create_chat().id if chat_id is None else chat_id
    path = store.path(home)
    parent_id = path[-1].id if path else None
    _, reply = store.begin_exchange(home, parent_id, text, run)
    store.finish(reply.id, MessageState.COMPLETE, f"re: {text}", [1, 2])
    return home


def titles(store: ChatStore) -> list[str]:
    return [each.title for each in store.chats()]


def purge(database: Database, statement: str, number: int) -> None:
    with database.transaction() as connection:
        connection.execute(statement, (number,))


def holds(backup: Backup, words: str) -> bool:
    return words.encode() in backup.path.read_bytes()


# --- making --------------------------------------------------------------------------------------


def test_a_backup_is_one_private_file_with_all_that_there_is(
    backups: Backups, store: ChatStore, run: Run
) -> None:
    say(store, run, "first")
    store.delete_chat(say(store, run, "second"))
    made = backups.make("asked")
    assert (made.chats, made.messages, made.reason) == (1, 4, "asked")
    assert made.path.stat().st_mode & 0o077 == 0
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]
    assert backups.backups() == [made]


def test_a_backup_is_made_while_a_transaction_is_open(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    say(store, run, "first")
    with database.transaction() as connection:
        connection.execute("update chats set title = 'half written'")
        made = backups.make("daily")
    assert not holds(made, "half written")


def test_nothing_is_left_of_a_backup_that_failed(
    backups: Backups,
    database: Database,
    store: ChatStore,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_folder = database.path.parent / "backups"
    say(store, run, "first")

    def refuse(_path: Path) -> None:
        raise UserError("damaged", "")

    monkeypatch.setattr("desktop.storage.backups._verify", refuse)
    with pytest.raises(UserError):
        backups.make("daily")
    assert backups.backups() == []
    assert list(store_folder.iterdir()) == []


def test_one_is_due_a_day_after_the_last_and_only_for_what_has_changed(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    assert Backups(database.path.parent / "none", database.path.parent / "no.db").is_due(0) is False
    say(store, run, "first")
    now = time.time()
    assert backups.is_due(now)
    backups.make("daily")
    assert not backups.is_due(now + DAY_S / 2)
    database.empty_log()
    for path in database.path.parent.glob("chats.db*"):
        os.utime(path, (now - 100, now - 100))
    assert not backups.is_due(now + 2 * DAY_S)
    os.utime(database.path, (now + 100, now + 100))
    assert backups.is_due(now + 2 * DAY_S)


def test_the_oldest_go_and_those_that_a_person_asked_for_stay(
    backups: Backups, store: ChatStore, run: Run
) -> None:
    say(store, run, "first")
    asked = backups.make("asked")
    daily = [backups.make("daily") for _ in range(4)]
    (daily[0].path.parent / "chats-20260101T000000.000000Z-daily.part").write_bytes(
        b"cut by a crash"
    )
    backups.rotate(2)
    left = {each.path for each in backups.backups()}
    assert left == {asked.path, daily[-1].path, daily[-2].path}
    assert not list(daily[0].path.parent.glob("*.part"))


# --- restoring -----------------------------------------------------------------------------------


def test_a_restored_backup_is_there_and_what_was_there_is_kept(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    say(store, run, "first")
    old = backups.make("asked")
    say(store, run, "second")
    before = backups.restore(old, database)
    assert titles(store) == ["first"]
    assert (before.reason, before.chats) == ("restore", 2)
    backups.restore(before, database)
    assert sorted(titles(store)) == ["first", "second"]
    assert not (old.path.parent / "restoring").exists()


def test_no_number_is_given_twice_after_a_restore(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    say(store, run, "first")
    old = backups.make("asked")
    second = say(store, run, "second")
    backups.restore(old, database)
    assert say(store, run, "third") > second


def test_a_reply_that_was_being_written_is_interrupted_in_a_restored_backup(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    chat = store.create_chat()
    _, reply = store.begin_exchange(chat.id, None, "hello", run)
    old = backups.make("asked")
    backups.restore(old, database)
    assert store.message(reply.id).state is MessageState.INTERRUPTED


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(
    backups: Backups, database: Database, store: ChatStore
) -> None:
    schema = Path(__file__).parent / "schemas" / "v1.sql"
    path = database.path.parent / "backups" / "chats-20260101T000000.000000Z-asked.db"
    path.parent.mkdir()
    with apsw.Connection(str(path)) as connection:
        connection.execute(schema.read_text()).fetchall()
    before = path.read_bytes()
    (backup,) = backups.backups()
    backups.restore(backup, database)
    assert titles(store) == ["Greeting"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("harm", ["cut", "scribble", "garbage", "newer", "empty"])
def test_a_damaged_backup_changes_nothing(
    backups: Backups, database: Database, store: ChatStore, run: Run, harm: str
) -> None:
    say(store, run, "first" * 2000)
    backup = backups.make("asked")
    whole = bytearray(backup.path.read_bytes())
    match harm:
        case "cut":
            backup.path.write_bytes(whole[: len(whole) // 2])
        case "scribble":
            whole[8192:40960] = b"\xff" * 32768
            backup.path.write_bytes(whole)
        case "garbage":
            backup.path.write_bytes(b"not a database at all" * 100)
        case "newer":
            with apsw.Connection(str(backup.path)) as connection:
                connection.pragma("user_version", 999)
        case "empty":
            backup.path.write_bytes(b"")
    say(store, run, "second")
    with pytest.raises(UserError) as raised:
        backups.restore(backups.backups()[0], database)
    assert "backup" in raised.value.title
    assert "second" in titles(store)
    assert [each.reason for each in backups.backups()] == ["asked"]


# --- gone for good -------------------------------------------------------------------------------


def test_a_chat_that_is_deleted_for_good_leaves_every_backup(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    say(store, run, "something else")
    gone = say(store, run, SECRET)
    made = [backups.make("daily"), backups.make("asked")]
    assert all(holds(each, SECRET) for each in made)
    purge(database, "delete from chats where id = ?", gone)
    backups.forget_purged()
    assert not any(holds(each, SECRET) for each in made)
    assert [each.chats for each in backups.backups()] == [1, 1]
    with database.reading() as connection:
        assert connection.execute("select count(*) from purged").get == 0
    backups.restore(made[0], database)
    assert titles(store) == ["something else"]


def test_what_followed_a_message_that_went_for_good_is_kept(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    chat = say(store, run, SECRET)
    say(store, run, "and more", chat)
    path = store.path(chat)
    backup = backups.make("daily")
    # In the chat itself what follows has been moved before the message goes for good.
    for gone in (path[1].id, path[0].id):
        purge(database, "update messages set parent_id = null where parent_id = ?", gone)
        purge(database, "delete from messages where id = ?", gone)
    backups.forget_purged()
    assert not holds(backup, SECRET.upper())
    assert not holds(backup, f"re: {SECRET}")
    backups.restore(backup, database)
    assert [each.text for each in store.path(chat)] == ["and more", "re: and more"]


def test_another_chat_of_the_same_number_stays(
    backups: Backups, database: Database, store: ChatStore, run: Run
) -> None:
    say(store, run, "kept here")
    backup = backups.make("asked")
    with database.transaction() as connection:
        connection.execute("insert into purged values (1, null, 12.5)")
    backups.forget_purged()
    assert [each.chats for each in backups.backups()] == [1]
    assert holds(backup, "kept here")


def test_what_is_gone_for_good_is_remembered_until_the_backups_are_rid_of_it(
    backups: Backups,
    database: Database,
    store: ChatStore,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop.storage.database.BUSY_TIMEOUT_MS", 20)
    gone = say(store, run, SECRET)
    backup = backups.make("daily")
    purge(database, "delete from chats where id = ?", gone)
    writer = apsw.Connection(str(backup.path))
    writer.execute("begin immediate")
    with pytest.raises(UserError):
        backups.forget_purged()
    writer.execute("rollback")
    writer.close()
    assert holds(backup, SECRET)
    backups.forget_purged()
    assert not holds(backup, SECRET)


def test_a_backup_of_an_upgrade_is_listed_and_rid_of_what_went_too(
    tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "old" / "chats.db"
    path.parent.mkdir()
    with apsw.Connection(str(path)) as connection:
        schema = Path(__file__).parent / "schemas" / "v2.sql"
        connection.pragma("secure_delete", "on")
        connection.execute(schema.read_text()).fetchall()
    with Database.open(path) as database:
        backups = Backups(path.parent / "backups", path)
        upgrades = backups.backups()
        assert {each.reason for each in upgrades} == {"upgrade"}
        assert all(holds(each, "Greeting") for each in upgrades)
        purge(database, "delete from chats where title = 'Greeting' and id = ?", 1)
        backups.forget_purged()
        assert not any(holds(each, "Greeting") for each in upgrades)
        backups.rotate(1)
        assert len(backups.backups()) == len(upgrades)


def test_a_backup_takes_the_place_of_a_damaged_database(
    tmp_path: Path, database_path: Path, run: Run
) -> None:
    backups = Backups(tmp_path / "backups", database_path)
    with Database.open(database_path) as database:
        say(ChatStore(database), run, "first")
        backups.make("daily")
    database_path.write_bytes(b"scribbled over" * 1000)
    with Database.open(database_path) as database:
        assert database.notice is not None
        assert "Backups" in database.notice
        backups.restore(backups.backups()[0], database)
        assert titles(ChatStore(database)) == ["first"]


def test_an_upgrade_of_several_steps_leaves_one_backup(tmp_path: Path) -> None:
    path = tmp_path / "old" / "chats.db"
    path.parent.mkdir()
    with apsw.Connection(str(path)) as connection:
        schema = Path(__file__).parent / "schemas" / "v1.sql"
        connection.execute(schema.read_text()).fetchall()
    Database.open(path).close()
    found = Backups(path.parent / "backups", path).backups()
    assert [(each.reason, each.chats) for each in found] == [("upgrade", 1)]


RESTORER = """
import sys
from pathlib import Path
from desktop.storage.backups import Backups
from desktop.storage.database import Database

path = Path(sys.argv[1])
backups = Backups(path.parent / "backups", path)
with Database.open(path) as database:
    small, large = sorted(backups.backups(), key=lambda each: each.messages)
    print("ready", flush=True)
    while True:
        for backup in (small, large):
            backups.restore(backup, database)
            backups.rotate(1)
"""


def test_a_process_killed_while_it_restores_leaves_one_state_or_the_other(
    database: Database, backups: Backups, store: ChatStore, run: Run
) -> None:
    chance = random.Random(7)
    say(store, run, "first")
    backups.make("asked")
    say(store, run, "second " * 5000)
    backups.make("asked")
    database.close()
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", RESTORER, str(database.path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.25))
            process.kill()
        with Database.open(database.path) as after:
            assert after.notice is None
            assert len(titles(ChatStore(after))) in (1, 2)
            with after.reading() as connection:
                assert connection.execute("pragma integrity_check").get == "ok"
        for made in backups.backups():
            assert made.chats in (1, 2), "what is listed is whole"
            if made.reason != "asked":
                backups.remove(made)
