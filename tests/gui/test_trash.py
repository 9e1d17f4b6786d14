"""The trash through the session: back, or gone for good, and whoever keeps traces hears of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.controllers.store import StoreThread
from desktop.controllers.trash import TrashController
from desktop.domain.chat import Chat, MessageState, Run
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.trash import KEPT_S

RUN = Run(model_path="m", model_name="M")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chats.db"


def make(path: Path, *titles: str) -> list[Chat]:
    with Database.open(path) as database:
        store = ChatStore(database)
        chats = []
        for title in titles:
            chats.append(chat := store.create_chat(title))
            _, row = store.begin_exchange(chat.id, None, f"Tell me of {title}", RUN)
            store.finish(row.id, MessageState.COMPLETE, f"{title} it is", [1])
            store.delete_chat(chat.id)
        return chats


@pytest.fixture
def thread(path: Path) -> StoreThread:
    return StoreThread(path)


def test_the_trash_is_emptied_and_says_of_whom(
    qtbot: QtBot, path: Path, thread: StoreThread
) -> None:
    quokkas, wombats = make(path, "Quokkas", "Wombats")
    trash = TrashController(thread)
    with qtbot.waitSignal(trash.changed):
        trash.refresh()
    assert {chat.title for chat in trash.chats} == {"Quokkas", "Wombats"}
    with qtbot.waitSignal(trash.restored):
        trash.restore_chat(wombats.id)
    with qtbot.waitSignal(trash.purged) as purged:
        trash.empty()
    assert purged.args == [{quokkas.id}]
    qtbot.waitUntil(lambda: trash.chats == [])
    thread.close()
    content = b"".join(file.read_bytes() for file in path.parent.iterdir()).lower()
    assert b"quokkas" not in content
    assert b"wombats" in content


def test_what_is_old_goes_at_the_start(qtbot: QtBot, path: Path, thread: StoreThread) -> None:
    old, young = make(path, "Old", "Young")
    with Database.open(path) as database, database.transaction() as connection:
        month_ago = time.time() - KEPT_S - 60
        connection.execute("update chats set deleted_at = ? where id = ?", (month_ago, old.id))
    trash = TrashController(thread)
    with qtbot.waitSignal(trash.purged) as purged:
        trash.expire()
    assert purged.args == [{old.id}]
    qtbot.waitUntil(lambda: [chat.id for chat in trash.chats] == [young.id])
    trash.close()
    thread.close()


def test_what_a_crash_left_half_deleted_goes_at_the_next_start(
    qtbot: QtBot, path: Path, thread: StoreThread
) -> None:
    (chat,) = make(path, "Quokkas")
    with Database.open(path) as database:
        ChatStore(database).condemn_chat(chat.id)
    trash = TrashController(thread)
    with qtbot.waitSignal(trash.purged) as purged:
        trash.expire()
    assert purged.args == [{chat.id}]
    trash.close()
    thread.close()


def test_messages_come_back_one_deletion_at_a_time(
    qtbot: QtBot, path: Path, thread: StoreThread
) -> None:
    with Database.open(path) as database:
        store = ChatStore(database)
        chat = store.create_chat("Talk")
        user, row = store.begin_exchange(chat.id, None, "Hello", RUN)
        store.finish(row.id, MessageState.COMPLETE, "Hi", [1])
        store.delete_message(row.id)
        store.delete_message(user.id)
    trash = TrashController(thread)
    with qtbot.waitSignal(trash.changed):
        trash.refresh()
    assert [each.text for each in trash.deletions] == ["Hello", "Hi"]
    with qtbot.waitSignal(trash.restored) as restored:
        trash.restore_messages(trash.deletions[1])
    assert restored.args == [chat.id]
    qtbot.waitUntil(lambda: trash.deletions == [])
    thread.close()
    with Database.open(path) as database:
        assert [each.text for each in ChatStore(database).path(chat.id)] == ["Hello", "Hi"]
