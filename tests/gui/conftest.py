"""The whole application as ``desktop.app`` composes it, on a real engine process with a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import build_session, build_window
from desktop.controllers.session import Session
from desktop.domain.chat import Message, MessageState
from desktop.paths import Paths
from desktop.ui.composer import Composer
from desktop.ui.main_window import MainWindow
from models.client import engine_command
from models.load_judge import LoadJudge, TrustingJudge

PATIENCE_MS = 20_000


@dataclass
class App:
    """A running application, and what a person does with it."""

    bot: QtBot
    session: Session
    window: MainWindow
    is_open: bool = True

    @property
    def composer(self) -> Composer:
        return self.window.conversation.composer

    @property
    def path(self) -> list[Message]:
        return self.session.chat.path

    def type(self, text: str) -> None:
        self.composer.editor.insertPlainText(text)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.composer.editor, key)

    def send(self, text: str) -> None:
        self.type(text)
        self.press(Qt.Key.Key_Return)

    def until(self, condition: Callable[[], object]) -> None:
        self.bot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def until_ready(self) -> None:
        self.until(lambda: self.session.model.state.status == "ready")

    def until_ended(self, messages: int) -> Message:
        """Wait until the chat has so many messages and the last one has its end."""
        self.until(lambda: len(self.path) == messages and not self.session.chat.busy)
        assert self.path[-1].state is not MessageState.STREAMING
        return self.path[-1]

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.window.close()
            self.session.close()


Start = Callable[..., App]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no model of this machine's other programs be found."""
    home = tmp_path / "home"
    for name in ("HOME", "USERPROFILE", "HF_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "ollama"))


@pytest.fixture(autouse=True)
def no_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave titles as they are: nobody is idle for long enough."""
    monkeypatch.setattr("desktop.controllers.titles.IDLE_MS", 3_600_000)


@pytest.fixture
def start(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """Start the application on the test's own folder; the words are the fake engine's script."""
    running: list[App] = []

    def begin(*script: str, model: str | None = None, judge: LoadJudge | None = None) -> App:
        paths = Paths(tmp_path)
        paths.create()
        # The fake engine's models are no files that a judge could look at.
        judge = judge or TrustingJudge()
        session, _ = build_session(paths, engine_command("fake", *script), judge)
        window = build_window(qapp, paths, session)
        app = App(qtbot, session, window)
        running.append(app)
        window.resize(1280, 800)
        window.show()
        session.start(model)
        window.start()
        return app

    yield begin
    for app in running:
        app.close()
        app.window.deleteLater()


@pytest.fixture
def app(start: Start) -> App:
    """An application whose model is loaded."""
    app = start("--reply-tokens", "6")
    app.until_ready()
    return app
