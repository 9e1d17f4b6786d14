"""A key that a desktop portal hands out, on a bus of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.ui.quick.portal_key import trigger_of

pytestmark = pytest.mark.skipif(
    shutil.which("dbus-daemon") is None, reason="needs dbus-daemon, for a bus of the test's own"
)
_PORTAL = Path(__file__).parent.parent / "shortcut_portal.py"
_SNUG = """
import os
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from desktop.ui.quick.portal_key import PortalKey
app = QApplication([])
key = PortalKey()
def pressed():
    print("pressed", flush=True)
    key.bring_forward(QWidget())
    print(os.environ.get("XDG_ACTIVATION_TOKEN"), flush=True)
    app.quit()
def refused(keys, trouble):
    print("refused", keys, trouble.title, trouble.hint, flush=True)
    app.quit()
key.taken.connect(lambda keys: print("taken", keys, flush=True))
key.refused.connect(refused)
key.pressed.connect(pressed)
key.take("Ctrl+Alt+Space")
QTimer.singleShot(15_000, app.quit)
app.exec()
"""
Bus = dict[str, str]


@pytest.fixture
def bus() -> Iterator[Bus]:
    """Run a bus; give the environment of those that are to be on it."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        environment = {"DBUS_SESSION_BUS_ADDRESS": address, "QT_QPA_PLATFORM": "offscreen"}
        yield {**os.environ, **environment, "PYTHONPATH": str(_PORTAL.parent.parent)}
        daemon.terminate()


def wish(bus: Bus) -> list[str]:
    """Return what Snug hears of its wish for a key."""
    ended = subprocess.run(
        [sys.executable, "-c", _SNUG],
        env=bus,
        capture_output=True,
        text=True,
        timeout=40,
        check=True,
    )
    return ended.stdout.splitlines()


def wish_of_portal(bus: Bus, outcome: int) -> tuple[list[str], list[str]]:
    """Return what Snug hears, and what a portal heard that answers so."""
    with subprocess.Popen(
        [sys.executable, str(_PORTAL), str(outcome)], env=bus, stdout=subprocess.PIPE, text=True
    ) as portal:
        assert portal.stdout is not None
        assert portal.stdout.readline() == "ready\n"
        heard = wish(bus)
        portal.terminate()
        return heard, portal.stdout.read().splitlines()


def test_a_key_is_bound_and_pressed(bus: Bus) -> None:
    heard, calls = wish_of_portal(bus, 0)
    # Another shortcut of the session is not ours to hear.
    assert heard == ["taken Ctrl+Alt+Space", "pressed", "lent"]
    assert calls == ["Register sa{sv}", "CreateSession a{sv}", "BindShortcuts oa(sa{sv})sa{sv}"]


def test_a_person_who_declines_is_told_another_way(bus: Bus) -> None:
    heard, calls = wish_of_portal(bus, 1)
    assert len(calls) == 2
    assert len(heard) == 1
    assert heard[0].startswith("refused Ctrl+Alt+Space The desktop did not hand out")
    assert "snug --quick" in heard[0]


def test_a_desktop_without_a_portal_is_told_of(bus: Bus) -> None:
    heard = wish(bus)
    assert len(heard) == 1
    assert heard[0].startswith("refused Ctrl+Alt+Space This desktop hands out no keys")


@pytest.mark.parametrize(
    ("keys", "trigger"),
    [
        ("Ctrl+Alt+Space", "CTRL+ALT+space"),
        ("Meta+Shift+Q", "SHIFT+LOGO+q"),
        ("F12", "F12"),
        ("Ctrl+PgUp", "CTRL+Page_Up"),
        ("Ctrl+Ü", ""),
    ],
)
def test_keys_are_written_as_the_portal_reads_them(keys: str, trigger: str) -> None:
    assert trigger_of(keys) == trigger
