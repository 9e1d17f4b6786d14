from __future__ import annotations

import pytest

from desktop.domain.chat import Message, MessageState
from desktop.domain.presets import Example
from desktop.domain.prompt import Given, can_continue, chat_prompt
from models.records import Turn

USER = Turn(role="user", text="Hello")
REPLY = Turn(role="assistant", text="Hi", token_ids=(1, 2))
EMPTY = Turn(role="assistant", text="")


def test_the_prompt_is_system_prompt_history_and_draft() -> None:
    prompt = chat_prompt([USER, REPLY], system_prompt="Be brief.", draft="Why?")
    assert prompt.turns == (
        Turn(role="system", text="Be brief."),
        USER,
        REPLY,
        Turn(role="user", text="Why?"),
    )
    assert not prompt.continue_reply


def test_examples_stand_before_the_history_and_documents_after_them() -> None:
    examples = [Example(user="2+2", assistant="4"), Example(user="3+3", assistant="6")]
    given = Given(first="WHOLE")
    prompt = chat_prompt([USER, REPLY], system_prompt="Count.", examples=examples, given=given)
    assert [(turn.role, turn.text) for turn in prompt.turns] == [
        ("system", "Count."),
        ("user", "2+2"),
        ("assistant", "4"),
        ("user", "3+3"),
        ("assistant", "6"),
        ("user", "WHOLE\n\nHello"),
        ("assistant", "Hi"),
    ]


def test_blank_system_prompts_and_drafts_are_no_turns() -> None:
    assert chat_prompt([USER], system_prompt=" \n", draft="\n ").turns == (USER,)


def test_turns_alternate_after_a_reply_that_holds_nothing() -> None:
    again = Turn(role="user", text="Are you there?")
    prompt = chat_prompt([USER, EMPTY, again])
    assert prompt.turns == (Turn(role="user", text="Hello\n\nAre you there?"),)


def test_a_reply_is_left_open_to_be_continued() -> None:
    prompt = chat_prompt([USER, REPLY], continue_reply=True)
    assert prompt.turns[-1] == REPLY
    assert prompt.continue_reply


def test_continuing_nothing_asks_for_the_reply() -> None:
    prompt = chat_prompt([USER, EMPTY], continue_reply=True)
    assert prompt.turns == (USER,)
    assert not prompt.continue_reply


@pytest.mark.parametrize(
    ("state", "finish_reason", "expected"),
    [
        (MessageState.COMPLETE, "end_of_turn", False),
        (MessageState.COMPLETE, "stop_string", False),
        (MessageState.COMPLETE, "max_tokens", True),
        (MessageState.STREAMING, "", False),
        (MessageState.STOPPED, "", True),
        (MessageState.INTERRUPTED, "", True),
        (MessageState.FAILED, "", True),
    ],
)
def test_what_ended_too_early_can_be_continued(
    state: MessageState, finish_reason: str, *, expected: bool
) -> None:
    reply = Message(
        id=1,
        chat_id=1,
        parent_id=None,
        role="assistant",
        text="",
        state=state,
        finish_reason=finish_reason,
    )
    assert can_continue(reply) is expected


def test_a_persons_message_is_not_continued() -> None:
    message = Message(
        id=1, chat_id=1, parent_id=None, role="user", text="", state=MessageState.STOPPED
    )
    assert not can_continue(message)


def test_whole_documents_stand_before_the_first_message_and_what_was_found_before_the_last() -> (
    None
):
    given = Given(first="WHOLE", last="FOUND")
    again = Turn(role="user", text="Why?")
    prompt = chat_prompt([USER, REPLY, again], system_prompt="Be brief.", given=given)
    assert [turn.text for turn in prompt.turns] == [
        "Be brief.",
        "WHOLE\n\nHello",
        "Hi",
        "FOUND\n\nWhy?",
    ]
    assert prompt.turns[2] == REPLY
    assert chat_prompt([USER], given=given).turns[0].text == "WHOLE\n\nFOUND\n\nHello"
    assert chat_prompt([USER, REPLY], given=given, continue_reply=True).turns[-1] == REPLY
    assert chat_prompt([USER, REPLY], given=Given()).turns == (USER, REPLY)
