"""Kills a process that writes chats, at random moments, and looks at what it has left.

Nothing that was acknowledged may be missing: each message with its text, each deletion, each chat
in its place; the file is whole, each row has its parent, and search's index is that of the texts.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from benchmarks.figures import Figure
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

KILLS: Final = 200
_LONGEST_S: Final = 0.6
_INDEXES: Final = ("message_words", "message_parts", "title_words", "title_parts")


class Ledger:
    """What the killed processes had been told is safe."""

    def __init__(self) -> None:
        self.messages: dict[int, tuple[int, str]] = {}
        """The chat and the text of each message, by its number."""
        self.chats: set[int] = set()
        self.deletions: dict[int, int] = {}
        """The chat of each deletion that stands."""
        self.lines = 0

    def take(self, lines: Sequence[bytes]) -> None:
        """Take in what a process said until its end; its last action may have come to anything."""
        will: list[Any] = []
        for line in lines:
            word, *rest = msgspec.json.decode(line)
            self.lines += 1
            will = rest if word == "will" else [] if word in _ENDS else will
            match word, rest:
                case "chat", [chat_id]:
                    self.chats.add(chat_id)
                case "message", [chat_id, message_id, text]:
                    self.messages[message_id] = chat_id, text
                case "deletion", [chat_id, deletion_id]:
                    self.deletions[deletion_id] = chat_id
                case "restored", [chat_id, *_]:
                    # What it hung from may have come back with it.
                    self._forget_deletions(chat_id)
                case "will", ["purge", chat_id]:
                    self._forget(chat_id)
        if will and will[0] == "restore":
            self._forget_deletions(will[1])

    def _forget_deletions(self, chat_id: int) -> None:
        self.deletions = {key: home for key, home in self.deletions.items() if home != chat_id}

    def _forget(self, chat_id: int) -> None:
        """Expect nothing more of a chat that something was purged of."""
        self.chats.discard(chat_id)
        self.messages = {key: kept for key, kept in self.messages.items() if kept[0] != chat_id}
        self._forget_deletions(chat_id)


_ENDS: Final = frozenset({"chat", "message", "deletion", "restored", "binned", "purged", "refused"})


def kill_and_look(path: Path, kills: int, seed: int = 1) -> tuple[Ledger, list[str]]:
    """Kill so many processes at work on one database; return what they knew and what is wrong."""
    chance, ledger, wrong = random.Random(seed), Ledger(), []
    for number in range(kills):
        ledger.take(_lines_until_killed(path, number, chance.random() * _LONGEST_S))
        wrong += [f"kill {number}: {trouble}" for trouble in troubles(path, ledger)]
    return ledger, wrong


def _lines_until_killed(path: Path, seed: int, after_s: float) -> list[bytes]:
    command = [sys.executable, "-m", "benchmarks.fault_writer", str(path), str(seed)]
    # Unbuffered, so that nothing is read ahead of the first line.
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            rest, _ = process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            rest, _ = process.communicate()
    if process.returncode >= 0:
        raise RuntimeError(f"the writer ended by itself, with status {process.returncode}")
    # A line that was cut was not acknowledged.
    return rest.splitlines()[: rest.count(b"\n")]


def troubles(path: Path, ledger: Ledger) -> Iterator[str]:
    """Yield what is wrong with the database that a killed process has left."""
    with Database.open(path) as database:
        if database.notice:
            yield database.notice
            return
        store = ChatStore(database)
        store.recover_interrupted()
        with database.transaction() as connection:
            yield from _damage(connection)
            yield from _lost(connection, ledger)
            yield from _astray(connection)
        for chat in store.chats():
            path_ids = [message.id for message in store.path(chat.id)]
            if path_ids != sorted(path_ids):
                yield f"the path of chat {chat.id} is in disorder"


def _damage(connection: apsw.Connection) -> Iterator[str]:
    if (found := connection.pragma("integrity_check")) != "ok":
        yield f"integrity: {found}"
    if connection.execute("pragma foreign_key_check").fetchall():
        yield "rows without a parent"
    for index in _INDEXES:
        try:
            connection.execute(f"insert into {index} ({index}, rank) values ('integrity-check', 1)")
        except apsw.CorruptError:
            yield f"{index} isn't the index of what is there"


def _lost(connection: apsw.Connection, ledger: Ledger) -> Iterator[str]:
    for message_id, (chat_id, text) in ledger.messages.items():
        row = connection.execute(
            "select chat_id, text from messages where id = ?", (message_id,)
        ).fetchone()
        if row is None:
            yield f"message {message_id} is lost"
        elif row[0] != chat_id or not str(row[1]).startswith(text):
            yield f"message {message_id} is another"
    for table, wanted in (("chats", ledger.chats), ("deletions", ledger.deletions)):
        there = {row[0] for row in connection.execute(f"select id from {table}")}
        if missing := set(wanted) - there:
            yield f"{table} lost: {sorted(missing)}"


def _astray(connection: apsw.Connection) -> Iterator[str]:
    """Yield what does not hang together in the trees."""
    checks = {
        "a message that is seen hangs from one in the trash": (
            "select m.id from messages m join messages p on p.id = m.parent_id"
            " where m.deleted_at is null and p.deleted_at is not null"
        ),
        "a message hangs from one of another chat": (
            "select m.id from messages m join messages p on p.id = m.parent_id"
            " where m.chat_id <> p.chat_id"
        ),
        "a chat shows what is in the trash": (
            "select c.id from chats c join messages m on m.id = c.leaf_id"
            " where m.deleted_at is not null and coalesce(c.deleted_at, 0) >= 0"
        ),
        "a chat shows nothing though there is something": (
            "select c.id from chats c where c.leaf_id is null and coalesce(c.deleted_at, 0) >= 0"
            " and exists (select 1 from messages where chat_id = c.id and deleted_at is null)"
        ),
        "a chat ends where it goes on": (
            "select c.id from chats c join messages m on m.parent_id = c.leaf_id"
            " where m.deleted_at is null and coalesce(c.deleted_at, 0) >= 0"
        ),
    }
    for trouble, statement in checks.items():
        if rows := connection.execute(statement).fetchall():
            yield f"{trouble}: {rows[:5]}"


def measure() -> Iterator[Figure]:
    """Kill two hundred processes."""
    with tempfile.TemporaryDirectory() as folder:
        ledger, wrong = kill_and_look(Path(folder) / "data" / "chats.db", KILLS)
    for trouble in wrong[:20]:
        print(f"  {trouble}", file=sys.stderr)
    yield Figure(
        name=f"{KILLS} processes killed while they write chats: troubles",
        value=len(wrong),
        reach=0,
        better="lower",
        unit="cases",
        detail={"acknowledged": ledger.lines, "messages": len(ledger.messages)},
    )
