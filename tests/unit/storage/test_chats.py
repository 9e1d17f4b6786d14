from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from desktop.domain.chat import Chat, ChatView, Message, MessageState, Run
from desktop.domain.errors import UserError
from desktop.domain.grounds import Grounds
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.records import Report, Turn
from tests.unit.storage.conftest import turns


@pytest.fixture
def chat(store: ChatStore) -> Chat:
    return store.create_chat()


def exchange(
    store: ChatStore, chat: Chat, parent_id: int | None, text: str, run: Run
) -> tuple[Message, Message]:
    """Write a message and its whole reply, which is the message in capitals."""
    user, reply = store.begin_exchange(chat.id, parent_id, text, run)
    ids = [ord(letter) for letter in text]
    reply = store.finish(
        reply.id, MessageState.COMPLETE, text.upper(), ids, finish_reason="end_of_turn"
    )
    return user, reply


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


# --- chats ----------------------------------------------------------------------------------------


def test_the_chat_used_last_comes_first(store: ChatStore, run: Run) -> None:
    first, second = store.create_chat(), store.create_chat()
    assert [chat.id for chat in store.chats()] == [second.id, first.id]
    store.begin_exchange(first.id, None, "Hello", run)
    assert [chat.id for chat in store.chats()] == [first.id, second.id]


def test_a_chat_is_titled_by_its_first_message_until_it_is_renamed(
    store: ChatStore, run: Run
) -> None:
    chat = store.create_chat()
    _, reply = exchange(store, chat, None, "What is gravity?", run)
    exchange(store, chat, reply.id, "And light?", run)
    assert store.chats()[0].title == "What is gravity?"
    store.rename_chat(chat.id, "Physics")
    assert store.chats()[0].title == "Physics"
    store.rename_chat(chat.id, "")
    assert store.chats()[0].title == "What is gravity?"


def test_a_chosen_title_stays(store: ChatStore, run: Run) -> None:
    chat = store.create_chat("Mine")
    exchange(store, chat, None, "Hello", run)
    assert store.chats()[0].title == "Mine"


def test_a_deleted_chat_comes_back_whole(store: ChatStore, chat: Chat, run: Run) -> None:
    exchange(store, chat, None, "keep me", run)
    store.delete_chat(chat.id)
    assert store.chats() == []
    assert [deleted.id for deleted in store.deleted_chats()] == [chat.id]
    store.restore_chat(chat.id)
    assert [restored.id for restored in store.chats()] == [chat.id]
    assert texts(store.path(chat.id)) == ["keep me", "KEEP ME"]


