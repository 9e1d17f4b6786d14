"""What is deleted comes back whole, until it is purged; then nothing of it is left."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, cast

import pytest

from desktop.domain.chat import Chat, Message, MessageState, Run, is_private
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.private import Homes
from desktop.storage.purging import erase_chat
from desktop.storage.trash import KEPT_S


@pytest.fixture
def chat(store: ChatStore) -> Chat:
    return store.create_chat()


class Tree:
    """Writes exchanges and tells messages by their texts."""

    def __init__(self, store: ChatStore, chat: Chat, run: Run) -> None:
        self.store = store
        self.chat_id = chat.id
        self._run = run
        self.ids: dict[str, int] = {}

    def say(self, text: str, after: str | None = None) -> None:
        """Write a message, and a reply that is the message in capitals."""
        parent = self.ids[after] if after else None
        user, row = self.store.begin_exchange(self.chat_id, parent, text, self._run)
        self.store.finish(row.id, MessageState.COMPLETE, text.upper(), list(text.encode()))
        self.ids[text], self.ids[text.upper()] = user.id, row.id

    def again(self, text: str, reply: str) -> None:
        row = self.store.begin_reply(self.chat_id, self.ids[text], self._run)
        self.store.finish(row.id, MessageState.COMPLETE, reply, [1])
        self.ids[reply] = row.id

    @property
    def path(self) -> list[str]:
        return [message.text for message in self.store.path(self.chat_id)]

    def last(self) -> Message:
        return self.store.path(self.chat_id)[-1]


@pytest.fixture
def tree(store: ChatStore, chat: Chat, run: Run) -> Tree:
    made = Tree(store, chat, run)
    made.say("one")
    made.say("two", "ONE")
    made.say("three", "TWO")
    return made


WHOLE = ["one", "ONE", "two", "TWO", "three", "THREE"]


def test_a_reply_alone_goes_and_comes_back(store: ChatStore, tree: Tree) -> None:
    gone = store.delete_message(tree.ids["TWO"])
    assert tree.path == ["one", "ONE", "two", "three", "THREE"]
    assert (gone.count, gone.role, gone.text) == (1, "assistant", "TWO")
    assert store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == WHOLE
    assert store.deletions() == []


def test_a_question_takes_its_replies_along(store: ChatStore, tree: Tree) -> None:
    tree.again("two", "Other two")
    store.select_sibling(tree.chat_id, tree.ids["Other two"], -1)
    gone = store.delete_message(tree.ids["two"])
    assert gone.count == 3
    assert tree.path == ["one", "ONE", "three", "THREE"]
    store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == WHOLE
    assert store.message(tree.ids["TWO"]).sibling_count == 2


def test_the_first_question_goes_and_the_chat_begins_with_the_next(
    store: ChatStore, tree: Tree
) -> None:
    gone = store.delete_message(tree.ids["one"])
    assert tree.path == ["two", "TWO", "three", "THREE"]
    assert store.path(tree.chat_id)[0].parent_id is None
    store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == WHOLE


def test_a_branch_goes_with_all_that_follows(store: ChatStore, tree: Tree) -> None:
    gone = store.delete_branch(tree.ids["two"])
    assert (gone.count, gone.text) == (4, "two")
    assert tree.path == ["one", "ONE"]
    store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == WHOLE


def test_another_version_is_shown_in_place_of_a_deleted_one(store: ChatStore, tree: Tree) -> None:
    tree.again("two", "Other two")
    tree.again("two", "Third two")
    store.delete_branch(tree.ids["Third two"])
    assert tree.path[-1] == "Other two"
    assert (tree.last().sibling_index, tree.last().sibling_count) == (1, 2)
    store.delete_message(tree.ids["Other two"])
    assert tree.path == WHOLE
    assert tree.last().sibling_count == 1


def test_an_emptied_chat_stays(store: ChatStore, tree: Tree) -> None:
    gone = store.delete_branch(tree.ids["one"])
    assert tree.path == []
    assert [chat.id for chat in store.chats()] == [tree.chat_id]
    tree.say("anew")
    assert tree.path == ["anew", "ANEW"]
    store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == WHOLE
    assert store.message(tree.ids["anew"]).sibling_count == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_deletions_come_back_in_any_order(
    store: ChatStore, tree: Tree, order: tuple[int, ...]
) -> None:
    """One after another from the same place, each moving what the one before has left."""
    gone = [
        store.delete_message(tree.ids["TWO"]),
        store.delete_message(tree.ids["two"]),
        store.delete_message(tree.ids["ONE"]),
    ]
    assert tree.path == ["one", "three", "THREE"]
    assert [each.id for each in store.deletions()] == [each.id for each in reversed(gone)]
    for number in order:
        store.restore_deletion(tree.chat_id, gone[number].id)
    assert tree.path == WHOLE
    parents = [message.parent_id for message in store.path(tree.chat_id)]
    assert parents == [None, *[tree.ids[text] for text in WHOLE[:-1]]]


def test_what_hangs_from_a_deleted_branch_brings_it_back(store: ChatStore, tree: Tree) -> None:
    inner = store.delete_branch(tree.ids["three"])
    outer = store.delete_branch(tree.ids["two"])
    store.restore_deletion(tree.chat_id, inner.id)
    assert tree.path == WHOLE
    assert not store.restore_deletion(tree.chat_id, outer.id)


def test_a_reply_that_was_deleted_before_its_question(store: ChatStore, tree: Tree) -> None:
    tree.again("three", "Other three")
    reply = store.delete_message(tree.ids["Other three"])
    store.delete_message(tree.ids["three"])
    assert tree.path == ["one", "ONE", "two", "TWO"]
    store.restore_deletion(tree.chat_id, reply.id)
    assert tree.path == ["one", "ONE", "two", "TWO", "three", "Other three"]


def test_a_chat_in_the_trash_is_left_out_and_comes_back(store: ChatStore, tree: Tree) -> None:
    store.delete_message(tree.ids["THREE"])
    store.delete_chat(tree.chat_id)
    assert store.deletions() == [], "they come back with their chat"
    assert [chat.id for chat in store.deleted_chats()] == [tree.chat_id]
    store.restore_chat(tree.chat_id)
    assert len(store.deletions()) == 1
    assert tree.path == WHOLE[:-1]


def test_deleting_twice_is_refused_and_changes_nothing(store: ChatStore, tree: Tree) -> None:
    store.delete_branch(tree.ids["three"])
    with pytest.raises(UserError, match="deleted"):
        store.delete_branch(tree.ids["three"])
    with pytest.raises(UserError, match="deleted"):
        store.delete_message(tree.ids["THREE"])
    assert len(store.deletions()) == 1


@pytest.mark.parametrize("seed", range(15))
def test_whatever_was_deleted_comes_back_to_its_place(
    database: Database, store: ChatStore, chat: Chat, run: Run, seed: int
) -> None:
    chance = random.Random(seed)
    grow(store, chat, run, chance)
    before = parents_of(database)
    for _ in range(6):
        present = [each for each, hidden in hidden_of(database).items() if not hidden]
        if present:
            delete = chance.choice([store.delete_message, store.delete_branch])
            delete(chance.choice(present))
            check_tree(database, store, chat)
    while gone := store.deletions():
        store.restore_deletion(chat.id, chance.choice(gone).id)
        check_tree(database, store, chat)
    assert parents_of(database) == before
    assert not any(hidden_of(database).values())


def grow(store: ChatStore, chat: Chat, run: Run, chance: random.Random) -> None:
    replies: list[int | None] = [None]
    questions: list[int] = []
    for number in range(10):
        if questions and chance.random() < 0.3:
            row = store.begin_reply(chat.id, chance.choice(questions), run)
        else:
            user, row = store.begin_exchange(chat.id, chance.choice(replies), str(number), run)
            questions.append(user.id)
        store.finish(row.id, MessageState.COMPLETE, f"reply {number}", [])
        replies.append(row.id)


def parents_of(database: Database) -> dict[int, int | None]:
    with database.reading() as connection:
        rows: list[Any] = connection.execute("select id, parent_id from messages").fetchall()
    return dict(rows)


def hidden_of(database: Database) -> dict[int, bool]:
    with database.reading() as connection:
        rows: list[Any] = connection.execute(
            "select id, deleted_at is not null from messages"
        ).fetchall()
    return {each: bool(hidden) for each, hidden in rows}


def check_tree(database: Database, store: ChatStore, chat: Chat) -> None:
    """What is seen hangs together, and the chat shows one of its ends."""
    parents, hidden = parents_of(database), hidden_of(database)
    seen = {each for each, is_hidden in hidden.items() if not is_hidden}
    assert all(parents[each] is None or parents[each] in seen for each in seen)
    path = [message.id for message in store.path(chat.id)]
    assert set(path) <= seen
    assert bool(path) is bool(seen)
    if path:
        assert path[-1] not in {parents[each] for each in seen}, "it is a leaf"
    assert all(parent is None or parent < each for each, parent in parents.items())


def purge(store: ChatStore) -> None:
    while store.purge_some():
        pass


def content_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_a_purged_chat_is_gone_from_the_files(
    database_path: Path, database: Database, store: ChatStore, tree: Tree
) -> None:
    tree.say("Xylophonic quokkas", "THREE")
    store.rename_chat(tree.chat_id, "Zymurgical")
    assert b"Xylophonic" in content_of(database_path)
    assert store.condemn_chat(tree.chat_id) == {tree.chat_id}
    assert store.deleted_chats() == []
    assert store.chats() == []
    purge(store)
    content = content_of(database_path).lower()
    assert b"xylophonic" not in content
    assert b"quokkas" not in content, "nor is it in the index of search"
    assert b"zymurgical" not in content
    with database.reading() as connection:
        for table in ("messages", "runs", "deletions", "chats"):
            assert connection.execute(f"select count(*) from {table}").get == 0


def test_purged_messages_are_gone_and_the_others_stay(
    database_path: Path, store: ChatStore, tree: Tree
) -> None:
    tree.say("Xylophonic quokkas", "THREE")
    tree.say("after them", "XYLOPHONIC QUOKKAS")
    gone = store.delete_message(tree.ids["Xylophonic quokkas"])
    assert store.condemn_deletion(tree.chat_id, gone.id) == {tree.chat_id}
    assert not store.restore_deletion(tree.chat_id, gone.id)
    purge(store)
    assert tree.path == [*WHOLE, "after them", "AFTER THEM"]
    assert b"quokkas" not in content_of(database_path).lower()


def test_a_purged_branch_takes_along_what_was_deleted_under_it(
    store: ChatStore, tree: Tree
) -> None:
    store.delete_branch(tree.ids["three"])
    outer = store.delete_branch(tree.ids["two"])
    store.condemn_deletion(tree.chat_id, outer.id)
    assert store.deletions() == []
    purge(store)
    assert tree.path == ["one", "ONE"]


def test_only_what_is_old_enough_is_purged(
    database: Database, store: ChatStore, tree: Tree
) -> None:
    old, young = store.create_chat("Old"), store.create_chat("Young")
    store.delete_chat(old.id)
    store.delete_chat(young.id)
    forgotten = store.delete_message(tree.ids["THREE"])
    store.delete_message(tree.ids["TWO"])
    month_ago = time.time() - KEPT_S - 60
    with database.transaction() as connection:
        connection.execute("update chats set deleted_at = ? where id = ?", (month_ago, old.id))
        for table in ("messages", "deletions"):
            connection.execute(
                f"update {table} set deleted_at = ? where deleted_at = ?",
                (month_ago, forgotten.deleted_at),
            )
    assert store.condemn_trash(before=time.time() - KEPT_S) == {old.id, tree.chat_id}
    purge(store)
    assert [chat.id for chat in store.deleted_chats()] == [young.id]
    assert [each.text for each in store.deletions()] == ["TWO"]
    assert store.condemn_trash() == {young.id, tree.chat_id}
    assert store.condemn_trash() == {young.id, tree.chat_id}, "as after a crash"
    purge(store)
    assert store.deletions() == []
    assert store.deleted_chats() == []
    assert tree.path == ["one", "ONE", "two", "three"]


def test_nothing_is_written_in_a_chat_that_is_being_purged(
    store: ChatStore, tree: Tree, run: Run
) -> None:
    store.condemn_chat(tree.chat_id)
    with pytest.raises(UserError, match="for good"):
        store.begin_exchange(tree.chat_id, tree.ids["THREE"], "four", run)
    store.restore_chat(tree.chat_id)
    assert store.chats() == []


def test_a_reply_that_ends_in_the_trash_or_after_it_harms_nothing(
    store: ChatStore, tree: Tree, run: Run
) -> None:
    user, row = store.begin_exchange(tree.chat_id, tree.ids["THREE"], "four", run)
    gone = store.delete_branch(user.id)
    store.checkpoint(row.id, "half", [1])
    store.finish(row.id, MessageState.STOPPED, "half a", [1, 2])
    assert tree.path == WHOLE
    store.restore_deletion(tree.chat_id, gone.id)
    assert tree.path == [*WHOLE, "four", "half a"]
    _, row = store.begin_exchange(tree.chat_id, row.id, "five", run)
    store.condemn_chat(tree.chat_id)
    purge(store)
    store.checkpoint(row.id, "half", [1])
    with pytest.raises(UserError, match="was deleted"):
        store.finish(row.id, MessageState.STOPPED, "half a", [1, 2])


def test_a_long_chat_is_erased_though_each_message_hangs_from_the_one_before(
    database: Database, store: ChatStore, chat: Chat
) -> None:
    """SQLite follows no more than a thousand rows from parent to child."""
    make_long(database, chat, 1500)
    with database.transaction() as connection:
        erase_chat(connection, chat.id)
        assert connection.execute("select count(*) from messages").get == 0


def test_a_long_branch_is_deleted_brought_back_and_purged(
    database_path: Path, database: Database, store: ChatStore, chat: Chat
) -> None:
    ids = make_long(database, chat, 1500)
    gone = store.delete_branch(ids[10])
    assert gone.count == 1490
    assert len(store.path(chat.id)) == 10
    store.restore_deletion(chat.id, gone.id)
    assert len(store.path(chat.id)) == 1500
    with database.transaction() as connection:
        connection.execute("update messages set text = text || ' quokka' where id > ?", (ids[9],))
    gone = store.delete_branch(ids[10])
    store.condemn_deletion(chat.id, gone.id)
    assert store.purge_some()
    assert store.condemn_trash(before=0) == {chat.id}, "as at the next start after a crash"
    purge(store)
    assert [message.id for message in store.path(chat.id)] == ids[:10]
    assert b"quokka" not in content_of(database_path), "nor in the index, written anew"
    with database.transaction() as connection:
        for index in ("message_words", "message_parts"):
            check = f"insert into {index} ({index}, rank) values ('integrity-check', 1)"
            connection.execute(check)
            strict = f"select v from {index}_config where k = 'secure-delete'"
            assert connection.execute(strict).get == 1


def make_long(database: Database, chat: Chat, count: int) -> list[int]:
    ids: list[int] = []
    with database.transaction() as connection:
        for number in range(count):
            connection.execute(
                "insert into messages (chat_id, parent_id, role, state, created_at, text)"
                " values (?, ?, ?, 'complete', 1.0, ?)",
                (
                    chat.id,
                    ids[-1] if ids else None,
                    "assistant" if number % 2 else "user",
                    f"message {number}",
                ),
            )
            ids.append(connection.last_insert_rowid())
        connection.execute("update chats set leaf_id = ? where id = ?", (ids[-1], chat.id))
    return ids


def test_what_is_deleted_in_a_private_chat_never_meets_the_disk(store: ChatStore, run: Run) -> None:
    homes = Homes(store)
    chat = homes.create_private_chat()
    tree = Tree(cast("ChatStore", homes), chat, run)
    tree.say("one")
    tree.say("two", "ONE")
    gone = cast("ChatStore", homes).delete_branch(tree.ids["two"])
    assert tree.path == ["one", "ONE"]
    assert store.deletions() == []
    assert cast("ChatStore", homes).restore_deletion(chat.id, gone.id)
    branch = cast("ChatStore", homes).branch_chat(tree.ids["ONE"])
    assert is_private(branch.id)
    assert store.chats() == []
    homes.forget(chat.id)
    assert [each.id for each in homes.all_chats()] == [branch.id]
    homes.close()
