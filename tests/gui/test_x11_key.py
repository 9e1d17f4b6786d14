"""A key that is taken from a real X server, pressed by a program that knows nothing of Snug."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from desktop.ui.quick.x11_key import X11Key

_NEEDED = ("Xvfb", "xdotool")
_MISSING = [name for name in _NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"needs {' and '.join(_MISSING)}")
KEYS = "Ctrl+Alt+Space"


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run an X server of the test's own."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            name = f":{told.readline().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        yield name
        server.terminate()


def press(*keys: str) -> None:
    subprocess.run(["xdotool", "key", *keys], check=True, timeout=20)


def new_key() -> tuple[X11Key, list[str]]:
    """Return a key, and what becomes of it."""
    key, told = X11Key(), list[str]()
    key.taken.connect(lambda keys: told.append(f"taken {keys}"))
    key.refused.connect(lambda _keys, trouble: told.append(trouble.title))
    key.pressed.connect(lambda: told.append("pressed"))
    return key, told


@pytest.mark.usefixtures("display")
def test_a_key_is_heard_whatever_the_locks_are_at(qtbot: QtBot) -> None:
    key, told = new_key()
    key.take(KEYS)
    assert told == [f"taken {KEYS}"]
    for lock in ("", "Num_Lock", "Caps_Lock"):
        told.clear()
        # Locks stay down until they are pressed again; other keys are not Snug's to hear.
        press(*([lock] if lock else []), "ctrl+alt+a", "space", "ctrl+alt+space")
        qtbot.waitUntil(lambda: "pressed" in told, timeout=10_000)
        assert told == ["pressed"]


@pytest.mark.usefixtures("display")
def test_a_key_that_another_program_has_is_refused_in_words(qtbot: QtBot) -> None:
    first, _ = new_key()
    second, told = new_key()
    first.take(KEYS)
    second.take(KEYS)
    assert told == [f"Another program has taken {KEYS} already."]
    # None of its combinations with locks is left behind, and the way is free once it is let go.
    first.let_go()
    first.take("Ctrl+Alt+J")
    second.take(KEYS)
    assert told[-1] == f"taken {KEYS}"
    spy = QSignalSpy(first.pressed)
    press("ctrl+alt+space")
    qtbot.waitUntil(lambda: told[-1] == "pressed", timeout=10_000)
    assert spy.count() == 0


@pytest.mark.usefixtures("display")
def test_a_key_that_the_keyboard_lacks_is_refused() -> None:
    key, told = new_key()
    key.take("Ctrl+F35")
    assert told == ["This keyboard has no Ctrl+F35."]


def test_without_an_x_server_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(OSError, match="does not answer"):
        X11Key()