def test_writing_in_a_deleted_chat_takes_it_from_the_trash(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    store.delete_chat(chat.id)
    store.begin_exchange(chat.id, None, "still here", run)
    assert [restored.id for restored in store.chats()] == [chat.id]


def test_a_chats_settings_and_view_survive(
    database_path: Path, store: ChatStore, chat: Chat
) -> None:
    assert store.overrides(chat.id) == {}
    assert store.view(chat.id) == ChatView()
    view = ChatView(draft="half a thou", anchor_id=7, anchor_offset=12)
    store.set_overrides(chat.id, {"top_k": 5, "stop": ("a", "b"), "seed": None})
    store.save_view(chat.id, ChatView(draft="ha"))
    store.save_view(chat.id, view)
    with Database.open(database_path) as again:
        assert ChatStore(again).view(chat.id) == view
        assert ChatStore(again).overrides(chat.id) == {"top_k": 5, "stop": ["a", "b"], "seed": None}


# --- a reply's life -------------------------------------------------------------------------------


def test_the_message_is_on_disk_before_the_engine_can_see_it(
    database_path: Path, store: ChatStore, chat: Chat, run: Run
) -> None:
    user, reply = store.begin_exchange(chat.id, None, "Hello", run)
    with Database.open(database_path) as other:
        assert ChatStore(other).path(chat.id) == [user, reply]
    assert (user.role, user.state, user.text) == ("user", MessageState.COMPLETE, "Hello")
    assert (reply.role, reply.state, reply.text) == ("assistant", MessageState.STREAMING, "")
    assert reply.parent_id == user.id
    assert reply.model_name == "Tiny"


def test_checkpoints_and_the_end_of_a_reply(store: ChatStore, chat: Chat, run: Run) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    store.checkpoint(reply.id, "Hi the", [1, 2])
    assert store.message(reply.id).text == "Hi the"
    report = Report(prompt_tokens=9, completion_tokens=3, seed=77, batches=(9,))
    ended = store.finish(
        reply.id,
        MessageState.COMPLETE,
        "Hi there",
        [1, 2, 4_294_967_295],
        finish_reason="end_of_turn",
        report=report,
    )
    assert ended == store.path(chat.id)[-1]
    assert (ended.text, ended.state, ended.finish_reason) == (
        "Hi there",
        MessageState.COMPLETE,
        "end_of_turn",
    )
    assert ended.report == report
    store.checkpoint(reply.id, "too late", [])
    assert store.message(reply.id) == ended
    assert store.turn(reply.id).token_ids == (1, 2, 4_294_967_295)


def test_a_failed_reply_keeps_its_text_and_its_problem(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    problem = ("The engine died.", "Send it again.")
    failed = store.finish(reply.id, MessageState.FAILED, "Hal", [5], problem=problem)
    assert (failed.text, failed.problem) == ("Hal", problem)


def test_everything_that_wrote_a_reply_is_recorded(
    database: Database, store: ChatStore, chat: Chat, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    run = Run(
        model_path=str(file),
        model_name="Tiny",
        settings={"top_k": 3},
        seed=None,
        versions={"snug": "1"},
    )
    _, reply = store.begin_exchange(chat.id, None, "Hello", run)
    store.finish(reply.id, MessageState.COMPLETE, "Hi", [1], report=Report(seed=123))
    model_id = store.record_model(str(file), "", "abc")
    with database.reading() as connection:
        row = connection.execute(
            "select settings, runs.seed, versions, model_id, size, sha256, name, mtime_ns"
            " from runs join models on models.id = model_id"
        ).fetchone()
    assert row == (
        '{"top_k":3}',
        123,
        '{"snug":"1"}',
        model_id,
        4,
        "abc",
        "Tiny",
        file.stat().st_mtime_ns,
    )


def test_a_model_file_replaced_in_place_is_another_model(store: ChatStore, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    first = store.record_model(str(file), "M", "")
    assert store.record_model(str(file), "M", "aa") == first
    assert store.record_model(str(file), "M", "") == first
    file.write_bytes(b"another")
    assert store.record_model(str(file), "M", "bb") != first


# --- the tree -------------------------------------------------------------------------------------


def test_regenerating_makes_a_sibling_and_keeps_the_first(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    user, first = exchange(store, chat, None, "Hello", run)
    second = store.begin_reply(chat.id, user.id, run)
    store.finish(second.id, MessageState.COMPLETE, "Hi again", [])
    assert texts(store.path(chat.id)) == ["Hello", "Hi again"]
    shown = store.path(chat.id)[-1]
    assert (shown.sibling_index, shown.sibling_count) == (1, 2)
    back = store.select_sibling(chat.id, second.id, -1)
    assert texts(back) == ["Hello", "HELLO"]
    assert back == store.path(chat.id)
    assert (back[-1].id, back[-1].sibling_index, back[-1].sibling_count) == (first.id, 0, 2)


def test_an_edited_first_message_is_a_second_root(store: ChatStore, chat: Chat, run: Run) -> None:
    _, reply = exchange(store, chat, None, "one", run)
    exchange(store, chat, reply.id, "two", run)
    edited, _ = exchange(store, chat, None, "uno", run)
    other = store.create_chat()
    exchange(store, other, None, "elsewhere", run)
    assert texts(store.path(chat.id)) == ["uno", "UNO"]
    root = store.path(chat.id)[0]
    assert (root.sibling_index, root.sibling_count) == (1, 2)
    assert texts(store.select_sibling(chat.id, edited.id, -1)) == ["one", "ONE", "two", "TWO"]


def test_a_sibling_is_shown_with_its_newest_leaf(store: ChatStore, chat: Chat, run: Run) -> None:
    user, reply = exchange(store, chat, None, "a", run)
    exchange(store, chat, reply.id, "b", run)
    exchange(store, chat, reply.id, "c", run)
    second = store.begin_reply(chat.id, user.id, run)
    assert store.path(chat.id)[-1].id == second.id
    assert texts(store.select_sibling(chat.id, second.id, -1)) == ["a", "A", "c", "C"]


@pytest.mark.parametrize(("step", "expected"), [(-9, "HELLO"), (0, ""), (9, "")])
def test_steps_beyond_the_siblings_stay_at_the_outermost(
    store: ChatStore, chat: Chat, run: Run, step: int, expected: str
) -> None:
    user, _ = exchange(store, chat, None, "Hello", run)
    second = store.begin_reply(chat.id, user.id, run)
    assert store.select_sibling(chat.id, second.id, step)[-1].text == expected


def test_a_reply_is_continued_as_another_version(store: ChatStore, chat: Chat, run: Run) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Count", run)
    cut = store.finish(
        reply.id,
        MessageState.FAILED,
        "one two",
        [1, 2],
        finish_reason="max_tokens",
        problem=("Cause", "Remedy"),
    )
    again = store.begin_continuation(reply.id, run)
    assert (again.state, again.text) == (MessageState.STREAMING, "one two")
    assert (again.problem, again.finish_reason) == (None, "")
    assert (again.sibling_index, again.sibling_count) == (1, 2)
    assert store.turn(again.id).token_ids == (1, 2)
    store.finish(again.id, MessageState.COMPLETE, "one two three", [1, 2, 3])
    assert store.turn(again.id).token_ids == (1, 2, 3)
    assert texts(store.path(chat.id)) == ["Count", "one two three"]
    kept = store.select_sibling(chat.id, again.id, -1)[-1]
    assert (kept.text, kept.problem, kept.finish_reason) == (cut.text, cut.problem, "max_tokens")


def test_a_reply_that_holds_nothing_is_begun_again_itself(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = store.begin_exchange(chat.id, None, "Count", run)
    store.finish(reply.id, MessageState.FAILED, "", [], problem=("Cause", "Remedy"))
    again = store.begin_continuation(reply.id, run)
    assert (again.id, again.sibling_count) == (reply.id, 1)
    store.finish(reply.id, MessageState.STOPPED, "", [])
    exchange(store, chat, reply.id, "Go on", run)
    beside = store.begin_continuation(reply.id, run)
    assert (beside.sibling_count, store.path(chat.id)[-1].id) == (2, beside.id)


def test_a_reply_that_the_chat_has_gone_on_from_is_continued_beside_it(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = exchange(store, chat, None, "one", run)
    exchange(store, chat, reply.id, "two", run)
    again = store.begin_continuation(reply.id, run)
    assert texts(store.path(chat.id)) == ["one", "ONE"]
    assert texts(store.select_sibling(chat.id, again.id, -1)) == ["one", "ONE", "two", "TWO"]


def test_nothing_is_added_to_a_reply_that_is_still_written(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = store.begin_exchange(chat.id, None, "one", run)
    for attempt in (
        lambda: store.begin_exchange(chat.id, reply.id, "two", run),
        lambda: store.begin_continuation(reply.id, run),
    ):
        with pytest.raises(UserError) as trouble:
            attempt()
        assert trouble.value.hint
    assert texts(store.path(chat.id)) == ["one", ""]


# --- what the model reads -------------------------------------------------------------------------


def test_turns_carry_the_ids_of_the_model_that_reads(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    _, reply = exchange(store, chat, None, "ab", run)
    user, _ = store.begin_exchange(chat.id, reply.id, "c", run)
    assert turns(store, user.id) == (
        Turn(role="user", text="ab"),
        Turn(role="assistant", text="AB", token_ids=(97, 98)),
        Turn(role="user", text="c"),
    )


def test_ids_of_another_model_are_left_out(store: ChatStore, chat: Chat, run: Run) -> None:
    other = Run(model_path="/models/other.gguf", model_name="Other")
    _, reply = exchange(store, chat, None, "ab", run)
    user, _ = store.begin_exchange(chat.id, reply.id, "c", other)
    assert [turn.token_ids for turn in turns(store, user.id)] == [(), (), ()]


def test_a_reply_that_two_models_wrote_has_ids_for_none(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    other = Run(model_path="/models/other.gguf", model_name="Other")
    _, reply = exchange(store, chat, None, "ab", run)
    continued = store.begin_continuation(reply.id, other)
    assert continued.model_name == "Other"
    assert store.turn(continued.id).token_ids == ()


# --- many -----------------------------------------------------------------------------------------


def test_a_chat_of_ten_thousand_messages_is_read_whole(
    database: Database, store: ChatStore, chat: Chat, run: Run
) -> None:
    _, last = exchange(store, chat, None, "first", run)
    with database.transaction() as connection:
        connection.execute(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 9998)"
            " insert into messages (id, chat_id, parent_id, role, state, created_at, text)"
            " select ?1 + i, ?2, ?1 + i - 1, iif(i % 2, 'user', 'assistant'), 'complete', 0, 't'"
            " from n",
            (last.id, chat.id),
        )
        connection.execute("update chats set leaf_id = ?", (last.id + 9998,))
    path = store.path(chat.id)
    assert len(path) == 10_000
    assert all(below.parent_id == above.id for above, below in pairwise(path))
    assert {message.sibling_count for message in path} == {1}
    assert len(turns(store, path[-1].id)) == 10_000


# --- great chats ----------------------------------------------------------------------------------


def test_a_path_is_read_from_its_end_up(store: ChatStore, chat: Chat, run: Run) -> None:
    parent_id, hidden = None, 0
    for number in range(6):
        user, reply = exchange(store, chat, parent_id, f"q{number}", run)
        parent_id = reply.id
        if number == 2:
            hidden = reply.id
            other = store.begin_reply(chat.id, user.id, run)
            parent_id = store.finish(other.id, MessageState.COMPLETE, "Other", []).id
    whole = store.path(chat.id)
    assert whole[5].sibling_count == 2
    assert store.path_around(chat.id, 99) == (whole, [])
    read, _ = store.path_around(chat.id, 5)
    assert read == whole[-5:]
    while above := store.path_above(read[0].id, 3):
        assert len(above) <= 3
        read[0:0] = above
    assert read == whole
    # Around a message further up, but not around one of another branch.
    around, below = store.path_around(chat.id, 4, whole[3].id)
    assert around == whole[1:5]
    assert below == [each.id for each in whole[5:]]
    assert store.messages(below) == whole[5:]
    assert store.path_around(chat.id, 4, hidden) == (whole[-4:], [])
    assert store.path_around(store.create_chat().id, 5) == ([], [])


def test_what_replies_stand_on_comes_with_the_end_of_a_path(
    store: ChatStore, chat: Chat, run: Run
) -> None:
    parent_id = None
    for number in range(4):
        _, reply = exchange(store, chat, parent_id, f"q{number}", run)
        store.keep_grounds(reply.id, Grounds(whole=("tides.txt",)))
        parent_id = reply.id
    end, _ = store.path_around(chat.id, 3)
    assert end == store.path(chat.id)[-3:]
    assert end[-1].grounds is not None
