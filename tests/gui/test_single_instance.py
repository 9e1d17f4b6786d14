"""A second start raises the first window, and hands a model file over."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.ui.single_instance import SingleInstance

_SECOND_START = """
import sys
import threading
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.ui.single_instance import SingleInstance
app = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]), sys.argv[2])
sys.exit(1 if instance.claim(sys.argv[3]) else 0)
"""


def test_a_second_start_is_heard(qtbot: QtBot, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    first = SingleInstance(lock, f"snug-test-{tmp_path.name}")
    assert first.claim("")
    first.listen()
    asked: list[str] = []
    first.raise_requested.connect(asked.append)
    command = [sys.executable, "-c", _SECOND_START, str(lock), f"snug-test-{tmp_path.name}"]
    with subprocess.Popen([*command, "/models/a b.gguf"]) as second:
        qtbot.waitUntil(lambda: asked == ["/models/a b.gguf"], timeout=20_000)
        assert second.wait(20) == 0
    first.release()


def test_a_second_start_may_ask_for_the_quick_question(qtbot: QtBot, tmp_path: Path) -> None:
    lock, name = tmp_path / "lock", f"snug-test-{tmp_path.name}"
    first = SingleInstance(lock, name)
    assert first.claim("")
    first.listen()
    raised: list[str] = []
    first.raise_requested.connect(raised.append)
    quick = _SECOND_START.replace("claim(sys.argv[3])", 'claim("", quick=True)')
    with subprocess.Popen([sys.executable, "-c", quick, str(lock), name]) as second:
        with qtbot.waitSignal(first.quick_requested, timeout=20_000):
            pass
        assert second.wait(20) == 0
    assert raised == []
    first.release()


def test_a_start_waits_for_a_window_that_is_closing(tmp_path: Path) -> None:
    lock, name = tmp_path / "lock", f"snug-test-{tmp_path.name}"
    first = SingleInstance(lock, name)
    assert first.claim("")
    first.listen()
    first.stop_listening()
    closing = threading.Timer(0.2, first.release)
    closing.start()
    second = SingleInstance(lock, name)
    assert second.claim("")
    closing.join()
    second.release()
