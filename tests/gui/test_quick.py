"""The quick question, and what reaches it: a window beside the window, the tray, a shortcut."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from desktop.domain.chat import MessageState, is_private
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.window_state import load_window_state
from desktop.ui.quick.global_key import GlobalKey, trouble_with
from desktop.ui.quick.reach import Reach
from desktop.ui.quick.tray import model_in_words
from desktop.ui.quick.window import WIDTH, QuickWindow
from desktop.ui.theme import Theme
from tests.gui.conftest import App, Start

pytestmark = pytest.mark.qt_log_ignore(
    "This plugin does not support (raise|propagateSizeHints)", "systemTrayWindowChanged"
)
"""What the offscreen platform has to say of windows and trays."""

SLOW = ("--reply-tokens", "400", "--tokens-per-second", "60")
TAKEN_BY_ANOTHER = "Ctrl+Alt+T"
_TRAY_AND_QUIT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from desktop.app import build_session, build_window
from desktop.paths import Paths
from desktop.ui.application import Application
from desktop.ui.quick.reach import Reach
from desktop.ui.theme import Theme
from models.client import engine_command
from models.load_judge import TrustingJudge
app = Application([])
paths = Paths(Path(sys.argv[1]))
paths.create()
session, _ = build_session(paths, engine_command("fake"), TrustingJudge())
window = build_window(app, paths, session)
reach = Reach(window, window.findChild(Theme), session, has_tray=lambda: True)
session.settings.set_app_value("keep_in_tray", True)
reach.begin()
window.show()
if sys.argv[2] == "hidden":
    window.close()
    print("visible:", window.isVisible())
window.conversation.composer.editor.insertPlainText("unsent")
QTimer.singleShot(200, QGuiApplication.quit)
app.exec()
session.close()
print("ended")
"""


class LentKey(GlobalKey):
    """A platform that lends every key but one."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ""

    def take(self, sequence: str) -> None:
        self.held = "" if sequence == TAKEN_BY_ANOTHER else sequence
        if self.held:
            self.taken.emit(sequence)
        else:
            self.refused.emit(sequence, UserError("Another program has it.", "Press another one."))

    def let_go(self) -> None:
        self.held = ""


class Person:
    """What a person does with the quick question of an application."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.quick = app.session.quick
        self.window: QuickWindow = app.window.reach.quick.window

    def ask(self, text: str) -> None:
        self.window.editor.insertPlainText(text)
        QTest.keyClick(self.window.editor, Qt.Key.Key_Return)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window.editor, key)

    def until_answered(self, messages: int) -> str:
        self.app.until(lambda: len(self.quick.path) == messages and not self.quick.busy)
        return self.quick.path[-1].text

    @property
    def shown(self) -> str:
        model = self.window.transcript_model
        return model.message(model.rowCount() - 1).text if model.rowCount() else ""


def shown_in(app: App) -> Person:
    app.window.reach.show_quick()
    return Person(app)


def said_of(row: QWidget) -> str:
    return " ".join(each.text() for each in row.findChildren(QLabel) if not each.isHidden())


@pytest.fixture
def keeps_going() -> Iterator[None]:
    """Leave the test's application as it was: a tray has it outlive its last window."""
    yield
    QApplication.setQuitOnLastWindowClosed(True)


def reach_with_a_tray(app: App) -> Reach:
    theme = app.window.findChild(Theme)
    assert theme is not None
    made = Reach(
        app.window,
        theme,
        app.session,
        has_tray=lambda: True,
        make_key=LentKey,
        key_trouble=lambda: None,
    )
    made.begin()
    return made


def test_a_question_is_answered_and_kept_while_another_chat_is_open(app: App) -> None:
    app.send("the open chat")
    app.until_ended(2)
    open_id = app.session.chat.chat_id
    person = shown_in(app)
    low = person.window.height()
    assert person.window.width() == WIDTH
    person.ask("a quick one")
    assert person.until_answered(2).startswith("a quick one")
    assert person.shown == person.quick.path[-1].text
    assert person.window.height() > low
    assert person.window.editor.toPlainText() == ""
    assert app.session.chat.chat_id == open_id
    app.until(lambda: len(app.session.chats.chats) == 2)
    # What is asked next goes on in the same chat.
    person.ask("and then")
    person.until_answered(4)
    assert {message.chat_id for message in person.quick.path} == {person.quick.chat_id}
    assert len(app.session.chats.chats) == 2


def test_escape_stops_and_then_closes(start: Start) -> None:
    app = start(*SLOW)
    app.until_ready()
    person = shown_in(app)
    person.ask("hello")
    app.until(lambda: person.shown)
    person.press(Qt.Key.Key_Escape)
    person.until_answered(2)
    assert person.quick.path[-1].state is MessageState.STOPPED
    assert person.window.isVisible()
    person.press(Qt.Key.Key_Escape)
    assert not person.window.isVisible()


