"""The store under what goes wrong outside of it: a killed process, a full disk, a second writer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.domain.chat import Chat, MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.writers import Writer, is_alive, this_writer

WRITER = """
import sys
from pathlib import Path
from desktop.domain.chat import Run
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

store = ChatStore(Database.open(Path(sys.argv[1])))
chat = store.create_chat()
_, reply = store.begin_exchange(chat.id, None, "Hello", Run(model_path="m", model_name="M"))
print(chat.id, reply.id, flush=True)
written = 0
while True:
    written += 100
    store.checkpoint(reply.id, "x" * written, range(written))
    print(written, flush=True)
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from desktop.domain.chat import MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

store = ChatStore(Database.open(Path(sys.argv[1])))
chat = store.create_chat()
_, reply = store.begin_exchange(chat.id, None, "Hello", Run(model_path="m", model_name="M"))
store.checkpoint(reply.id, "safe", [1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
try:
    store.checkpoint(reply.id, "x" * 1_000_000, [])
except UserError as error:
    print(error.title, "|", error.hint)
print(store.message(reply.id).text)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(len(store.finish(reply.id, MessageState.COMPLETE, "y" * 1_000_000, []).text))
"""


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    return iter(process.stdout)


@pytest.mark.parametrize("checkpoints", [1, 20, 60])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(
    database_path: Path, run: Run, checkpoints: int
) -> None:
    with running(WRITER, str(database_path)) as writer:
        acknowledged = lines(writer)
        chat_id, reply_id = map(int, next(acknowledged).split())
        for _ in range(checkpoints):
            written = int(next(acknowledged))
        with Database.open(database_path) as database:
            assert ChatStore(database).recover_interrupted() == 0
            writer.kill()
            written = max([written, *(int(line) for line in acknowledged if line.endswith("\n"))])
            writer.wait()
            store = ChatStore(database)
            assert store.recover_interrupted() == 1
            assert store.recover_interrupted() == 0
            user, reply = store.path(chat_id)
            assert user.text == "Hello"
            assert (reply.id, reply.state) == (reply_id, MessageState.INTERRUPTED)
            assert len(reply.text) >= written
            assert len(store.turn(reply_id).token_ids) == len(reply.text)
            continued = store.begin_continuation(reply_id, run)
            assert continued.text == reply.text
    with Database.open(database_path) as again:
        assert again.notice is None


def test_a_reply_of_this_process_is_not_taken_for_interrupted(store: ChatStore, run: Run) -> None:
    store.begin_exchange(store.create_chat().id, None, "Hello", run)
    assert store.recover_interrupted() == 0


def test_a_process_id_that_was_given_again_is_another_writer() -> None:
    mine = this_writer()
    assert is_alive(mine)
    assert not is_alive(Writer(mine.pid, mine.started_at - 3600))


def test_two_processes_write_in_turn(database_path: Path, store: ChatStore) -> None:
    with running(WRITER, str(database_path)) as writer:
        theirs = lines(writer)
        next(theirs)
        mine = [store.create_chat(str(number)).id for number in range(20)]
        progress = [int(next(theirs)) for _ in range(20)]
    assert progress == sorted(progress)
    assert set(mine) < {chat.id for chat in store.chats()}


@pytest.fixture
def chat(store: ChatStore) -> Chat:
    return store.create_chat()


def test_a_full_disk_loses_nothing_and_is_got_over(
    database: Database, store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    store.checkpoint(reply.id, "safe", [1])
    writer = database._writer
    writer.pragma("max_page_count", int(writer.pragma("page_count")) + 2)
    with pytest.raises(UserError, match="disk is full") as trouble:
        store.checkpoint(reply.id, "x" * 100_000, range(1000))
    assert str(database.path.parent) in trouble.value.hint
    with pytest.raises(UserError, match="disk is full"):
        store.begin_exchange(chat.id, None, "y" * 100_000, run)
    assert [message.text for message in store.path(chat.id)] == ["Hello", "safe"]
    writer.pragma("max_page_count", 1_000_000)
    ended = store.finish(reply.id, MessageState.COMPLETE, "x" * 100_000, range(1000))
    assert len(ended.text) == 100_000


@pytest.mark.skipif(os.name == "nt", reason="the limit of a file's size is POSIX")
def test_a_disk_that_refuses_to_write_is_got_over(database_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(database_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    trouble, kept, length = done.stdout.splitlines()
    title, hint = trouble.split(" | ")
    assert str(database_path) in title
    assert "room" in hint
    assert kept == "safe"
    assert length == "1000000"
