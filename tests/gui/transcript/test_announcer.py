"""What a screen reader is told of replies while nobody looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desktop.domain.chat import MessageState
from desktop.ui.transcript.view import TranscriptView
from tests.gui.transcript.conftest import Show, reply, user

Listen = Callable[[TranscriptView], list[str]]


@pytest.fixture
def listen() -> Listen:
    def begin(view: TranscriptView) -> list[str]:
        heard: list[str] = []
        view.announcer.announced.connect(heard.append)
        return heard

    return begin


def test_a_reply_is_heard_when_it_begins_and_when_it_ends(show: Show, listen: Listen) -> None:
    view = show(user(1))
    heard = listen(view)
    model = view.transcript()
    model.append(reply(2, state=MessageState.STREAMING))
    assert heard == ["SmolLM2 is writing."]
    model.append_text(2, "It *pulls")
    model.append_text(2, "*.")
    assert len(heard) == 1
    model.replace(reply(2, "<think>\nHm.\n</think>\n\nIt *pulls*."))
    assert heard[1:] == ["SmolLM2 has answered: It pulls."]
    model.replace(reply(2, "It *pulls*.", pinned=True))
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ({"state": MessageState.STOPPED}, "SmolLM2 has ended. Stopped."),
        ({"finish_reason": "max_tokens"}, "SmolLM2 has ended. Stopped at the limit of max tokens."),
        (
            {"state": MessageState.FAILED, "problem": ("No memory.", "Close something.")},
            "SmolLM2 could not answer. No memory. Close something.",
        ),
    ],
)
def test_how_a_reply_ended_is_heard(
    show: Show, listen: Listen, ended: dict[str, object], said: str
) -> None:
    view = show(user(1), reply(2, state=MessageState.STREAMING))
    heard = listen(view)
    view.transcript().replace(reply(2, "Half", **ended))
    assert heard == [said]


def test_a_long_answer_is_begun_and_left_to_the_reader(show: Show, listen: Listen) -> None:
    view = show(user(1), reply(2, state=MessageState.STREAMING))
    heard = listen(view)
    view.transcript().replace(reply(2, "word " * 500))
    assert len(heard[0]) < 440
    assert heard[0].endswith("word…")


def test_a_chat_that_is_opened_is_not_announced(show: Show, listen: Listen) -> None:
    view = show(user(1), reply(2, "It pulls."))
    heard = listen(view)
    model = view.transcript()
    model.set_messages([user(11), reply(12, "Half", state=MessageState.STREAMING)])
    model.put_above([user(9), reply(10, "Old.")])
    assert heard == []
    model.replace(reply(12, "Half a word."))
    assert heard == ["SmolLM2 has answered: Half a word."]


def test_a_reply_that_goes_on_is_heard_again(show: Show, listen: Listen) -> None:
    view = show(user(1), reply(2, "Half", state=MessageState.STOPPED))
    heard = listen(view)
    view.transcript().replace(reply(2, "Half", state=MessageState.STREAMING))
    view.transcript().replace(reply(2, "Half and whole."))
    assert heard == ["SmolLM2 is writing.", "SmolLM2 has answered: Half and whole."]
