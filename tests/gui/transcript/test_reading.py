from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import cast

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript.actions import Action, ActionBar, actions_of, more_of, speed_of
from desktop.ui.transcript.block_buttons import Button, button_rect
from desktop.ui.transcript.buttons import TextButton
from desktop.ui.transcript.spoken import speaker
from desktop.ui.transcript.view import TranscriptView
from models.records import Report
from tests.gui.transcript.conftest import Show, conversation, reply, user

REPORT = Report(completion_tokens=83, decode_s=2.0, first_token_s=0.31)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def point_in(view: TranscriptView, row: int, block: int, position: int) -> QPoint:
    """The place of a letter in the viewport."""
    layout = view._layout.row(row)
    rendered = layout.rendered(block)
    paragraph = rendered.document.findBlock(position)
    line = paragraph.layout().lineForTextPosition(position - paragraph.position())
    x, _ = cast("tuple[float, int]", line.cursorToX(position - paragraph.position()))
    corner = rendered.document.documentLayout().blockBoundingRect(paragraph).topLeft()
    inner = corner + QPointF(x, line.y() + line.height() / 2)
    top = view._layout.row_top(row) - view.verticalScrollBar().value()
    place = layout.block_rect(block).topLeft() + rendered.origin + inner
    return (place + QPointF(view.column.left(), top)).toPoint()


def drag(view: TranscriptView, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.viewport(), end)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=end)


def tab_into(view: TranscriptView) -> None:
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)


def bar_of(view: TranscriptView, message_id: int) -> ActionBar:
    bar = view._overlays.bar(message_id)
    assert bar is not None
    return bar


def press_action(view: TranscriptView, message_id: int, action: Action) -> None:
    bar_of(view, message_id)._buttons[action].click()


# --- selecting and copying ---------------------------------------------------------------------


def test_text_is_selected_across_blocks_and_messages(show: Show) -> None:
    view = show(user(1, "What is it?"), reply(2, "It **pulls**.\n\n- one\n- two\n\nThe end."))
    drag(view, point_in(view, 0, 0, 5), point_in(view, 1, 2, 3))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "is it?\n\nIt pulls.\n\n- one\n- two\n\nThe"
    drag(view, point_in(view, 1, 2, 3), point_in(view, 1, 0, 3))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "pulls.\n\n- one\n- two\n\nThe"


def test_a_double_click_selects_a_word_and_escape_nothing(show: Show) -> None:
    view = show(user(1), reply(2, "Gravity pulls always."))
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_in(view, 1, 0, 10))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "pulls"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view._reader.selection.is_empty


def test_select_all_takes_the_current_message(show: Show) -> None:
    view = show(user(1, "Question"), reply(2, "First.\n\n```\ncode\n```\n\nLast."))
    tab_into(view)
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "First.\n\ncode\n\nLast."


def test_copying_a_message_gives_its_markdown(show: Show) -> None:
    view = show(user(1), reply(2, "It **pulls**."))
    press_action(view, 2, Action.COPY)
    assert clipboard() == "It **pulls**."


def test_a_code_block_has_its_own_copy_button(show: Show) -> None:
    code = "line\n" * 100
    view = show(user(1), reply(2, f"Text\n\n```python\n{code}```\n"))
    view.restore_anchor(2, 0)
    row = view._layout.row(1)
    area = button_rect(Button.COPY, row.block_rect(1)).center()
    top = view._layout.row_top(1) - view.verticalScrollBar().value()
    place = (area + QPointF(view.column.left(), top)).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert clipboard() == code.removesuffix("\n")


def test_the_menu_offers_everything_by_keyboard_too(show: Show) -> None:
    view = show(user(1), reply(2, "a\n\n```\nfirst\n```\n\n```\nsecond\n```", report=REPORT))
    menu = view.commands.make_menu(1)
    names = [action.text() for action in menu.actions() if action.text()]
    assert names == [
        "Copy",
        "Copy message",
        "Copy code 1",
        "Copy code 2",
        "Save code 1…",
        "Save code 2…",
        "Wrap or unwrap code 1",
        "Wrap or unwrap code 2",
        "Edit message",
        "Write again",
        "Write the start of a reply…",
        "Branch into a new chat",
        "Keep in the model's window",
        "Delete",
        "Select all",
    ]
    next(action for action in menu.actions() if action.text() == "Copy code 2").trigger()
    assert clipboard() == "second"


# --- links -------------------------------------------------------------------------------------


def test_a_click_follows_a_link_and_a_drag_does_not(qtbot: QtBot, show: Show) -> None:
    view = show(user(1), reply(2, "See [the docs](https://docs.example/a?b=1) now"))
    followed: list[str] = []
    view.link_activated.connect(followed.append)
    place = point_in(view, 1, 0, 8)
    drag(view, place, place + QPoint(40, 0))
    assert followed == []
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert followed == ["https://docs.example/a?b=1"]


