"""The tree of a chat through the window: versions, branches, and what is deleted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript.actions import Action
from tests.gui.conftest import App, Start

SLOW = ("--tokens-per-second", "40", "--reply-tokens", "400")


def act(app: App, message: Message, action: Action) -> None:
    app.window.conversation.transcript.commands.run(message.id, action)


def texts(app: App) -> list[str]:
    return [message.text for message in app.path]


def talk(app: App, *words: str) -> list[Message]:
    for number, text in enumerate(words, start=1):
        app.send(text)
        app.until_ended(2 * number)
    return list(app.path)


def undo(app: App) -> None:
    app.window.notices._action.click()


def shown(app: App) -> list[str]:
    model = app.window.conversation.transcript_model
    return [model.message(row).text for row in range(model.rowCount())]


def test_an_edited_reply_is_saved_beside_the_models(app: App) -> None:
    user, reply = talk(app, "hello")
    app.type("half a thought")
    act(app, reply, Action.EDIT)
    assert app.composer.text == reply.text
    app.composer.editor.setPlainText("As I would say it")
    app.press(Qt.Key.Key_Return)
    app.until(lambda: texts(app) == [user.text, "As I would say it"])
    edited = app.path[-1]
    assert (edited.edited, edited.sibling_count) == (True, 2)
    assert app.composer.text == "half a thought"
    act(app, edited, Action.PREVIOUS)
    app.until(lambda: texts(app) == [user.text, reply.text])


def test_the_model_goes_on_from_an_edited_reply(app: App) -> None:
    _, reply = talk(app, "hello")
    act(app, reply, Action.EDIT)
    app.composer.editor.setPlainText("Well, ")
    go_on = app.composer.findChild(QPushButton, "goOnButton")
    assert go_on is not None
    go_on.click()
    app.until(lambda: app.path[-1].id != reply.id and not app.session.chat.busy)
    written = app.path[-1]
    assert written.state is MessageState.COMPLETE
    assert written.text.startswith("Well,")
    assert len(written.text) > len("Well, ")
    assert (written.written, written.sibling_count) == (len("Well,"), 2)
    assert app.composer.text == ""


def test_a_reply_goes_on_from_a_start(app: App) -> None:
    user, reply = talk(app, "hello")
    act(app, reply, Action.START)
    assert app.composer.text == ""
    app.send("Once upon")
    app.until(lambda: app.path[-1].id != reply.id and not app.session.chat.busy)
    written = app.path[-1]
    assert written.text.startswith("Once upon")
    assert len(written.text) > len("Once upon")
    assert (written.written, written.sibling_count) == (9, 2)
    assert app.path[0].id == user.id


def test_a_chat_branches_into_a_new_one(app: App) -> None:
    first = talk(app, "one", "two")
    old = app.session.chat.chat_id
    act(app, first[1], Action.BRANCH)
    app.until(lambda: app.session.chat.chat_id != old)
    assert texts(app) == texts_of(first[:2])
    app.until(lambda: len(app.session.chats.chats) == 2)
    assert "one · branch" in {chat.title for chat in app.session.chats.chats}
    app.send("three")
    app.until_ended(4)
    assert old is not None
    app.session.chat.open(old)
    app.until(lambda: texts(app) == texts_of(first))


def texts_of(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_a_deleted_message_comes_back_with_undo(app: App) -> None:
    path = talk(app, "one", "two", "three")
    act(app, path[2], Action.DELETE_EXCHANGE)
    app.until(lambda: texts(app) == texts_of([*path[:2], *path[4:]]))
    assert shown(app) == texts(app)
    assert app.window.notices.text == "2 messages were deleted."
    undo(app)
    app.until(lambda: texts(app) == texts_of(path))
    act(app, path[1], Action.DELETE_BRANCH)
    app.until(lambda: texts(app) == ["one"])
    assert app.window.notices.text == "5 messages were deleted."
    undo(app)
    app.until(lambda: shown(app) == texts_of(path))


def test_undo_goes_back_to_the_chat_that_was_left(app: App) -> None:
    path = talk(app, "one", "two")
    chat_id = app.session.chat.chat_id
    act(app, path[1], Action.DELETE_BRANCH)
    app.until(lambda: texts(app) == ["one"])
    app.session.chat.open_new()
    app.type("a draft of the new chat")
    undo(app)
    app.until(lambda: app.session.chat.chat_id == chat_id and texts(app) == texts_of(path))


def test_a_question_that_lost_its_reply_is_answered_again(app: App) -> None:
    user, reply = talk(app, "one")
    act(app, reply, Action.DELETE)
    app.until(lambda: texts(app) == ["one"])
    act(app, user, Action.ANSWER)
    again = app.until_ended(2)
    assert again.id != reply.id
    assert again.sibling_count == 1


def test_a_reply_that_is_deleted_while_it_is_written_stops(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    app.until(lambda: len(shown(app)) == 2 and len(shown(app)[1]) > 10)
    reply = app.path[-1]
    act(app, reply, Action.DELETE)
    app.until(lambda: texts(app) == ["hello"] and not app.session.chat.busy)
    undo(app)
    app.until(lambda: len(app.path) == 2)
    assert app.path[1].state is MessageState.STOPPED
    assert app.path[1].text.startswith("hello")


def test_a_chat_is_deleted_while_its_reply_is_written(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    app.until(lambda: len(shown(app)) == 2 and len(shown(app)[1]) > 10)
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    app.until(lambda: app.session.chats.chats)
    app.session.chats.delete(chat_id)
    app.until(lambda: app.session.chat.chat_id is None and not app.session.replies.chats)
    undo(app)
    app.until(lambda: len(app.path) == 2)
    assert app.path[1].state is MessageState.STOPPED


def test_what_has_to_wait_for_a_reply_says_so(start: Start) -> None:
    app = start(*SLOW)
    app.send("hello")
    app.until(lambda: len(shown(app)) == 2 and shown(app)[1])
    act(app, app.path[0], Action.EDIT)
    assert "being written" in app.window.notices.text
    assert app.composer.text == ""
    QTest.keyClick(app.composer.editor, Qt.Key.Key_Escape)
    app.until_ended(2)


def test_two_chats_are_answered_at_once(start: Start) -> None:
    app = start(*SLOW)
    app.until_ready()
    app.send("first")
    app.until(lambda: len(shown(app)) == 2 and shown(app)[1])
    first = app.session.chat.chat_id
    app.window.open_new_chat()
    app.send("second")
    app.until(lambda: len(shown(app)) == 2 and len(shown(app)[1]) > 10)
    assert len(app.session.replies.chats) == 2
    app.session.replies.stop(first)
    app.until(lambda: len(app.session.replies.chats) == 1)
    assert app.session.chat.busy
    app.session.chat.stop()
    app.until_ended(2)


def test_a_chat_that_was_purged_elsewhere_gives_way_to_a_new_one(app: App) -> None:
    talk(app, "one")
    app.session.chat.open(4711)
    app.until(lambda: app.session.chat.chat_id is None)
    assert shown(app) == []
