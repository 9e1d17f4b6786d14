"""The window as a person meets it: a real process on a virtual screen, keys, the real model."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from desktop.domain.chat import Message, MessageState
from desktop.paths import Paths
from desktop.settings.schema import AppSettings, GenerationSettings
from desktop.settings.store import SettingsStore
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.library.embedded import embedded_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="needs Xvfb and xdotool; make setup installs them",
    ),
]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A virtual screen of its own."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as number:
            yield f":{number.readline().strip()}"
        server.terminate()


class Person:
    """Somebody at the keyboard, who can also look into the database."""

    def __init__(self, display: str, basedir: Path) -> None:
        self._environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self._basedir = basedir
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self._command(), env=self._environment)
        found = self._xdotool("search", "--sync", "--onlyvisible", "--name", "Snug")
        self._xdotool("windowfocus", "--sync", found.split()[0])

    def double_click(self, model: Path) -> int:
        """Do what the desktop does after a double click; return the new process's exit status."""
        command = [*self._command(), str(model)]
        return subprocess.run(command, env=self._environment, check=False, timeout=60).returncode

    def chosen_model(self) -> str | None:
        """The model that the next start would load."""
        return SettingsStore(Paths(self._basedir).settings_file).load()[0].model

    def settle(self, **generation: float) -> None:
        """Have these settings from the start."""
        paths = Paths(self._basedir)
        paths.create()
        settings = AppSettings(generation=GenerationSettings(**generation))  # type: ignore[arg-type]
        SettingsStore(paths.settings_file).save(settings)

    def ask(self, question: str) -> None:
        self._xdotool("type", "--delay", "5", question)
        self._xdotool("key", "Return")

    def path(self) -> list[Message]:
        """The messages of the newest chat, as they are on disk."""
        file = Paths(self._basedir).database
        if not file.exists():
            return []
        with Database.open(file) as database:
            store = ChatStore(database)
            chats = store.chats()
            return store.path(chats[0].id) if chats else []

    def until(self, seen: Callable[[list[Message]], bool], within_s: float = 60) -> list[Message]:
        """Look into the database until it shows what is expected."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            messages = self.path()
            if seen(messages):
                return messages
            time.sleep(0.05)
        pytest.fail(f"not seen within {within_s} s: {self.path()}")

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        self.process = None

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "desktop", "--basedir", str(self._basedir)]

    def _xdotool(self, *words: str) -> str:
        command = ["timeout", "60", "xdotool", *words]
        return subprocess.run(
            command, env=self._environment, check=True, capture_output=True, text=True
        ).stdout


@pytest.fixture
def person(display: str, tmp_path: Path) -> Iterator[Person]:
    """A person with a fresh data folder."""
    somebody = Person(display, tmp_path)
    yield somebody
    if somebody.process is not None:
        somebody.kill(signal.SIGKILL)


def _answered(messages: list[Message]) -> bool:
    return len(messages) == 2 and messages[1].state is MessageState.COMPLETE


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_typed_question_is_answered_by_the_embedded_model(person: Person) -> None:
    person.start()
    person.ask("What is gravity?")
    question, reply = person.until(_answered)
    assert question.text == "What is gravity?"
    assert len(reply.text) > 20
    assert reply.report is not None
    assert reply.report.completion_tokens > 5
    person.kill(signal.SIGTERM)
    assert person.path()[1].text == reply.text


def test_a_window_that_is_killed_loses_no_message_and_leaves_no_engine(person: Person) -> None:
    # Without a penalty the likeliest words go round in circles for a long time.
    person.settle(temperature=0.0, repeat_penalty=1.0, max_tokens=4000)
    person.start()
    person.ask("Write a very long story about a lighthouse and the sea.")
    # Text on disk while the reply streams: the checkpoints of the last second.
    person.until(lambda messages: len(messages) == 2 and len(messages[1].text) > 100)
    family = person.family()
    assert family
    person.kill(signal.SIGKILL)
    question, reply = person.path()
    assert question.text.startswith("Write a very long story")
    assert len(reply.text) > 100
    deadline = time.monotonic() + 5
    while any(map(_is_alive, family)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [each for each in family if _is_alive(each)]

    person.start()
    _, shown = person.until(lambda messages: messages[1].state is MessageState.INTERRUPTED)
    assert shown.text == reply.text
    person.kill(signal.SIGTERM)


def test_a_double_click_on_a_model_opens_it_in_the_window_that_is_there(
    person: Person, tmp_path: Path
) -> None:
    model = tmp_path / "zwei Wörter.gguf"
    model.symlink_to(embedded_model())
    person.start()
    assert person.double_click(model) == 0
    deadline = time.monotonic() + 60
    while person.chosen_model() != str(model) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert person.chosen_model() == str(model)
    person.ask("What is gravity?")
    person.until(_answered)
    person.kill(signal.SIGTERM)