def test_a_links_tip_shows_where_it_really_leads(show: Show) -> None:
    view = show(user(1), reply(2, "[https://bank.example](https://b\u0430nk.example/<b>x)"))
    place = point_in(view, 1, 0, 4) + QPoint(-view.column.left(), view.verticalScrollBar().value())
    tip = view._reader.tip_at(place)
    assert tip.startswith("https://xn--")
    assert "<b>" not in tip


# --- actions -----------------------------------------------------------------------------------

REPLY = {Action.COPY, Action.EDIT, Action.AGAIN}
"""What every reply offers that has text."""
OWN = msgspec.structs.replace(reply(1), model_name="", edited=True)
"""A reply as a person has it."""


@pytest.mark.parametrize(
    ("message", "actions"),
    [
        (user(1, "x"), {Action.COPY, Action.EDIT}),
        (reply(1, "x"), REPLY),
        (reply(1, "x", state=MessageState.STREAMING), set()),
        (reply(1, "x", state=MessageState.STOPPED), REPLY | {Action.CONTINUE}),
        (reply(1, "", state=MessageState.INTERRUPTED), REPLY - {Action.COPY} | {Action.CONTINUE}),
        (reply(1, "x", finish_reason="max_tokens"), REPLY | {Action.CONTINUE}),
        (reply(1, "x", finish_reason="context_full"), REPLY | {Action.CONTINUE}),
        (reply(1, "x", finish_reason="end_of_turn"), REPLY),
        (
            reply(1, "x", sibling_count=3, sibling_index=1),
            REPLY | {Action.PREVIOUS, Action.NEXT},
        ),
        (msgspec.structs.replace(OWN, text="x"), REPLY | {Action.CONTINUE}),
        (reply(1, "x", sibling_count=2), REPLY | {Action.NEXT}),
    ],
)
def test_a_message_offers_what_fits_its_state(message: Message, actions: set[Action]) -> None:
    assert set(actions_of(message)) == actions


def test_only_a_message_without_a_reply_offers_to_have_one_written() -> None:
    assert Action.ANSWER in actions_of(user(1), is_last=True)
    assert Action.ANSWER not in actions_of(user(1))
    assert Action.ANSWER not in actions_of(reply(1, "x"), is_last=True)


@pytest.mark.parametrize(
    ("message", "is_last", "actions"),
    [
        (user(1), False, [Action.START, Action.BRANCH, Action.PIN, Action.DELETE_EXCHANGE]),
        (user(1), True, [Action.START, Action.BRANCH, Action.PIN, Action.DELETE]),
        (reply(1, "x"), True, [Action.START, Action.BRANCH, Action.PIN, Action.DELETE]),
        (reply(1, "x"), False, [Action.START, Action.BRANCH, Action.PIN, Action.DELETE]),
        (reply(1, state=MessageState.STREAMING), True, [Action.DELETE]),
    ],
)
def test_the_menu_offers_the_rest(message: Message, is_last: bool, actions: list[Action]) -> None:
    branch = [] if is_last else [Action.DELETE_BRANCH]
    assert more_of(message, is_last=is_last) == actions + branch


def test_the_button_with_dots_asks_for_the_menu(qtbot: QtBot, show: Show) -> None:
    view = show(user(1), reply(2, "x"))
    wanted: list[tuple[int, object]] = []
    view.action_requested.connect(lambda *arguments: wanted.append(arguments))
    bar = bar_of(view, 2)
    more = next(
        each
        for each in bar.findChildren(QAbstractButton)
        if each.accessibleName() == "More actions"
    )
    bar.more_requested.disconnect()
    with qtbot.waitSignal(bar.more_requested) as asked:
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    assert asked.args is not None
    assert asked.args[0] == 2
    entries = {entry.text(): entry for entry in view.commands.make_menu(1).actions()}
    entries["Delete"].trigger()
    assert wanted == [(2, Action.DELETE)]


def test_who_speaks_tells_what_a_person_wrote() -> None:
    assert speaker(reply(1, "x")) == "SmolLM2"
    assert speaker(OWN) == "Reply · edited by you"
    assert speaker(reply(1, "x", edited=True)) == "SmolLM2 · edited by you"
    assert speaker(reply(1, "x", written=1)) == "SmolLM2 · begun by you"


def test_the_buttons_say_what_the_person_wants(qtbot: QtBot, show: Show) -> None:
    view = show(
        user(1),
        reply(2, "x", state=MessageState.STOPPED, sibling_count=3, sibling_index=1),
    )
    told: list[tuple[str, tuple[int, ...]]] = []

    def listen(name: str) -> Callable[..., None]:
        return lambda *arguments: told.append((name, arguments))

    view.regenerate_requested.connect(listen("again"))
    view.continue_requested.connect(listen("continue"))
    view.sibling_requested.connect(listen("sibling"))
    view.edit_requested.connect(listen("edit"))
    for action in (Action.AGAIN, Action.CONTINUE, Action.PREVIOUS, Action.NEXT):
        press_action(view, 2, action)
    QTest.mouseMove(view.viewport(), point_in(view, 0, 0, 2))
    press_action(view, 1, Action.EDIT)
    assert told == [
        ("again", (2,)),
        ("continue", (2,)),
        ("sibling", (2, -1)),
        ("sibling", (2, 1)),
        ("edit", (1,)),
    ]


