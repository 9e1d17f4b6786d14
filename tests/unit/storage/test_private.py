"""Private chats: the same store, on no disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import apsw
import pytest

from desktop.domain.chat import ChatView, MessageState, Run, is_private
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.private import Homes

SECRET = "a word that no file may hold"


@pytest.fixture
def homes(store: ChatStore) -> Iterator[Homes]:
    homes = Homes(store)
    yield homes
    homes.close()


def both(homes: Homes) -> ChatStore:
    return cast("ChatStore", homes)


def test_nothing_of_a_private_chat_reaches_a_file(
    homes: Homes, database: Database, run: Run
) -> None:
    both(homes).begin_exchange(both(homes).create_chat().id, None, "an open word", run)
    chat = homes.create_private_chat()
    user, reply = both(homes).begin_exchange(chat.id, None, SECRET, run)
    both(homes).checkpoint(reply.id, SECRET, [1, 2])
    both(homes).finish(reply.id, MessageState.COMPLETE, SECRET, [1, 2])
    both(homes).save_view(chat.id, ChatView(draft=SECRET))
    both(homes).set_overrides(chat.id, {"system_prompt": SECRET})
    assert [each.text for each in both(homes).path(chat.id)] == [SECRET, SECRET]
    assert both(homes).view(chat.id).draft == SECRET
    assert both(homes).turn(reply.id).token_ids == (1, 2)
    files = [path for path in database.path.parent.iterdir() if path.is_file()]
    held = b"".join(path.read_bytes() for path in files)
    assert b"an open word" in held
    assert SECRET.encode() not in held
    assert is_private(user.id)


def test_both_kinds_of_chats_are_listed_and_told_apart(homes: Homes, store: ChatStore) -> None:
    kept = store.create_chat("kept")
    private = homes.create_private_chat()
    both(homes).rename_chat(private.id, "private")
    assert [each.title for each in homes.all_chats()] == ["private", "kept"]
    assert [each.title for each in both(homes).chats()] == ["kept"]
    assert (is_private(kept.id), is_private(private.id)) == (False, True)


def test_numbers_of_private_chats_are_not_taken_for_others(
    homes: Homes, store: ChatStore, run: Run
) -> None:
    kept = store.create_chat("kept")
    store.begin_exchange(kept.id, None, "hello", run)
    private = homes.create_private_chat()
    both(homes).delete_chat(private.id)
    assert [each.id for each in store.chats()] == [kept.id]
    assert [each.id for each in homes.all_chats()] == [kept.id]


def test_a_forgotten_private_chat_is_gone(homes: Homes, run: Run) -> None:
    chat = homes.create_private_chat()
    _, reply = both(homes).begin_exchange(chat.id, None, "hello", run)
    homes.forget(chat.id)
    assert homes.all_chats() == []
    with pytest.raises(LookupError):
        both(homes).message(reply.id)


def test_a_late_call_for_a_private_chat_can_not_reach_the_disk(
    homes: Homes, store: ChatStore, run: Run
) -> None:
    chat = homes.create_private_chat()
    homes.close()
    with pytest.raises(apsw.ConstraintError):
        both(homes).begin_exchange(chat.id, None, SECRET, run)
    assert store.chats() == []