def test_a_reply_goes_on_while_its_window_is_closed(start: Start) -> None:
    app = start("--reply-tokens", "80", "--tokens-per-second", "120")
    app.until_ready()
    person = shown_in(app)
    person.ask("hello")
    app.until(lambda: person.shown)
    person.window.close()
    assert person.quick.busy
    app.window.reach.show_quick()
    # It is still the same question, since its answer is on the way.
    assert person.window.transcript_model.rowCount() == 2
    person.window.close()
    app.until(lambda: not person.quick.busy)
    assert person.quick.path[-1].state is MessageState.COMPLETE
    chat_id = person.quick.chat_id
    app.until(lambda: [chat.id for chat in app.session.chats.chats] == [chat_id])
    app.window.reach.show_quick()
    assert person.window.transcript_model.rowCount() == 0
    assert person.quick.chat_id is None


def test_a_question_waits_for_the_model_that_is_being_loaded(start: Start) -> None:
    app = start("--load-s", "0.7", "--reply-tokens", "3")
    person = shown_in(app)
    person.ask("early")
    assert "loaded" in person.window.editor.placeholderText()
    assert person.until_answered(2).startswith("early")
    assert app.session.model.state.name in person.window.editor.placeholderText()


def test_a_private_question_is_in_no_list_of_stored_chats(app: App) -> None:
    person = shown_in(app)
    person.window.private.setChecked(True)
    person.ask("for nobody")
    person.until_answered(2)
    chat_id = person.quick.chat_id
    assert is_private(chat_id)
    assert person.window.private.isChecked()
    assert not person.window.private.isEnabled()
    kept: list[int] = []
    app.session.store.call_homes(lambda homes: len(homes.all_chats()), kept.append)
    stored: list[int] = []
    app.session.store.call(lambda store: len(store.chats()), stored.append)
    app.until(lambda: kept and stored)
    assert (kept, stored) == ([1], [0])
    person.window.new_requested.emit()
    assert not person.window.private.isChecked()
    assert person.window.private.isEnabled()


def test_the_chat_goes_on_in_the_window_with_what_was_typed(app: App) -> None:
    person = shown_in(app)
    person.ask("a quick one")
    person.until_answered(2)
    chat_id = person.quick.chat_id
    person.window.editor.insertPlainText("unsent")
    person.window.open_requested.emit()
    app.until(lambda: app.session.chat.chat_id == chat_id and len(app.path) == 2)
    assert app.composer.text == "unsent"
    assert not person.window.isVisible()
    assert person.quick.chat_id is None


def test_a_chat_that_is_open_too_shows_what_is_asked_in_either_place(app: App) -> None:
    person = shown_in(app)
    person.ask("a quick one")
    person.until_answered(2)
    assert person.quick.chat_id is not None
    app.window.open_chat(person.quick.chat_id)
    app.until(lambda: len(app.path) == 2)
    person.ask("from the small window")
    person.until_answered(4)
    app.until_ended(4)
    app.send("from the great one")
    app.until_ended(6)
    app.until(lambda: len(person.quick.path) == 6)
    assert [each.id for each in person.quick.path] == [each.id for each in app.path]


def test_a_deleted_chat_is_asked_no_more(app: App) -> None:
    person = shown_in(app)
    person.ask("a quick one")
    person.until_answered(2)
    app.until(lambda: app.session.chats.chat(person.quick.chat_id))
    assert person.quick.chat_id is not None
    app.session.chats.delete(person.quick.chat_id)
    app.until(lambda: person.quick.chat_id is None)
    assert person.window.transcript_model.rowCount() == 0


def test_the_reply_is_copied(app: App) -> None:
    person = shown_in(app)
    person.ask("copy me")
    text = person.until_answered(2)
    person.window.copy.click()
    assert QGuiApplication.clipboard().text() == text


def test_a_failed_reply_is_tried_again(start: Start) -> None:
    app = start("--crash-after", "3", "--reply-tokens", "8")
    app.until_ready()
    person = shown_in(app)
    person.ask("hello")
    person.until_answered(2)
    failed = person.quick.path[-1]
    assert failed.state is MessageState.FAILED
    app.until_ready()
    person.window.transcript.remedy_requested.emit(failed.id)
    app.until(lambda: person.quick.path[-1].id != failed.id)
    assert person.quick.path[-1].sibling_count == 2


def test_messages_can_be_read_and_nothing_else(app: App) -> None:
    person = shown_in(app)
    person.ask("a quick one")
    person.until_answered(2)
    names = [each.text() for each in person.window.transcript.commands.make_menu(1).actions()]
    assert "Copy message" in names
    assert not {"Delete", "Edit message", "Write again"} & set(names)


def test_each_control_has_a_name_and_tab_comes_by_it(app: App) -> None:
    person = shown_in(app)
    person.ask("a quick one")
    person.until_answered(2)
    for button in person.window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.accessibleName() or button.text()
    reached: set[str] = set()
    for _ in range(12):
        focus = person.window.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        reached_now = person.window.focusWidget()
        if isinstance(reached_now, QAbstractButton):
            reached.add(reached_now.text() or reached_now.accessibleName())
    assert {"Copy", "Open in Snug", "New question", "Close"} <= reached


