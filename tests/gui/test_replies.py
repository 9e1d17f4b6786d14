"""The way of a message, through the window, the engine process and the store."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.domain.chat import MessageState
from models.protocol import Tokens
from tests.gui.conftest import App, Start

SLOW = ("--tokens-per-second", "40", "--reply-tokens", "400")


def test_a_message_is_answered_and_stored(app: App) -> None:
    app.send("one two three")
    reply = app.until_ended(2)
    assert [each.role for each in app.path] == ["user", "assistant"]
    assert reply.state is MessageState.COMPLETE
    assert reply.text.startswith("one two three")
    assert reply.report is not None
    assert reply.report.completion_tokens == 6
    app.until(lambda: [chat.title for chat in app.session.chats.chats] == ["one two three"])
    assert app.composer.text == ""


def test_the_transcript_shows_what_streams(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    model = app.window.conversation.transcript_model
    app.until(lambda: model.rowCount() == 2 and model.message(1).text)
    app.session.chat.stop()
    app.until_ended(2)


def test_escape_stops_and_keeps_what_is_written(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    model = app.window.conversation.transcript_model
    app.until(lambda: model.rowCount() == 2 and model.message(1).text)
    app.press(Qt.Key.Key_Escape)
    reply = app.until_ended(2)
    assert reply.state is MessageState.STOPPED
    assert reply.text.startswith("hello")


def test_a_stop_before_the_engine_knows_still_stops(start: Start) -> None:
    app = start(*SLOW)
    app.until_ready()
    app.send("hello")
    app.session.chat.stop()
    assert app.until_ended(2).state is MessageState.STOPPED


def test_a_stopped_reply_goes_on_where_it_ended(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    model = app.window.conversation.transcript_model
    app.until(lambda: model.rowCount() == 2 and len(model.message(1).text) > 20)
    app.session.chat.stop()
    stopped = app.until_ended(2)
    app.session.chat.continue_reply(stopped.id)
    app.until(lambda: len(model.message(1).text) > len(stopped.text))
    app.session.chat.stop()
    again = app.until_ended(2)
    assert again.text.startswith(stopped.text)
    assert (again.sibling_index, again.sibling_count) == (1, 2)
    app.session.chat.show_sibling(again.id, -1)
    app.until(lambda: app.path[-1].id == stopped.id)
    assert app.path[-1].text == stopped.text


def test_again_makes_a_sibling_and_keeps_the_first(app: App) -> None:
    app.send("hello")
    first = app.until_ended(2)
    QTest.keyClick(app.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    app.until(lambda: app.path[-1].id != first.id)
    second = app.until_ended(2)
    assert (second.sibling_index, second.sibling_count) == (1, 2)
    app.session.chat.show_sibling(second.id, -1)
    app.until(lambda: app.path[-1].id == first.id)
    assert app.path[-1].text == first.text


def test_up_edits_the_last_message_into_a_sibling(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    first = app.path[0]
    app.press(Qt.Key.Key_Up)
    assert app.composer.text == "hello"
    app.send(" there")
    app.until(lambda: app.path[0].id != first.id)
    app.until_ended(2)
    assert app.path[0].text == "hello there"
    assert (app.path[0].sibling_index, app.path[0].sibling_count) == (1, 2)
    assert app.composer.text == ""


def test_leaving_an_edit_gives_the_draft_back(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    app.type("a draft")
    app.window.conversation.transcript.edit_requested.emit(app.path[0].id)
    assert app.composer.text == "hello"
    app.press(Qt.Key.Key_Escape)
    assert app.composer.text == "a draft"


def test_a_reply_streams_on_in_its_own_chat(start: Start) -> None:
    app = start("--tokens-per-second", "40", "--reply-tokens", "30")
    app.send("hello")
    model = app.window.conversation.transcript_model
    app.until(lambda: model.rowCount() == 2 and model.message(1).text)
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    QTest.keyClick(app.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert model.rowCount() == 0
    assert app.session.replies.chats == {chat_id}
    app.window.chat_panel.chat_chosen.emit(chat_id)
    app.until(lambda: model.rowCount() == 2)
    reply = app.until_ended(2)
    assert reply.state is MessageState.COMPLETE
    assert reply.text.count("hello") == 30
    assert model.message(1).text == reply.text


def test_the_engine_dies_and_the_next_message_works(app: App) -> None:
    app.send("/fake --reply-tokens 9 --crash-after 3\nhello")
    failed = app.until_ended(2)
    assert failed.state is MessageState.FAILED
    assert failed.problem is not None
    assert failed.text
    app.until(lambda: app.window.header.state_line.text == "Engine restarted")
    app.send("are you there")
    assert app.until_ended(4).state is MessageState.COMPLETE


def test_events_of_a_job_that_ended_are_dropped(app: App) -> None:
    app.send("hello")
    reply = app.until_ended(2)
    for job_id in range(20):
        app.session.engine.event_received.emit(Tokens(job_id=job_id, text="stale", token_ids=(1,)))
    assert app.path[-1] == reply
    assert app.window.conversation.transcript_model.message(1).text == reply.text


def test_an_example_runs_on_a_click(app: App) -> None:
    app.window.conversation.empty.example_chosen.emit("tell me a story")
    app.until_ended(2)
    assert app.path[0].text == "tell me a story"


def test_a_message_that_another_process_wrote_appears(app: App, start: Start) -> None:
    app.send("hello")
    app.until_ended(2)
    other = start("--reply-tokens", "3")
    assert app.session.chat.chat_id is not None
    other.session.chat.open(app.session.chat.chat_id)
    other.until(lambda: len(other.path) == 2)
    other.send("from elsewhere")
    other.until_ended(4)
    app.until(lambda: len(app.path) == 4 and app.path[-1].state is MessageState.COMPLETE)
    assert app.window.conversation.transcript_model.rowCount() == 4
