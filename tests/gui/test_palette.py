"""The palette: by real keys, from what was typed to what was done."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.domain.chat import Chat, MessageState, Run
from desktop.domain.search import Found
from desktop.settings.schema import Theme
from desktop.storage.chats import ChatStore
from desktop.ui.about import AboutBox
from desktop.ui.keys import KeySheet
from desktop.ui.palette import Palette
from desktop.ui.palette_model import LINE_ROLE
from desktop.ui.search_model import FOUND_ROLE
from tests.gui.conftest import App, Start
from tests.gui.test_accessibility import nameless

# The offscreen platform's, of any dialog with a least size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
RUN = Run(model_path="/m.gguf", model_name="Tiny")


def write_walks(store: ChatStore) -> tuple[int, int]:
    chat = store.create_chat("Walks")
    _, reply = store.begin_exchange(chat.id, None, "Where to walk?", RUN)
    store.finish(reply.id, MessageState.COMPLETE, "Through the lavender fields.", [])
    return chat.id, reply.id


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def open_palette(app: App) -> Palette:
    app.window.activateWindow()
    app.until(app.window.isActiveWindow)
    widget = QApplication.focusWidget()
    if widget is None or not app.window.isAncestorOf(widget):
        app.composer.editor.setFocus()
    QTest.keyClick(focused(), Qt.Key.Key_K, CONTROL)
    palette = app.window.findChild(Palette)
    assert isinstance(palette, Palette)
    assert palette.isVisible()
    assert focused() is palette.field
    return palette


def names(palette: Palette) -> list[str]:
    """Return the names of the actions in sight, in their order."""
    rows = range(palette.model.rowCount())
    lines = (palette.model.index(row).data(LINE_ROLE) for row in rows)
    return [line.entry.name for line in lines if line is not None]


def hits(palette: Palette) -> list[Found]:
    rows = range(palette.model.rowCount())
    found = (palette.model.index(row).data(FOUND_ROLE) for row in rows)
    return [each for each in found if each is not None]


def chat_now(app: App, chat_id: int | None) -> Chat:
    chat = app.session.chats.chat(chat_id)
    assert chat is not None
    return chat


def chosen(palette: Palette) -> str:
    return str(palette.list.currentIndex().data())


def do(app: App, words: str) -> None:
    """Have done what is meant by these words."""
    palette = open_palette(app)
    QTest.keyClicks(palette.field, words)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_a_key_opens_it_and_escape_gives_the_focus_back(app: App) -> None:
    app.window.activateWindow()
    app.until(app.window.isActiveWindow)
    app.window.chat_panel.list.setFocus()
    palette = open_palette(app)
    assert "New chat" in names(palette)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert focused() is app.window.chat_panel.list
    open_palette(app)
    QTest.keyClick(palette.field, Qt.Key.Key_K, CONTROL)
    assert not palette.isVisible()


def test_escape_closes_the_palette_and_stops_no_reply(start: Start) -> None:
    app = start("--reply-tokens", "400", "--tokens-per-second", "60")
    app.until_ready()
    app.send("Tell me a lot")
    app.until(lambda: app.session.chat.busy)
    palette = open_palette(app)
    assert "Stop the reply" in names(palette)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert app.session.chat.busy
    do(app, "stop the")
    app.until(lambda: not app.session.chat.busy)
    assert "Stop the reply" not in names(open_palette(app))


def test_arrows_go_round_and_pass_the_headings(app: App) -> None:
    palette = open_palette(app)
    first = chosen(palette)
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    last = chosen(palette)
    assert last != first
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert chosen(palette) == first
    QTest.keyClick(palette.field, Qt.Key.Key_PageDown)
    assert chosen(palette) not in {first, last}
    for _ in range(40):
        QTest.keyClick(palette.field, Qt.Key.Key_PageDown)
    assert chosen(palette) == last
    for _ in range(40):
        QTest.keyClick(palette.field, Qt.Key.Key_PageUp)
    assert chosen(palette) == first
    QTest.keyClick(palette.field, Qt.Key.Key_Tab)
    assert focused() is palette.field


def test_what_is_typed_is_done(app: App) -> None:
    do(app, "appear dark")
    assert app.session.settings.app.theme is Theme.DARK
    do(app, "larger")
    assert app.session.settings.app.text_scale == 110
    do(app, "keys")
    sheet = app.window.findChild(KeySheet)
    assert isinstance(sheet, KeySheet)
    sheet.close()
    do(app, "about snug")
    about = app.window.findChild(AboutBox)
    assert isinstance(about, AboutBox)
    about.close()


def test_what_was_done_last_comes_first(app: App) -> None:
    do(app, "larger")
    do(app, "smaller")
    assert names(open_palette(app))[:2] == ["Smaller text", "Larger text"]
    app.window.remember()
    assert app.window.state().recent_actions[:2] == ("smaller", "larger")


def test_a_chat_and_a_message_are_found_and_opened(app: App) -> None:
    done: list[tuple[int, int]] = []
    app.session.store.call(write_walks, done.append)
    app.until(lambda: done)
    chat_id, reply_id = done[0]
    palette = open_palette(app)
    QTest.keyClicks(palette.field, "walk")
    app.until(lambda: len(hits(palette)) == 2)
    assert [each.message_id is None for each in hits(palette)] == [True, False]
    QTest.keyClicks(palette.field, "x")
    app.until(lambda: palette.model.rowCount() == 0)
    assert palette._nothing.isVisible()
    assert not palette.list.isVisible()
    assert palette.height() >= palette.sizeHint().height()
    palette.field.setText("lavender")
    app.until(lambda: [each.message_id for each in hits(palette)] == [reply_id])
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    app.until(lambda: [each.id for each in app.path][-1:] == [reply_id])
    assert app.session.chat.chat_id == chat_id
    assert not palette.isVisible()


def test_the_side_panel_shows_all_of_many_hits(app: App) -> None:
    def write(store: ChatStore) -> int:
        for number in range(8):
            store.create_chat(f"Lavender {number}")
        return 1

    done: list[int] = []
    app.session.store.call(write, done.append)
    app.until(lambda: done)
    palette = open_palette(app)
    QTest.keyClicks(palette.field, "lav")
    app.until(lambda: len(hits(palette)) == 5)
    assert names(palette) == ["Show all that was found"]
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert app.window.chat_panel.search.text() == "lav"
    assert focused() is app.window.chat_panel.search


def test_the_search_has_a_key_of_its_own_and_closes_the_palette(app: App) -> None:
    palette = open_palette(app)
    QTest.keyClick(palette.field, Qt.Key.Key_F, CONTROL | SHIFT)
    assert focused() is app.window.chat_panel.search
    assert not palette.isVisible()


def test_a_press_beside_it_closes_it(app: App) -> None:
    palette = open_palette(app)
    QTest.mouseClick(
        palette._veil, Qt.MouseButton.LeftButton, pos=palette._veil.rect().center() * 2
    )
    assert not palette.isVisible()
    assert focused() is app.composer.editor


def test_what_concerns_a_message_is_done_to_the_last_one(app: App) -> None:
    app.send("hello")
    reply = app.until_ended(2)
    do(app, "copy message reply")
    assert QApplication.clipboard().text() == reply.text
    do(app, "edit your last")
    assert app.composer.text == "hello"
    app.composer.cancel_edit()
    app.window.document_wires.show_page()
    do(app, "branch reply")
    app.until(lambda: len(app.session.chats.chats) == 2)
    assert app.window.middle.shown is None


def test_the_open_chat_is_renamed_pinned_filed_and_deleted(app: App) -> None:
    app.send("hello")
    app.until_ended(2)
    chat_id = app.session.chat.chat_id
    app.until(lambda: app.window.list_wires.open_chat)
    do(app, "pin this")
    app.until(lambda: chat_now(app, chat_id).pinned_at is not None)
    assert "Pin this chat" not in names(open_palette(app))
    app.window.palette_wires.close()
    app.window.panels.set_open("left", is_open=False)
    do(app, "rename")
    assert app.window.chat_panel.list.is_editing
    QTest.keyClicks(focused(), "Greetings")
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    app.until(lambda: chat_now(app, chat_id).title == "Greetings")
    do(app, "move new folder")
    app.until(lambda: chat_now(app, chat_id).folder_id is not None)
    app.until(lambda: app.window.chat_panel.list.is_editing)
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    app.until(lambda: not app.window.chat_panel.list.is_editing)
    do(app, "take out")
    app.until(lambda: chat_now(app, chat_id).folder_id is None)
    do(app, "delete this chat")
    app.until(lambda: app.session.chats.chat(chat_id) is None)


def test_a_preset_is_used_by_its_name(app: App) -> None:
    app.session.settings.set_value("temperature", 1.5)
    app.session.presets.save_as("Wild & free")
    app.until(lambda: app.session.presets.current is not None)
    do(app, "use no preset")
    assert app.session.settings.generation.temperature != 1.5
    do(app, "wild")
    assert app.session.settings.generation.temperature == 1.5


def test_a_screen_reader_hears_the_line_and_its_key(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    palette = open_palette(app)
    QTest.keyClicks(palette.field, "new")
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: said.append(event.message())
    )
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert said == [chosen(palette)]
    assert "New private chat, Chats, Ctrl+Shift+N" in {
        str(palette.model.index(row).data()) for row in range(palette.model.rowCount())
    }


@pytest.mark.parametrize("size", [(1280, 800), (720, 560)])
def test_it_stays_within_the_window(app: App, size: tuple[int, int]) -> None:
    app.window.resize(*size)
    palette = open_palette(app)
    assert app.window.rect().contains(palette.geometry())
    app.window.resize(900, 600)
    app.until(lambda: app.window.rect().contains(palette.geometry()))


def test_a_screen_reader_finds_a_name_for_each_part(app: App) -> None:
    palette = open_palette(app)
    QTest.keyClicks(palette.field, "new")
    assert nameless(palette) == []
    assert palette.list.accessibleName()
    assert palette.field.accessibleName()
