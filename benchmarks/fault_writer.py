"""A process that does everything one can do with chats, at random, until it is killed.

``python -m benchmarks.fault_writer DATABASE SEED``. It says what it is about to do, and what came
of it only once the store has acknowledged it: a line of JSON each.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from desktop.domain.chat import Chat, MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

_RUN: Final = Run(model_path="/models/tiny.gguf", model_name="Tiny")
_WORDS: Final = ("tide", "harbour", "rope", "lantern", "gull", "salt", "anchor", "mist", "ballast")
_MOST_CHATS: Final = 8


class Writer:
    """Acts on a store; each action is one that a window or a terminal has."""

    def __init__(self, store: ChatStore, seed: int) -> None:
        self._store = store
        self._chance = random.Random(seed)

    def act(self) -> None:
        """Do one thing, chosen at random, to a chat, chosen at random."""
        chats = self._store.chats()
        if not chats or (len(chats) < _MOST_CHATS and self._chance.random() < 0.1):
            say("will", "create")
            say("chat", self._store.create_chat().id)
            return
        chat = self._chance.choice(chats)
        actions: list[Callable[[Chat], None]] = [
            self._exchange,
            self._exchange,
            self._exchange,
            self._again,
            self._edit,
            self._go_on,
            self._delete,
            self._restore,
            self._look_at_another_version,
            self._branch,
            self._bin,
            self._purge,
        ]
        weights = [1.0] * (len(actions) - 3) + [0.3, 0.2, 0.3]
        try:
            self._chance.choices(actions, weights)[0](chat)
        except UserError:
            # It is in the trash, or being purged: there is nothing to be done with it.
            say("refused", chat.id)

    def _text(self) -> str:
        return " ".join(self._chance.choices(_WORDS, k=self._chance.randint(1, 60)))

    def _exchange(self, chat: Chat) -> None:
        path = self._store.path(chat.id)
        say("will", "exchange", chat.id)
        user, reply = self._store.begin_exchange(
            chat.id, path[-1].id if path else None, self._text(), _RUN
        )
        say("message", chat.id, user.id, user.text)
        self._write(chat, reply.id, "", [])

    def _again(self, chat: Chat) -> None:
        asked = [each.id for each in self._store.path(chat.id) if each.role == "user"]
        if asked:
            say("will", "again", chat.id)
            start = self._chance.choice(["", "To begin"])
            row = self._store.begin_reply(chat.id, self._chance.choice(asked), _RUN, start)
            self._write(chat, row.id, row.text, [])

    def _edit(self, chat: Chat) -> None:
        if replies := self._replies(chat):
            say("will", "edit", chat.id)
            edited = self._store.edit_reply(self._chance.choice(replies), self._text())
            say("message", chat.id, edited.id, edited.text)

    def _go_on(self, chat: Chat) -> None:
        if replies := self._replies(chat):
            say("will", "go on", chat.id)
            row = self._store.begin_continuation(self._chance.choice(replies), _RUN)
            say("message", chat.id, row.id, row.text)
            self._write(chat, row.id, row.text, list(self._store.turn(row.id).token_ids))

    def _write(self, chat: Chat, message_id: int, text: str, ids: list[int]) -> None:
        for _ in range(self._chance.randint(0, 3)):
            text = f"{text} {self._text()}"
            ids = [*ids, len(text)]
            self._store.checkpoint(message_id, text, ids)
            say("message", chat.id, message_id, text)
        self._store.finish(message_id, MessageState.COMPLETE, text, ids)
        say("message", chat.id, message_id, text)

    def _delete(self, chat: Chat) -> None:
        if path := self._store.path(chat.id):
            say("will", "delete", chat.id)
            delete = self._chance.choice([self._store.delete_message, self._store.delete_branch])
            say("deletion", chat.id, delete(self._chance.choice(path).id).id)

    def _restore(self, chat: Chat) -> None:
        gone = [each for each in self._store.deletions() if each.chat_id == chat.id]
        if gone:
            say("will", "restore", chat.id)
            deletion = self._chance.choice(gone)
            self._store.restore_deletion(chat.id, deletion.id)
            say("restored", chat.id, deletion.id, deletion.message_id)

    def _look_at_another_version(self, chat: Chat) -> None:
        if path := self._store.path(chat.id):
            chosen = self._chance.choice(path)
            self._store.select_sibling(chat.id, chosen.id, self._chance.choice([-1, 1]))

    def _branch(self, chat: Chat) -> None:
        if path := self._store.path(chat.id):
            say("will", "branch", chat.id)
            made = self._store.branch_chat(self._chance.choice(path).id)
            say("chat", made.id)
            for each in self._store.path(made.id):
                say("message", made.id, each.id, each.text)

    def _bin(self, chat: Chat) -> None:
        say("will", "bin", chat.id)
        self._store.delete_chat(chat.id)
        say("binned", chat.id)
        if self._chance.random() < 0.7:
            self._store.restore_chat(chat.id)
            say("unbinned", chat.id)

    def _purge(self, chat: Chat) -> None:
        what = self._chance.choice(["chat", "deletion", "trash"])
        if what == "chat":
            say("will", "purge", chat.id)
            self._store.condemn_chat(chat.id)
        elif what == "trash":
            touched = {each.chat_id for each in self._store.deletions()}
            for chat_id in touched | {each.id for each in self._store.deleted_chats()}:
                say("will", "purge", chat_id)
            self._store.condemn_trash()
        else:
            gone = [each for each in self._store.deletions() if each.chat_id == chat.id]
            if not gone:
                return
            say("will", "purge", chat.id)
            self._store.condemn_deletion(chat.id, self._chance.choice(gone).id)
        while self._store.purge_some():
            pass
        say("purged", chat.id)

    def _replies(self, chat: Chat) -> list[int]:
        return [each.id for each in self._store.path(chat.id) if each.role == "assistant"]


def say(*words: object) -> None:
    """Write a line that whoever watches can rely on."""
    sys.stdout.buffer.write(msgspec.json.encode(words) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Act until somebody ends it."""
    database = Database.open(Path(sys.argv[1]))
    store = ChatStore(database)
    store.recover_interrupted()
    while store.purge_some():
        pass
    writer = Writer(store, int(sys.argv[2]))
    say("ready", time.monotonic())
    while True:
        writer.act()


if __name__ == "__main__":
    main()
