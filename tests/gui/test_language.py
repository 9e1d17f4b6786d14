from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QMetaMethod, QMetaObject, QObject
from PySide6.QtWidgets import QApplication, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from desktop.app import WindowKeeper, build_session
from desktop.controllers.session import Session
from desktop.domain.chat import MessageState
from desktop.paths import Paths
from desktop.ui.main_window import MainWindow
from models.client import engine_command
from models.load_judge import TrustingJudge
from tests.gui.conftest import PATIENCE_MS

UNENDING = ("--tokens-per-second", "40", "--reply-tokens", "4000")


class Kept:
    """The application with the keeper of its window."""

    def __init__(self, qapp: QApplication, qtbot: QtBot, paths: Paths, *script: str) -> None:
        self.bot = qtbot
        self.session, _ = build_session(paths, engine_command("fake", *script), TrustingJudge())
        self.keeper = WindowKeeper(qapp, paths, self.session)
        self.window.show()
        self.session.start(None)
        self.window.start()
        self.until(lambda: self.session.model.state.status == "ready")

    @property
    def window(self) -> MainWindow:
        return self.keeper.window

    def until(self, condition: object) -> None:
        assert callable(condition)
        self.bot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def button(self, text: str) -> QPushButton | None:
        buttons = self.window.settings_panel.findChildren(QPushButton)
        return next((button for button in buttons if button.text() == text), None)

    def press(self, text: str) -> None:
        before = self.window
        button = self.button(text)
        assert button is not None
        button.setFocus()
        button.click()
        self.until(lambda: self.window is not before)

    def close(self) -> None:
        self.window.close()
        self.session.close()
        self.window.deleteLater()


@pytest.fixture
def kept(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Kept]:
    paths = Paths(tmp_path)
    paths.create()
    kept = Kept(qapp, qtbot, paths, *UNENDING)
    yield kept
    kept.close()


def test_a_press_changes_the_language_while_a_reply_is_written(kept: Kept) -> None:
    composer = kept.window.conversation.composer
    composer.editor.setPlainText("Tell me all")
    composer.submitted.emit("Tell me all", None)
    kept.until(lambda: kept.session.chat.busy and kept.session.chat.path)
    kept.window.conversation.composer.editor.setPlainText("and then")
    place = kept.window.geometry()
    assert kept.button("Dark")
    largest = largest_context(kept.window)

    kept.press("Deutsch")

    assert kept.button("Dunkel")
    assert not kept.button("Dark")
    assert kept.window.isVisible()
    assert kept.window.geometry() == place
    transcript = kept.window.conversation.transcript_model
    kept.until(lambda: transcript.rowCount() == 2)
    assert kept.window.conversation.composer.draft == "and then"
    assert kept.window.conversation.composer._busy
    kept.until(lambda: kept.window.header.state_line.text.startswith("Schreib"))
    kept.until(lambda: kept.window.chat_panel.model.rowCount() > 0)
    assert largest_context(kept.window) == largest
    written = len(transcript.message(1).text)
    kept.until(lambda: len(transcript.message(1).text) > written)
    assert kept.session.chat.busy

    kept.session.chat.stop()
    kept.until(lambda: not kept.session.chat.busy)
    assert kept.session.chat.path[-1].state is MessageState.STOPPED


def largest_context(window: MainWindow) -> int:
    slider = window.settings_panel._rows["context_size"].findChild(QSlider)
    assert slider is not None
    return slider.maximum()


def test_the_window_before_leaves_nothing_in_the_controllers(kept: Kept) -> None:
    def heard(language: str) -> dict[str, int]:
        old = kept.window
        kept.press(language)
        kept.until(lambda: not shiboken6.isValid(old))
        for page in ("models", "documents", "trash"):
            kept.window.middle.show_page(page)
        kept.window.wires._connect_rooms()
        return receivers(kept.session)

    first = heard("Deutsch")
    second = heard("English")

    assert second == first


def receivers(session: Session) -> dict[str, int]:
    """Return how many hear each signal of each controller."""
    rooms = [session, session.rooms, session.document_rooms]
    found = {}
    parts = {
        f"{type(room).__name__}.{name}": part for room in rooms for name, part in vars(room).items()
    }
    for name, part in parts.items():
        if isinstance(part, QObject):
            for signature in signals(part.metaObject()):
                found[f"{name}.{signature}"] = part.receivers(f"2{signature}")
    return found


def signals(kind: QMetaObject) -> Iterator[str]:
    for index in range(kind.methodCount()):
        method = kind.method(index)
        if method.methodType() is QMetaMethod.MethodType.Signal:
            yield bytes(method.methodSignature().data()).decode()


def test_a_language_that_there_is_none_of_is_the_systems(kept: Kept) -> None:
    before = kept.window

    kept.session.settings.set_app_value("language", "xx")

    kept.bot.wait(50)
    assert kept.window is before