def test_nothing_of_it_is_imported_before_it_is_wanted() -> None:
    late = ("desktop.ui.quick", "desktop.controllers.quick")
    code = (
        f"import sys; import desktop.app; print([name for name in {late} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# --- the tray ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("keeps_going")
def test_closing_ends_snug_until_the_tray_is_turned_on(app: App) -> None:
    reach = reach_with_a_tray(app)

    def is_kept() -> bool:
        assert QApplication.quitOnLastWindowClosed() is (reach.tray is None)
        return reach.tray is not None

    assert not is_kept()
    app.session.settings.set_app_value("keep_in_tray", True)
    assert is_kept()
    app.session.settings.set_app_value("keep_in_tray", False)
    assert not is_kept()


@pytest.mark.usefixtures("keeps_going")
def test_a_reply_goes_on_while_the_window_is_in_the_tray(start: Start) -> None:
    app = start("--reply-tokens", "60", "--tokens-per-second", "120")
    app.until_ready()
    reach = reach_with_a_tray(app)
    app.session.settings.set_app_value("keep_in_tray", True)
    app.send("hello")
    app.until(lambda: len(app.path) == 2)
    app.window.close()
    assert not app.window.isVisible()
    assert app.until_ended(2).state is MessageState.COMPLETE
    assert reach.tray is not None
    names = {each.text(): each for each in reach.tray.menu.actions()}
    assert model_in_words(app.session.model.state) in names
    names["Open Snug"].trigger()
    assert app.window.isVisible()
    # A second start does the same.
    app.window.close()
    app.window.raise_with("")
    assert app.window.isVisible()
    app.window.close()
    names["New chat"].trigger()
    assert app.window.isVisible()
    app.until(lambda: app.session.chat.chat_id is None)


@pytest.mark.usefixtures("keeps_going")
def test_quit_closes_the_window_for_good(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(QGuiApplication, "quit", lambda: ended.append(True))
    reach = reach_with_a_tray(app)
    app.session.settings.set_app_value("keep_in_tray", True)
    app.type("unsent")
    app.window.close()
    assert reach.tray is not None
    reach.tray.quit()
    assert ended == [True]
    assert app.window.state().draft == "unsent"


@pytest.mark.parametrize("state", ["hidden", "shown"])
def test_the_system_ends_snug_in_the_tray_too(tmp_path: Path, state: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TRAY_AND_QUIT, str(tmp_path), state],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    hidden = ["visible: False"] if state == "hidden" else []
    assert done.stdout.splitlines() == [*hidden, "ended"]
    assert load_window_state(Paths(tmp_path).window_state_file).draft == "unsent"


def test_without_a_tray_it_is_said_and_closing_closes(app: App) -> None:
    app.session.settings.set_app_value("keep_in_tray", True)
    app.window.reach.begin()
    options = app.window.reach.options
    assert options is not None
    assert app.window.reach.tray is None
    assert not options.tray.isEnabled()
    assert "no tray" in said_of(options.tray)
    # Nor does the offscreen platform lend a key: that is said too, with what helps.
    assert not options.shortcut.isEnabled()
    assert "snug --quick" in said_of(options.shortcut)


# --- the shortcut -----------------------------------------------------------------------------


@pytest.mark.usefixtures("keeps_going")
def test_a_key_is_taken_and_opens_the_question(app: App) -> None:
    reach = reach_with_a_tray(app)
    options = reach.options
    assert options is not None
    options.shortcut.suggestion.click()
    assert app.session.settings.app.quick_shortcut == "Ctrl+Alt+Space"
    key = reach.findChild(LentKey)
    assert key is not None
    assert key.held == "Ctrl+Alt+Space"
    key.pressed.emit()
    assert reach.quick.window.isVisible()
    # What can't be had is refused in words, and the key before stays.
    options.shortcut_wanted.emit(TAKEN_BY_ANOTHER)
    assert "Another program" in said_of(options.shortcut)
    assert key.held == app.session.settings.app.quick_shortcut == "Ctrl+Alt+Space"
    # A key is set by pressing it; what is no more than its beginning changes nothing.
    QTest.keyPress(options.shortcut.edit, Qt.Key.Key_Control)
    assert key.held == "Ctrl+Alt+Space"
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    QTest.keyClick(options.shortcut.edit, Qt.Key.Key_J, held)
    assert key.held == app.session.settings.app.quick_shortcut == "Ctrl+Alt+J"
    options.shortcut.off.click()
    assert key.held == app.session.settings.app.quick_shortcut == ""


@pytest.mark.parametrize("keys", ["A", "Shift+A", "Space", "nonsense", "Ctrl+A, Ctrl+B", ""])
def test_keys_that_others_need_are_refused(keys: str) -> None:
    assert trouble_with(keys) is not None


@pytest.mark.parametrize("keys", ["Ctrl+Alt+Space", "Meta+Q", "F9", "Ctrl+Shift+J"])
def test_keys_with_something_held_down_are_not(keys: str) -> None:
    assert trouble_with(keys) is None
