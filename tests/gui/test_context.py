"""Chats that outgrow the context window: what is asked, said, marked and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desktop.domain.chat import MessageState
from desktop.domain.context import Overflow
from desktop.ui.summary_dialog import SummaryDialog
from desktop.ui.transcript.actions import Action
from tests.gui.conftest import App, Start

WORDS = "word " * 300


@pytest.fixture
def full(start: Start) -> App:
    """An application whose chat has filled most of a window of 1,024 tokens."""
    app = start("--answer", "short and good")
    app.until_ready()
    app.session.settings.set_value("context_size", 1024)
    for number in range(2):
        app.send(f"q{number} {WORDS}")
        app.until_ended(2 * number + 2)
    return app


def told(app: App) -> str:
    """Return the summary that is shown in the transcript."""
    model = app.window.conversation.transcript.transcript()
    found = (model.mark(message.id) for message in app.path)
    return next((mark.summary.text for mark in found if mark and mark.summary), "")


def choose(app: App, button: Callable[[], object]) -> None:
    app.until(app.window.conversation.overflow.give_up.isVisible)
    button()


def test_a_reply_waits_until_one_has_chosen_and_what_is_left_out_is_marked(full: App) -> None:
    card = full.window.conversation.overflow
    full.send(f"q2 {WORDS}")
    choose(full, card.leave_out.click)
    reply = full.until_ended(6)
    assert reply.text == "short and good"
    assert reply.context is not None
    assert reply.context.left_out == 2
    assert reply.report is not None
    assert reply.report.prompt_tokens < 1024
    full.until(lambda: len(full.window.conversation.transcript.transcript().messages()) == 6)
    model = full.window.conversation.transcript.transcript()
    assert model.mark(full.path[1].id) is not None
    assert "no longer reads" in str(model.data(model.index(1)))


def test_not_sending_stops_the_reply_and_gives_the_message_back(full: App) -> None:
    card = full.window.conversation.overflow
    full.send(f"q2 {WORDS}")
    choose(full, card.give_up.click)
    full.until(lambda: not full.session.chat.busy)
    assert full.path[-1].state is MessageState.STOPPED
    assert full.composer.text.startswith("q2")
    assert not card.give_up.isVisible()


def test_a_chat_can_be_told_to_drop_always(full: App) -> None:
    full.session.settings.set_value("overflow", Overflow.DROP)
    full.send(f"q2 {WORDS}")
    reply = full.until_ended(6)
    assert reply.context is not None
    assert reply.state is MessageState.COMPLETE


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_older_messages_are_condensed_and_the_summary_can_be_edited(full: App) -> None:
    full.session.settings.set_value("overflow", Overflow.CONDENSE)
    full.send(f"q2 {WORDS}")
    reply = full.until_ended(6)
    assert reply.context is not None
    assert reply.context.summary_id is not None
    full.until(lambda: told(full))
    full.window.conversation.transcript.summary_requested.emit(reply.context.summary_id)
    dialog = full.window.findChild(SummaryDialog)
    assert dialog is not None
    assert dialog.editor.toPlainText() == "short and good"
    dialog.editor.setPlainText("as I remember it")
    dialog._save()
    full.until(lambda: told(full) == "as I remember it")


def test_a_pinned_message_stays(full: App) -> None:
    first = full.path[0].id
    full.window.conversation.transcript.action_requested.emit(first, Action.PIN)
    full.until(lambda: full.path[0].pinned)
    full.session.settings.set_value("overflow", Overflow.DROP)
    full.send(f"q2 {WORDS}")
    reply = full.until_ended(6)
    assert reply.context is not None
    assert first in reply.context.kept


def test_one_is_told_while_typing_and_sees_the_parts(full: App) -> None:
    full.composer.editor.setPlainText(f"q2 {WORDS}")
    card = full.window.conversation.overflow
    full.until(lambda: "asked" in card.text)
    usage = full.session.usage.usage
    assert usage.left_out == (full.path[0].id, full.path[1].id)
    full.composer.gauge.open()
    inspector = full.composer.gauge.inspector
    assert inspector.isVisible()
    inspector.overflow_chosen.emit(Overflow.DROP)
    assert full.session.settings.generation.overflow is Overflow.DROP
    full.until(lambda: "leaves out" in card.text)


def test_a_reply_that_meets_the_end_of_the_window_goes_on(start: Start) -> None:
    app = start("--reply-tokens", "400")
    app.until_ready()
    app.session.settings.set_value("context_size", 1024)
    app.session.settings.set_value("max_tokens", 2000)
    app.session.settings.set_value("overflow", Overflow.DROP)
    app.send("q0 " + "word " * 250)
    app.until_ended(2)
    app.send("q1 " + "word " * 60)
    cut = app.until_ended(4)
    assert cut.finish_reason == "context_full"
    assert cut.text
    app.session.chat.continue_reply(cut.id)
    app.until(lambda: app.path[-1].context is not None and not app.session.chat.busy)
    assert app.path[-1].text.startswith(cut.text)
    assert len(app.path[-1].text) > len(cut.text)


def test_a_reply_that_fills_the_window_by_itself_goes_on_from_its_end(start: Start) -> None:
    app = start("--reply-tokens", "2000")
    app.until_ready()
    app.session.settings.set_value("context_size", 1024)
    app.session.settings.set_value("max_tokens", 4000)
    app.send("q0 " + "word " * 60)
    full = app.until_ended(2)
    assert full.finish_reason == "context_full"
    app.session.chat.continue_reply(full.id)
    app.until(lambda: app.path[-1].context is not None and not app.session.chat.busy)
    longer = app.path[-1]
    assert longer.text.startswith(full.text)
    assert len(longer.text) > len(full.text)
    assert longer.context is not None
    assert 0 < longer.context.reply_cut < len(full.text)
    model = app.window.conversation.transcript.transcript()
    app.until(lambda: model.mark(app.path[0].id) is not None)
    assert f"{longer.context.reply_cut:,} characters" in str(model.data(model.index(0)))
