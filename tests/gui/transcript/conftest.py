"""A transcript on its own, shown without a window around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript import layout
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.view import TranscriptView


def user(number: int, text: str = "", **fields: Any) -> Message:
    return Message(
        id=number,
        chat_id=1,
        parent_id=None,
        role="user",
        text=text or f"Question {number}",
        **fields,
    )


def reply(number: int, text: str = "", **fields: Any) -> Message:
    return Message(
        id=number,
        chat_id=1,
        parent_id=None,
        role="assistant",
        text=text,
        model_name="SmolLM2",
        **fields,
    )


def conversation(exchanges: int) -> list[Message]:
    """Replies of one to three paragraphs, so that estimated heights are wrong."""
    messages: list[Message] = []
    for number in range(exchanges):
        paragraphs = "\n\n".join(["Gravity *pulls*, says `Newton`. " * 8] * (1 + number % 3))
        messages += [user(2 * number), reply(2 * number + 1, paragraphs)]
    return messages


def place_of(view: TranscriptView, message_id: int) -> int:
    """Where a message's top is in the viewport."""
    model = view.transcript()
    row = model.row_of(message_id)
    assert row is not None
    return view.visualRect(model.index(row)).top()


Show = Callable[..., TranscriptView]


@pytest.fixture(autouse=True)
def _plenty_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a view lays out in slices; what is tested is where it ends."""
    monkeypatch.setattr(layout, "_BUDGET_S", 60.0)


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    """Show messages in a view of 900 by 600 pixels."""
    views: list[TranscriptView] = []

    def begin(*messages: Message) -> TranscriptView:
        view = TranscriptView()
        qtbot.addWidget(view)
        model = TranscriptModel(view)
        view.setModel(model)
        view.resize(900, 600)
        with qtbot.waitActive(view):
            view.show()
        model.set_messages(messages)
        views.append(view)
        return view

    yield begin
    for view in views:
        view.close()


@pytest.fixture
def streaming(show: Show) -> TranscriptView:
    """A view whose last reply, number 41, is being written."""
    return show(*conversation(20), user(40), reply(41, state=MessageState.STREAMING))
