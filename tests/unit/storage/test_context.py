"""What prompts are made from, and what is kept of what they lack, on a real database."""

from __future__ import annotations

import pytest

from desktop.domain.chat import MessageState, Run
from desktop.domain.context import Context, NewSummary
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

NO_LIMIT = 1_000_000


def talk(store: ChatStore, run: Run, exchanges: int, words: int = 1) -> tuple[int, list[int]]:
    """Write a chat; return it and its messages, question and reply in turn."""
    chat_id = store.create_chat().id
    ids: list[int] = []
    for number in range(exchanges):
        parent = ids[-1] if ids else None
        user, reply = store.begin_exchange(chat_id, parent, f"q{number} " * words, run)
        store.finish(reply.id, MessageState.COMPLETE, f"a{number} " * words, [number, 7])
        ids += [user.id, reply.id]
    return chat_id, ids


def test_the_material_is_the_path_with_the_ids_that_were_sampled(
    store: ChatStore, run: Run
) -> None:
    _, ids = talk(store, run, 3)
    material = store.material(ids[-1], NO_LIMIT)
    assert [each.id for each in material.messages] == ids
    assert material.messages[-1].turn == store.turn(ids[-1])
    assert material.messages[-1].turn.token_ids == (2, 7)
    assert (material.is_cut, material.summary, material.kept_from) == (False, None, 0)


def test_no_more_is_read_than_can_fit_and_it_begins_with_a_question(
    store: ChatStore, run: Run
) -> None:
    _, ids = talk(store, run, 50, words=10)
    material = store.material(ids[-1], 100)
    assert material.is_cut
    assert material.messages[0].turn.role == "user"
    assert [each.id for each in material.messages] == ids[-2:]
    assert sum(len(each.turn.text) for each in material.messages) <= 100


def test_a_message_longer_than_the_limit_is_there_all_the_same(store: ChatStore, run: Run) -> None:
    _, ids = talk(store, run, 2, words=100)
    assert [each.id for each in store.material(ids[-1], 5).messages] == ids[-1:]


def test_pinned_messages_are_there_from_before_the_limit_with_their_questions(
    store: ChatStore, run: Run
) -> None:
    _, ids = talk(store, run, 50, words=10)
    store.pin_message(ids[1], pinned=True)
    store.pin_message(ids[6], pinned=True)
    material = store.material(ids[-1], 100)
    assert [each.id for each in material.messages] == [ids[0], ids[1], ids[6], *ids[-2:]]
    assert [each.id for each in material.messages if each.pinned] == [ids[1], ids[6]]
    store.pin_message(ids[6], pinned=False)
    assert ids[6] not in [each.id for each in store.material(ids[-1], 100).messages]


def test_a_pin_on_another_branch_is_not_there(store: ChatStore, run: Run) -> None:
    chat_id, ids = talk(store, run, 50, words=10)
    other, _ = store.begin_exchange(chat_id, ids[1], "elsewhere", run)
    store.pin_message(other.id, pinned=True)
    assert other.id not in [each.id for each in store.material(ids[-1], 100).messages]


def test_what_a_reply_was_written_without_comes_with_it(store: ChatStore, run: Run) -> None:
    chat_id, ids = talk(store, run, 4)
    kept = store.keep_context(ids[-1], Context(kept_from=ids[4], kept=(ids[0],)))
    assert kept == Context(kept_from=ids[4], kept=(ids[0],), left_out=3)
    assert store.path(chat_id)[-1].context == kept
    assert store.message(ids[-1]).context == kept
    assert store.material(ids[-1], NO_LIMIT).kept_from == ids[4]
    store.keep_context(ids[-1], None)
    assert store.path(chat_id)[-1].context is None


def test_a_summary_is_used_on_every_path_through_its_last_message(
    store: ChatStore, run: Run
) -> None:
    chat_id, ids = talk(store, run, 4)
    made = NewSummary(message_ids=tuple(ids[:4]), text="As it was.")
    context = store.keep_context(ids[-1], Context(kept_from=ids[4]), made)
    assert context is not None
    summary = store.material(ids[-1], NO_LIMIT).summary
    assert summary is not None
    assert (summary.id, summary.first_id, summary.last_id) == (
        context.summary_id,
        ids[0],
        ids[3],
    )
    assert (summary.text, summary.model_name) == ("As it was.", "Tiny")
    # Beyond the limit too, where only the walk up to the root can tell.
    assert store.material(ids[-1], 5).summary == summary
    branch, _ = store.begin_exchange(chat_id, ids[3], "later branch", run)
    assert store.material(branch.id, NO_LIMIT).summary == summary
    earlier, _ = store.begin_exchange(chat_id, ids[1], "earlier branch", run)
    assert store.material(earlier.id, NO_LIMIT).summary is None


def test_a_summary_can_be_edited_and_keeps_what_the_model_wrote(store: ChatStore, run: Run) -> None:
    chat_id, ids = talk(store, run, 3)
    store.keep_context(
        ids[-1], Context(kept_from=ids[2]), NewSummary(message_ids=tuple(ids[:2]), text="wrong")
    )
    (number,) = store.summaries(chat_id)
    store.edit_summary(chat_id, number, "right")
    summary = store.summaries(chat_id)[number]
    assert (summary.made, summary.text) == ("wrong", "right")


def test_no_summary_tells_of_a_message_that_was_deleted(
    store: ChatStore, database: Database, run: Run
) -> None:
    chat_id, ids = talk(store, run, 6)
    first = store.keep_context(
        ids[5], Context(kept_from=ids[4]), NewSummary(message_ids=tuple(ids[:4]), text="one")
    )
    assert first is not None
    store.keep_context(
        ids[-1],
        Context(kept_from=ids[8]),
        NewSummary(message_ids=tuple(ids[4:8]), text="two", base_id=first.summary_id),
    )
    second = store.material(ids[-1], NO_LIMIT).summary
    assert second is not None
    assert (second.first_id, second.last_id) == (ids[0], ids[7])
    with database.transaction() as connection:
        connection.execute("update messages set deleted_at = 1 where id = ?", (ids[1],))
    assert store.material(ids[-1], NO_LIMIT).summary is None
    with database.transaction() as connection:
        connection.execute("update messages set deleted_at = null where id = ?", (ids[1],))
    assert store.material(ids[-1], NO_LIMIT).summary == second
    with database.transaction() as connection:
        connection.execute(
            "update messages set parent_id = ? where parent_id = ?", (ids[0], ids[1])
        )
        connection.execute("delete from messages where id = ?", (ids[1],))
    assert store.summaries(chat_id) == {}
    context = store.path(chat_id)[-1].context
    assert context is not None
    assert context.summary_id is None


def test_deleting_what_came_later_leaves_a_summary_alone(
    store: ChatStore, database: Database, run: Run
) -> None:
    chat_id, ids = talk(store, run, 4)
    store.keep_context(
        ids[-1], Context(kept_from=ids[4]), NewSummary(message_ids=tuple(ids[:4]), text="kept")
    )
    with database.transaction() as connection:
        connection.execute("update chats set leaf_id = ? where id = ?", (ids[5], chat_id))
        connection.execute("delete from messages where id = ?", (ids[6],))
    assert [each.text for each in store.summaries(chat_id).values()] == ["kept"]


def test_a_message_that_is_gone_is_told_in_words(store: ChatStore) -> None:
    with pytest.raises(UserError, match="was deleted"):
        store.material(4711, 1000)
