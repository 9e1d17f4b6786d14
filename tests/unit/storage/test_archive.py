"""Chats taken out of the store and put in again are the same: trees by chance, and faults."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from desktop.domain.archive import ArchivedChat, BadArchive, checked
from desktop.domain.chat import Chat, ChatView, MessageState, Run
from desktop.domain.context import Context, NewSummary
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.records import Report
from tests.unit.storage.conftest import turns


def grow(store: ChatStore, chance: random.Random, run: Run) -> Chat:
    """Make a chat by what people do, in a random order."""
    chat = store.create_chat(chance.choice(["", "A title"]))
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    for number in range(chance.randint(1, 14)):
        if reply.state is MessageState.STREAMING:
            ids = [chance.randrange(1 << 32) for _ in range(chance.randrange(5))]
            reply = store.finish(
                reply.id,
                chance.choice([MessageState.COMPLETE, MessageState.STOPPED, MessageState.FAILED]),
                f"reply {number} “ü”\n\0😀",
                ids,
                finish_reason="end_of_turn",
                report=Report(completion_tokens=len(ids), seed=7),
                problem=chance.choice([None, ("It failed.", "Try again.")]),
            )
        path = store.path(chat.id)
        at = chance.choice(path)
        match chance.randrange(7):
            case 0:
                store.pin_message(at.id, pinned=True)
            case 1 if at.role == "assistant":
                reply = store.edit_reply(at.id, "a person's own words")
            case 2 if at.role == "assistant":
                reply = store.begin_continuation(at.id, run)
            case 3 if at.role == "user":
                reply = store.begin_reply(chat.id, at.id, run, "Well,")
            case 4 if len(path) > 2:
                store.delete_branch(path[-1].id)
                reply = store.path(chat.id)[-1]
            case 5:
                store.select_sibling(chat.id, at.id, chance.choice([-1, 1]))
                reply = store.path(chat.id)[-1]
            case _:
                last = store.path(chat.id)[-1]
                if last.state is MessageState.STREAMING:
                    continue
                parent = last.id if last.role == "assistant" else last.parent_id
                _, reply = store.begin_exchange(chat.id, parent, f"question {number}", run)
    store.save_view(chat.id, ChatView(draft="unsent"))
    store.set_overrides(chat.id, {"temperature": 0.3})
    return chat


def numbered(chat: ArchivedChat) -> dict[str, object]:
    """Return a chat as plain data in which messages are numbered by their places."""
    places = {message.id: at for at, message in enumerate(chat.messages)}
    data = msgspec.structs.asdict(chat)
    data["leaf"] = None if chat.leaf is None else places[chat.leaf]
    data["messages"] = [
        msgspec.structs.asdict(message)
        | {
            "id": places[message.id],
            "parent": None if message.parent is None else places[message.parent],
            "context": None
            if message.context is None
            else (places[message.context.kept_from], message.context.left_out),
        }
        for message in chat.messages
    ]
    data["summaries"] = [
        (places[each.first], places[each.last], [places[m] for m in each.messages], each.text)
        for each in chat.summaries
    ]
    return data


@pytest.mark.parametrize("seed", range(12))
def test_a_chat_comes_back_as_it_went(
    store: ChatStore, tmp_path: Path, run: Run, seed: int
) -> None:
    chat = grow(store, random.Random(seed), run)
    folder = store.create_folder("Work")
    store.move_chat(chat.id, folder.id)
    # As a file carries it.
    out = msgspec.json.decode(msgspec.json.encode(store.archived_chat(chat.id)), type=ArchivedChat)
    with Database.open(tmp_path / "other" / "chats.db") as database:
        other = ChatStore(database)
        other.create_chat("in the way")
        new = other.add_archived(checked(out))
        assert numbered(other.archived_chat(new)) == numbered(checked(out))
        shown = [
            (each.text, each.role, each.sibling_index, each.sibling_count, each.report)
            for each in other.path(new)
        ]
        assert shown == [
            (each.text, each.role, each.sibling_index, each.sibling_count, each.report)
            for each in store.path(chat.id)
        ]
        assert other.has_archived(checked(out))
        with database.reading() as connection:
            assert connection.execute("pragma integrity_check").get == "ok"
            assert not connection.execute("pragma foreign_key_check").fetchall()


def test_summaries_and_what_was_left_out_come_along(store: ChatStore, run: Run) -> None:
    chat = store.create_chat()
    first, reply = store.begin_exchange(chat.id, None, "One", run)
    reply = store.finish(reply.id, MessageState.COMPLETE, "ONE", [1])
    _, second = store.begin_exchange(chat.id, reply.id, "Two", run)
    store.keep_context(
        second.id,
        Context(kept_from=second.parent_id or 0),
        NewSummary(message_ids=(first.id, reply.id), text="They said one."),
    )
    store.finish(second.id, MessageState.COMPLETE, "TWO", [2])
    archived = checked(store.archived_chat(chat.id))
    new = store.add_archived(archived)
    assert numbered(store.archived_chat(new)) == numbered(archived)
    context = store.path(new)[-1].context
    assert context is not None
    assert context.left_out == 2
    assert context.summary_id in store.summaries(new)


def test_what_fails_leaves_nothing_behind(store: ChatStore, run: Run) -> None:
    chat = store.create_chat()
    store.begin_exchange(chat.id, None, "Hello", run)
    good = checked(store.archived_chat(chat.id))
    bad = msgspec.structs.replace(
        good, messages=(*good.messages, msgspec.structs.replace(good.messages[0], parent=999))
    )
    before = len(store.chats())
    with pytest.raises(KeyError):
        store.add_archived(bad)
    assert len(store.chats()) == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"parent": 99}, "isn't there"),
        ({"id": 1}, "same number"),
        ({"token_ids": (1 << 32,)}, "token"),
        ({"created_at": 1e30}, "calendar"),
    ],
)
def test_a_tree_that_is_none_is_refused(
    store: ChatStore, run: Run, change: dict[str, object], why: str
) -> None:
    chat = store.create_chat()
    store.begin_exchange(chat.id, None, "Hello", run)
    good = msgspec.to_builtins(store.archived_chat(chat.id))
    second = good["messages"][1] | change
    good["messages"][0]["id"] = 1
    if "parent" not in change:
        second["parent"] = 1
    bad = msgspec.convert(
        good | {"messages": [good["messages"][0], second], "leaf": 1}, ArchivedChat
    )
    with pytest.raises(BadArchive, match=why):
        checked(bad)


def test_ids_that_came_with_a_chat_reach_no_model_here(
    store: ChatStore, tmp_path: Path, run: Run
) -> None:
    model = tmp_path / "tiny.gguf"
    model.write_bytes(b"a model")
    run = msgspec.structs.replace(run, model_path=str(model))
    chat = store.create_chat()
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    store.finish(reply.id, MessageState.COMPLETE, "Hi", [1, 2])
    archived = checked(store.archived_chat(chat.id))
    assert archived.messages[1].runs[0].model_file == "tiny.gguf"
    assert archived.messages[1].token_ids == (1, 2)
    new = store.add_archived(archived)
    assert store.archived_chat(new).messages[1].token_ids == (1, 2)
    _, going_on = store.begin_exchange(new, store.path(new)[-1].id, "And you?", run)
    assert [turn.token_ids for turn in turns(store, going_on.id)] == [(), (), (), ()]
    _, here = store.begin_exchange(chat.id, reply.id, "And you?", run)
    assert [turn.token_ids for turn in turns(store, here.id)][1] == (1, 2)
