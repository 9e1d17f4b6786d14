"""Which messages go into a prompt."""

from __future__ import annotations

import random

import pytest

from desktop.domain.chat import Message
from desktop.domain.context import (
    Context,
    Material,
    Sizes,
    Stored,
    Summary,
    exchanges,
    latest,
    left_out,
    plan,
    runs,
    stays,
)
from models.records import Role, Turn


def stored(number: int, role: Role = "user", *, pinned: bool = False) -> Stored:
    return Stored(id=number, turn=Turn(role=role, text=f"text {number}"), pinned=pinned)


def talk(exchanges: int, pinned: tuple[int, ...] = ()) -> tuple[Stored, ...]:
    """Return questions with odd ids and replies with even ones."""
    return tuple(
        stored(number, "user" if number % 2 else "assistant", pinned=number in pinned)
        for number in range(1, 2 * exchanges + 1)
    )


def sizes(messages: tuple[Stored, ...], each: int = 10, **others: int) -> Sizes:
    return Sizes(system=20, template=5, messages={one.id: each for one in messages}, **others)


def test_nothing_is_left_out_of_what_fits() -> None:
    chat = talk(3)
    found = plan(Material(messages=chat), sizes(chat), 85)
    assert (found.kept_from, found.left_out, found.fits, found.tokens) == (0, (), True, 85)


def test_the_oldest_go_first_a_question_with_its_reply() -> None:
    chat = talk(3)
    found = plan(Material(messages=chat), sizes(chat), 84)
    assert (found.kept_from, found.left_out, found.tokens) == (3, (1, 2), 65)
    assert found.left_tokens == 20


def test_more_is_freed_than_need_be_and_then_stays_out() -> None:
    chat = talk(10)
    first = plan(Material(messages=chat), sizes(chat), 200, spare=50)
    assert first.tokens <= 150
    longer = talk(11)
    again = Material(messages=longer, kept_from=first.kept_from)
    second = plan(again, sizes(longer), 200, spare=50)
    assert second.kept_from == first.kept_from
    assert second.tokens <= 200


def test_all_of_it_is_back_when_there_is_room() -> None:
    chat = talk(10)
    found = plan(Material(messages=chat, kept_from=9), sizes(chat), 1000)
    assert found.left_out == ()


def test_what_was_pinned_stays_a_reply_with_its_question() -> None:
    chat = talk(6, pinned=(4, 5))
    found = plan(Material(messages=chat), sizes(chat), 85)
    assert found.kept == (3, 4, 5)
    assert found.kept_from == 11
    assert found.left_out == (1, 2, 6, 7, 8, 9, 10)
    assert found.tokens == 75


def test_what_was_asked_last_is_never_left_out() -> None:
    chat = talk(2)
    found = plan(Material(messages=chat), sizes(chat, 500), 600)
    assert not found.fits
    assert found.kept_from == 3


def test_questions_in_a_row_are_left_out_together() -> None:
    chat = (stored(1), stored(2), stored(3, "assistant"), stored(4))
    assert [[each.id for each in group] for group in exchanges(chat)] == [[1, 2, 3], [4]]


def test_a_reply_without_question_is_a_group_of_its_own() -> None:
    chat = (stored(1, "assistant"), stored(2), stored(3, "assistant"))
    assert [[each.id for each in group] for group in exchanges(chat)] == [[1], [2, 3]]


def test_a_summary_takes_the_place_of_what_it_covers() -> None:
    chat = talk(6)
    summary = Summary(id=1, first_id=1, last_id=4, made="s", text="s")
    found = plan(Material(messages=chat, summary=summary), sizes(chat, summary=30), 140)
    assert found.kept_from == 5
    assert found.tokens == 20 + 5 + 30 + 80


def test_a_summary_is_not_used_where_all_of_the_chat_fits() -> None:
    chat = talk(6)
    summary = Summary(id=1, first_id=1, last_id=4, made="s", text="s")
    found = plan(Material(messages=chat, summary=summary), sizes(chat, summary=30), 145)
    assert (found.kept_from, found.tokens) == (0, 145)


@pytest.mark.parametrize("seed", range(200))
def test_a_plan_that_fits_takes_no_more_than_its_room_and_loses_nothing(seed: int) -> None:
    draw = random.Random(seed)
    pinned = tuple(draw.sample(range(1, 40), k=draw.randrange(6)))
    chat = talk(20, pinned)
    measured = Sizes(
        system=draw.randrange(50), messages={each.id: draw.randrange(1, 90) for each in chat}
    )
    room = draw.randrange(100, 4000)
    spare = draw.choice((0, room // 8, room // 4))
    found = plan(
        Material(messages=chat, kept_from=draw.choice((0, 7, 21))), measured, room, spare=spare
    )
    kept = [each.id for each in chat if each.id in found.kept or each.id >= found.kept_from]
    assert sorted([*kept, *found.left_out]) == [each.id for each in chat]
    assert found.tokens == measured.system + sum(measured.messages[each] for each in kept)
    assert found.fits == (found.tokens <= room)
    assert {39, 40, *pinned} <= set(kept)
    if not found.fits:
        needed = {each.id for group in exchanges(chat)[:-1] for each in stays(group)} | {39, 40}
        assert set(kept) == needed


def message(number: int, text: str = "x", context: Context | None = None) -> Message:
    role: Role = "user" if number % 2 else "assistant"
    return Message(id=number, chat_id=1, parent_id=None, role=role, text=text, context=context)


def test_marks_stand_where_messages_are_missing() -> None:
    context = Context(kept_from=9, kept=(3, 4))
    path = [message(number) for number in range(1, 13)]
    out = left_out(path, context)
    assert [each.id for each in out] == [1, 2, 5, 6, 7, 8]
    groups = runs(path, {each.id for each in out})
    assert [[each.id for each in group] for group in groups] == [[1, 2], [5, 6, 7, 8]]


def test_the_newest_reply_tells_what_is_left_out() -> None:
    context = Context(kept_from=3)
    path = [message(1), message(2), message(3), message(4, context=context)]
    assert latest(path) == context
    # A reply that waits has not been told anything yet.
    assert latest([*path, message(5), message(6, text="")]) == context
    assert latest([*path, message(5), message(6)]) is None
    assert latest([]) is None