def test_a_reply_tells_its_speed() -> None:
    assert speed_of(reply(1, report=REPORT)) == "41 tok/s \u00b7 0.3 s to first token"
    assert speed_of(reply(1)) == ""
    drafted = msgspec.structs.replace(REPORT, drafted_tokens=50, accepted_tokens=40)
    told = "41 tok/s \u00b7 80% of guesses right \u00b7 0.3 s to first token"
    assert speed_of(reply(1, report=drafted)) == told
    beside = msgspec.structs.replace(REPORT, seeded=True, beside_others=True)
    assert speed_of(reply(1, report=beside)).startswith(
        "may differ: written beside another reply \u00b7 41 tok/s"
    )


def test_a_failed_reply_has_a_button_that_mends_it(qtbot: QtBot, show: Show) -> None:
    problem = ("The engine ran out of memory.", "Choose a smaller context window.")
    view = show(user(1), reply(2, state=MessageState.FAILED, problem=problem))
    button = view.findChild(TextButton)
    assert isinstance(button, TextButton)
    assert button.accessibleName() == "Try again"
    with qtbot.waitSignal(view.remedy_requested) as asked:
        button.click()
    assert asked.args == [2]
    view.transcript().replace(reply(2, state=MessageState.STREAMING))
    qtbot.waitUntil(lambda: view.findChild(TextButton) is None)


# --- keyboard and screen readers ---------------------------------------------------------------


def test_arrows_go_from_message_to_message(show: Show) -> None:
    view = show(*[user(number) for number in range(60)])
    tab_into(view)
    assert view.currentIndex().row() == 59
    for _ in range(30):
        QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.currentIndex().row() == 29
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.currentIndex().row() == 0
    assert view.verticalScrollBar().value() == 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.following


def test_a_message_higher_than_the_view_is_read_through(show: Show) -> None:
    view = show(user(1), reply(2, "A paragraph of text.\n\n" * 80), user(3))
    tab_into(view)
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_Down)
    seen: list[int] = []
    while view.currentIndex().row() == 1 and len(seen) < 40:
        seen.append(view.verticalScrollBar().value())
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert max(after - before for before, after in pairwise(seen)) < 600
    assert view.currentIndex().row() == 2


def test_tab_and_return_reach_the_actions_of_the_current_message(qtbot: QtBot, show: Show) -> None:
    view = show(*conversation(3))
    tab_into(view)
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Return)
    focused: QWidget | None = view.focusWidget()
    assert focused is not None
    assert focused.parent() is bar_of(view, 4)
    with qtbot.waitSignal(view.edit_requested) as asked:
        bar_of(view, 4)._buttons[Action.COPY].setFocus()
        QTest.keyClick(view.focusWidget(), Qt.Key.Key_Tab)
        QTest.keyClick(view.focusWidget(), Qt.Key.Key_Space)
    assert asked.args == [4]


def test_keys_that_mean_nothing_here_go_on_to_the_window(show: Show) -> None:
    view = show(*conversation(2))
    keys: list[int] = []

    class Window(QWidget):
        def keyPressEvent(self, event: object) -> None:
            keys.append(event.key())  # type: ignore[attr-defined]

    window = Window()
    view.setParent(window)
    QTest.keyClick(view, Qt.Key.Key_G)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert keys == [Qt.Key.Key_G, Qt.Key.Key_Escape]
    view.setParent(None)


def test_selected_text_is_dragged_away_and_a_click_in_it_ends_the_selection(show: Show) -> None:
    view = show(user(1, "What is it?"), reply(2, "It **pulls** at all."))
    view._reader.drag_wanted.disconnect(view._on_drag_wanted)
    carried: list[str] = []
    view._reader.drag_wanted.connect(carried.append)
    drag(view, point_in(view, 1, 0, 3), point_in(view, 1, 0, 15))
    assert carried == []
    drag(view, point_in(view, 1, 0, 6), point_in(view, 0, 0, 2))
    assert carried == ["pulls at all"]
    assert view.selected_text() == "pulls at all"
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_in(view, 1, 0, 6))
    assert view.selected_text() == ""
    drag(view, point_in(view, 1, 0, 0), point_in(view, 1, 0, 2))
    assert (view.selected_text(), len(carried)) == ("It", 1)


def test_screen_readers_find_the_messages_and_the_actions(show: Show) -> None:
    view = show(user(1, "What is gravity?"), reply(2, "It *pulls*."))
    interface = QAccessible.queryAccessibleInterface(view)
    assert interface.text(QAccessible.Text.Name) == "Conversation"
    texts = {
        interface.child(number).text(QAccessible.Text.Name)
        for number in range(interface.childCount())
    }
    assert {"You: What is gravity?", "SmolLM2: It pulls."} <= texts
    bar = QAccessible.queryAccessibleInterface(bar_of(view, 2))
    names = {bar.child(number).text(QAccessible.Text.Name) for number in range(bar.childCount())}
    assert {"Copy message", "Write again"} <= names
