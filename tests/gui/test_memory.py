"""What survives a restart, and what a quit in the middle leaves."""

from __future__ import annotations

from desktop.domain.chat import MessageState
from desktop.settings.schema import Theme
from tests.gui.conftest import App, Start


def test_the_chat_its_draft_and_its_settings_come_back(app: App, start: Start) -> None:
    app.send("hello")
    app.until_ended(2)
    app.type("not sent yet")
    app.session.settings.set_value("temperature", 1.25)
    app.session.settings.set_theme(Theme.DARK)
    app.close()

    again = start()
    again.until(lambda: len(again.path) == 2)
    assert again.composer.text == "not sent yet"
    assert again.session.settings.generation.temperature == 1.25
    assert again.session.settings.defaults.temperature != 1.25
    assert again.session.settings.app.theme is Theme.DARK


def test_a_draft_without_a_chat_comes_back(app: App, start: Start) -> None:
    app.type("just a thought")
    app.close()
    assert start().composer.text == "just a thought"


def test_the_draft_of_a_new_chat_waits_while_another_is_open(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    chat_id = app.session.chat.chat_id
    assert chat_id is not None
    app.window.chat_panel.new_requested.emit()
    app.type("for later")
    app.window.chat_panel.chat_chosen.emit(chat_id)
    app.until(lambda: app.session.chat.chat_id == chat_id)
    assert app.composer.text == ""
    app.window.chat_panel.new_requested.emit()
    assert app.composer.text == "for later"


def test_panels_stay_as_they_were_left(app: App, start: Start) -> None:
    app.window.panels.set_sizes(260, 300)
    app.window.panels.toggle("right")
    app.close()
    again = start()
    assert again.window.panels.sizes() == (260, 300)
    assert not again.window.panels.is_open("right")


def test_quitting_keeps_the_partial_reply(start: Start) -> None:
    app = start("--tokens-per-second", "40", "--reply-tokens", "400")
    app.send("hello")
    model = app.window.conversation.transcript_model
    app.until(lambda: model.rowCount() == 2 and model.message(1).text)
    app.close()

    again = start()
    again.until(lambda: len(again.path) == 2)
    assert again.path[-1].state is MessageState.INTERRUPTED
    assert again.path[-1].text.startswith("hello")
