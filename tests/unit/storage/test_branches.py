"""Versions of messages and copies of chats: whatever is added, nothing that was there goes."""

from __future__ import annotations

import pytest

from desktop.domain.chat import Chat, Message, MessageState, Run
from desktop.domain.context import Context, NewSummary
from desktop.domain.errors import UserError
from desktop.domain.grounds import Attached, Grounds
from desktop.storage.chats import ChatStore
from tests.unit.storage.conftest import turns


@pytest.fixture
def chat(store: ChatStore) -> Chat:
    return store.create_chat()


def exchange(
    store: ChatStore, chat: Chat, parent: Message | None, text: str, run: Run
) -> tuple[Message, Message]:
    user, reply = store.begin_exchange(chat.id, parent.id if parent else None, text, run)
    ids = list(text.encode())
    return user, store.finish(reply.id, MessageState.COMPLETE, text.upper(), ids)


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_an_edited_reply_is_a_version_of_its_own(store: ChatStore, chat: Chat, run: Run) -> None:
    _, first = exchange(store, chat, None, "one", run)
    exchange(store, chat, first, "two", run)
    edited = store.edit_reply(first.id, "My own words [1]")
    assert (edited.edited, edited.role, edited.state) == (
        True,
        "assistant",
        MessageState.COMPLETE,
    )
    assert edited.written == len(edited.text)
    assert (edited.sibling_index, edited.sibling_count) == (1, 2)
    assert texts(store.path(chat.id)) == ["one", "My own words [1]"]
    assert store.turn(edited.id).token_ids == ()
    kept = store.select_sibling(chat.id, edited.id, -1)
    assert texts(kept) == ["one", "ONE", "two", "TWO"]
    assert not kept[1].edited


def test_an_edited_reply_still_says_what_it_stands_on(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = exchange(store, chat, None, "one", run)
    store.keep_grounds(reply.id, Grounds(searched=("report.pdf",), sources=()))
    assert store.edit_reply(reply.id, "Better").grounds == store.message(reply.id).grounds


def test_the_model_goes_on_from_an_edited_reply(store: ChatStore, chat: Chat, run: Run) -> None:
    _, reply = exchange(store, chat, None, "one", run)
    edited = store.edit_reply(reply.id, "Mine, ")
    row = store.begin_continuation(edited.id, run)
    store.finish(row.id, MessageState.COMPLETE, "Mine, and its", [7, 8])
    turn = store.turn(row.id)
    assert (turn.text, turn.written, turn.token_ids) == ("Mine, and its", 6, (7, 8))
    assert texts(store.path(chat.id)) == ["one", "Mine, and its"]
    assert store.message(edited.id).text == "Mine, "


def test_a_reply_begins_with_what_a_person_wrote(store: ChatStore, chat: Chat, run: Run) -> None:
    user, _ = exchange(store, chat, None, "Tell me", run)
    row = store.begin_reply(chat.id, user.id, run, "Once upon")
    assert (row.text, row.written, row.state) == ("Once upon", 9, MessageState.STREAMING)
    store.checkpoint(row.id, "Once upon a time", [1, 2, 3])
    store.finish(row.id, MessageState.COMPLETE, "Once upon a time", [1, 2, 3])
    turn = store.turn(row.id)
    assert (turn.text[: turn.written], turn.token_ids) == ("Once upon", (1, 2, 3))
    other = store.begin_reply(chat.id, user.id, run, "In short")
    assert (other.text, other.sibling_count) == ("In short", 3)


def test_a_branched_chat_holds_the_conversation_up_to_there(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, first = exchange(store, chat, None, "one", run)
    _, second = exchange(store, chat, first, "two", run)
    store.edit_reply(second.id, "Another two")
    store.keep_grounds(first.id, Grounds(searched=("report.pdf",), sources=()))
    store.attach(chat.id, [Attached(kind="document", source_id=4, name="report.pdf")])
    store.set_overrides(chat.id, {"top_k": 5})
    before = store.path(chat.id)
    branch = store.branch_chat(second.id)
    assert branch.title == "one · branch"
    copied = store.path(branch.id)
    assert texts(copied) == ["one", "ONE", "two", "TWO"]
    assert copied[1].grounds == store.message(first.id).grounds
    assert copied[1].model_name == "Tiny"
    assert turns(store, copied[3].id) == turns(store, second.id)
    assert store.overrides(branch.id) == {"top_k": 5}
    assert store.attached(branch.id) == store.attached(chat.id)
    assert store.path(chat.id) == before
    exchange(store, branch, copied[-1], "three", run)
    assert store.path(chat.id) == before
    assert {each.id for each in store.chats()} == {chat.id, branch.id}


def test_branches_of_branches_have_titles_of_their_own(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = exchange(store, chat, None, "one", run)
    first = store.branch_chat(reply.id)
    second = store.branch_chat(store.path(first.id)[-1].id)
    third = store.branch_chat(store.path(second.id)[-1].id)
    assert [each.title for each in (first, second, third)] == [
        "one · branch",
        "one · branch 2",
        "one · branch 3",
    ]


def test_nothing_is_made_of_a_message_that_is_being_written(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, row = store.begin_exchange(chat.id, None, "one", run)
    for make in (store.branch_chat, lambda each: store.edit_reply(each, "x")):
        with pytest.raises(UserError, match="still being written"):
            make(row.id)


def test_nothing_goes_on_from_what_was_deleted(store: ChatStore, chat: Chat, run: Run) -> None:
    user, reply = exchange(store, chat, None, "one", run)
    store.delete_branch(user.id)
    for go_on in (
        lambda: store.begin_exchange(chat.id, reply.id, "two", run),
        lambda: store.begin_reply(chat.id, user.id, run),
        lambda: store.begin_continuation(reply.id, run),
        lambda: store.branch_chat(reply.id),
        lambda: store.edit_reply(reply.id, "x"),
    ):
        with pytest.raises(UserError, match="was deleted"):
            go_on()
    assert store.path(chat.id) == []


def test_a_branched_chat_still_tells_what_its_replies_were_written_without(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    path: list[Message] = []
    for text in ("one", "two", "three", "four"):
        path += exchange(store, chat, path[-1] if path else None, text, run)
    told = tuple(message.id for message in path[:4])
    context = Context(kept_from=path[4].id, kept=(path[0].id,), left_out=3)
    store.keep_context(path[5].id, context, NewSummary(text="So far", message_ids=told))
    branch = store.branch_chat(path[6].id)
    copied = store.path(branch.id)
    found = copied[5].context
    assert found is not None
    assert (found.kept_from, found.kept, found.left_out) == (copied[4].id, (copied[0].id,), 3)
    (summary,) = store.summaries(branch.id).values()
    assert (summary.id, summary.text) == (found.summary_id, "So far")
    assert (summary.first_id, summary.last_id) == (copied[0].id, copied[3].id)
    material = store.material(copied[-1].id, 1_000_000)
    assert material.summary == summary
    assert copied[6].context is None
