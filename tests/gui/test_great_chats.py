"""A great chat: opened with its end, whole a moment later, and usable all the while."""

from __future__ import annotations

import pytest

from desktop.controllers.chat import OpenedChat
from desktop.domain.chat import MessageState, Run
from desktop.storage.chats import ChatStore
from tests.gui.conftest import App

RUN = Run(model_path="/m.gguf", model_name="Tiny")
EXCHANGES = 40


@pytest.fixture(autouse=True)
def small_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.controllers.chat.OPENED", 10)
    monkeypatch.setattr("desktop.controllers.path_reader.AT_ONCE", 7)


def write_long(store: ChatStore) -> int:
    chat, parent_id = store.create_chat("Long"), None
    for number in range(EXCHANGES):
        _, reply = store.begin_exchange(chat.id, parent_id, f"Question {number}", RUN)
        store.finish(reply.id, MessageState.COMPLETE, f"Answer {number}. " * 9, [])
        parent_id = reply.id
    return chat.id


def long_chat(app: App) -> int:
    done: list[int] = []
    app.session.store.call(write_long, done.append)
    app.until(lambda: done)
    return done[0]


def shown(app: App) -> list[int]:
    model = app.window.conversation.transcript_model
    return [model.message_id(row) for row in range(model.rowCount())]


def test_a_great_chat_is_opened_with_its_end_and_becomes_whole(app: App) -> None:
    chat_id = long_chat(app)
    first: list[int] = []
    app.session.chat.opened.connect(lambda chat: first.append(len(chat.messages)))
    app.window.open_chat(chat_id)
    app.until(lambda: first)
    assert first == [10]
    app.until(lambda: app.path and app.session.chat.is_whole)
    assert [each.text for each in app.path[:2]] == ["Question 0", "Answer 0. " * 9]
    assert shown(app) == [each.id for each in app.path]
    assert len(app.path) == 2 * EXCHANGES
    assert app.window.conversation.transcript.following


def test_what_is_done_before_it_is_whole_joins_it(app: App) -> None:
    chat_id = long_chat(app)
    chat = app.session.chat
    # The first message that is there, and the one above it isn't: what replaces it goes in there.
    chat.opened.connect(lambda opened: chat.send("Else?", opened.messages[0].id))
    app.window.open_chat(chat_id)
    app.until(lambda: chat.is_whole and len(app.path) == 2 * EXCHANGES - 10 + 2 and not chat.busy)
    assert app.path[-2].text == "Else?"
    assert app.path[-2].sibling_count == 2
    assert [each.id for each in app.path[1:]] == shown(app)[1:]
    parents = [each.parent_id for each in app.path]
    assert parents == [None, *(each.id for each in app.path[:-1])]


def test_another_chat_opened_meanwhile_gets_nothing_of_it(app: App) -> None:
    chat_id, other_id = long_chat(app), long_chat(app)
    app.window.open_chat(chat_id)
    app.window.open_chat(other_id)
    app.until(lambda: app.session.chat.chat_id == other_id and app.session.chat.is_whole)
    assert len(app.path) == 2 * EXCHANGES
    assert {each.chat_id for each in app.path} == {other_id}
    app.window.open_chat(chat_id)
    app.until(lambda: app.session.chat.chat_id == chat_id and app.session.chat.is_whole)
    assert shown(app) == [each.id for each in app.path]


def test_it_is_opened_in_its_middle_and_what_is_sent_waits_for_its_end(app: App) -> None:
    chat_id = long_chat(app)
    app.window.open_chat(chat_id)
    app.until(lambda: app.path and app.session.chat.is_whole)
    ids = [each.id for each in app.path]
    app.window.open_new_chat()
    app.until(lambda: not app.path)
    first: list[list[int]] = []

    def opened(chat: OpenedChat) -> None:
        first.append([each.id for each in chat.messages])
        app.session.chat.send("And now?")

    app.session.chat.opened.connect(opened)
    app.window.open_chat(chat_id, ids[30])
    app.until(lambda: first)
    assert first == [ids[25:35]]
    app.until(lambda: app.session.chat.is_whole and len(app.path) == len(ids) + 2)
    assert [each.id for each in app.path][:-2] == ids
    assert app.path[-2].text == "And now?"
    assert shown(app) == [each.id for each in app.path]


def test_what_is_read_stays_while_the_rest_comes(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than a window shows, or its end would be in sight.
    monkeypatch.setattr("desktop.controllers.chat.OPENED", 40)
    chat_id = long_chat(app)
    app.window.open_chat(chat_id)
    app.until(lambda: app.path and app.session.chat.is_whole)
    message = app.path[40]
    view = app.window.conversation.transcript
    app.window.open_new_chat()
    app.until(lambda: not app.path)
    app.window.open_chat(chat_id, message.id)
    app.until(lambda: app.session.chat.is_whole and app.path)
    assert view.anchor() == (message.id, 0)
    assert shown(app) == [each.id for each in app.path]
