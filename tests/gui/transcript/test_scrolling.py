from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from desktop.domain.chat import MessageState
from desktop.ui.tokens import DARK
from desktop.ui.transcript.buttons import RoundButton
from desktop.ui.transcript.view import TranscriptView
from tests.gui.transcript.conftest import Show, conversation, place_of, reply, user

PARAGRAPH = "Gravity *pulls* on everything, `always`. " * 6 + "\n\n"


def at_end(view: TranscriptView) -> bool:
    bar = view.verticalScrollBar()
    return bar.value() == bar.maximum() > 0


def follows(view: TranscriptView) -> bool:
    return view.following


def jump_button(view: TranscriptView) -> RoundButton:
    button = view.findChild(RoundButton)
    assert isinstance(button, RoundButton)
    return button


def stream(qtbot: QtBot, view: TranscriptView, text: str) -> None:
    """Append text and wait until it is shown."""
    height = view._layout.total
    view.transcript().append_text(41, text)
    qtbot.waitUntil(lambda: view._layout.total > height)


def test_a_chat_opens_at_its_end(show: Show) -> None:
    view = show(*conversation(300))
    assert follows(view)
    assert at_end(view)
    assert view.anchor() == (None, 0)
    last = view.transcript().index(view.transcript().rowCount() - 1)
    assert 0 <= view.visualRect(last).top() < view.viewport().height()


def test_text_that_comes_keeps_the_end_in_sight(qtbot: QtBot, streaming: TranscriptView) -> None:
    for _ in range(4):
        stream(qtbot, streaming, PARAGRAPH * 3)
        assert at_end(streaming)


def test_scrolling_up_lets_go_and_the_end_takes_hold_again(
    qtbot: QtBot, streaming: TranscriptView
) -> None:
    bar = streaming.verticalScrollBar()
    stream(qtbot, streaming, PARAGRAPH * 5)
    bar.setValue(bar.value() - 200)
    assert not follows(streaming)
    place = place_of(streaming, 41)
    stream(qtbot, streaming, PARAGRAPH * 5)
    assert place_of(streaming, 41) == place
    bar.setValue(bar.maximum())
    assert follows(streaming)
    stream(qtbot, streaming, PARAGRAPH * 5)
    assert at_end(streaming)


def test_a_button_leads_back_to_the_end(qtbot: QtBot, streaming: TranscriptView) -> None:
    assert not jump_button(streaming).isVisible()
    streaming.verticalScrollBar().setValue(0)
    assert jump_button(streaming).isVisible()
    jump_button(streaming).click()
    assert follows(streaming)
    assert at_end(streaming)
    assert not jump_button(streaming).isVisible()


@pytest.mark.parametrize("step", [37, 180, 555])
def test_heights_that_become_known_above_do_not_move_what_is_read(show: Show, step: int) -> None:
    view = show(*conversation(120))
    bar = view.verticalScrollBar()
    for _ in range(40):
        row = view.indexAt(view.viewport().rect().center()).row()
        message = view.transcript().message_id(row)
        before = place_of(view, message)
        view.verticalScrollBar().setValue(bar.value() - step)
        assert place_of(view, message) == before + step


def test_a_place_is_found_again(show: Show) -> None:
    view = show(*conversation(200))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 3)
    anchor = view.anchor()
    assert anchor[0] is not None
    other = show(*conversation(200))
    other.restore_anchor(*anchor)
    assert other.anchor() == anchor
    assert not follows(other)
    other.restore_anchor(None, 0)
    assert follows(other)
    other.restore_anchor(123_456, 10)
    assert follows(other)


def test_a_place_restored_before_the_view_is_shown_is_kept(show: Show) -> None:
    view = show()
    view.hide()
    view.transcript().set_messages(conversation(100))
    view.restore_anchor(61, 30)
    view.show()
    assert view.anchor() == (61, 30)


def test_resizing_keeps_the_message_that_is_read(qtbot: QtBot, show: Show) -> None:
    view = show(*conversation(100))
    view.restore_anchor(60, 0)
    view.resize(500, 600)
    assert place_of(view, 60) == 0
    view.resize(900, 600)
    assert place_of(view, 60) == 0


def test_another_appearance_keeps_the_message_that_is_read(show: Show) -> None:
    view = show(*conversation(100))
    view.restore_anchor(60, 0)
    view.set_appearance(DARK, 150)
    assert view.anchor()[0] == 60


def test_a_new_exchange_brings_the_end_back(show: Show) -> None:
    view = show(*conversation(50))
    view.verticalScrollBar().setValue(10)
    assert not follows(view)
    view.transcript().append(user(500))
    assert not follows(view)
    view.transcript().append(reply(501, state=MessageState.STREAMING))
    assert at_end(view)


def test_the_end_of_a_reply_resolves_its_references(qtbot: QtBot, show: Show) -> None:
    view = show(user(40), reply(41, state=MessageState.STREAMING))
    text = "See [docs][d].\n\n[d]: https://docs.example\n"
    view.transcript().append_text(41, text)
    qtbot.waitUntil(lambda: len(view._layout.row(1).blocks) == 2)
    assert view._layout.row(1).rendered(0).document.toPlainText() == "See [docs][d]."
    view.transcript().replace(reply(41, text))
    assert view._layout.row(1).rendered(0).document.toPlainText() == "See docs."


def test_only_the_last_block_is_rendered_again(qtbot: QtBot, streaming: TranscriptView) -> None:
    stream(qtbot, streaming, PARAGRAPH * 3 + "tail")
    row = streaming._layout.row(41)
    kept = [row.rendered(index) for index in range(3)]
    total = streaming.transcript().message(41).text
    streaming.transcript().append_text(41, " grows")
    qtbot.waitUntil(lambda: row.message.text == total + " grows")
    assert [row.rendered(index) for index in range(3)] == kept


def test_no_timer_runs_while_nothing_comes(qtbot: QtBot, streaming: TranscriptView) -> None:
    stream(qtbot, streaming, "text\n\n" * 3)
    assert streaming._pacer.is_idle


def test_the_reading_column_is_centred_and_keeps_its_margins(show: Show) -> None:
    view = show(*conversation(3))
    assert view.column.width() == 760
    assert abs(view.column.center().x() - view.rect().center().x()) <= 1
    view.resize(500, 600)
    assert view.column.left() == 24


@pytest.mark.parametrize(
    "text",
    [
        "```python\n" + "x = 1\n" * 5000 + "```",
        "|a|b|\n|-|-|\n" + "| 1 | 2 |\n" * 2000,
        "one enormous paragraph " * 5000,
    ],
    ids=["code", "table", "paragraph"],
)
def test_of_a_huge_reply_only_what_is_seen_is_laid_out(show: Show, text: str) -> None:
    view = show(user(1), reply(2, text))
    row = view._layout.row(1)
    measured = sum(row.is_measured(index) for index in range(len(row.blocks)))
    assert 0 < measured < len(row.blocks) / 3


@pytest.mark.parametrize("is_hidden", [False, True])
def test_what_is_put_above_moves_nothing_that_is_read(show: Show, is_hidden: bool) -> None:
    messages = conversation(60)
    view = show(*messages[80:])
    view.restore_anchor(messages[100].id, 7)
    view._reader.select_row(21)
    chosen = view._reader.selection.text(view._layout)
    place = place_of(view, messages[100].id)
    view.setHidden(is_hidden)
    view.transcript().put_above(messages[20:80])
    view.transcript().put_above(messages[:20])
    view.show()
    assert place_of(view, messages[100].id) == place
    assert view.anchor() == (messages[100].id, 7)
    assert view._reader.selection.text(view._layout) == chosen
    view.jump_to_end()
    assert at_end(view)
    view.restore_anchor(messages[3].id, 0)
    assert place_of(view, messages[3].id) == 0
