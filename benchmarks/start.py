"""From the start of the process to a window that takes keys."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.display import screen
from benchmarks.figures import Figure

RUNS: Final = 9

_TYPE_ONE_KEY = """
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

class FirstKey(QObject):
    '''Sends one key to the editor once it is painted, and says when it has arrived.'''

    def __init__(self, editor):
        super().__init__(editor)
        self.editor = editor
        self.painted = False
        editor.installEventFilter(self)
        editor.viewport().installEventFilter(self)
        editor.textChanged.connect(self.arrived)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.painted:
            self.painted = True
            QTimer.singleShot(0, self.press)
        return False

    def press(self):
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
        QCoreApplication.postEvent(self.editor, key)

    def arrived(self):
        print("takes keys", flush=True)
        QTimer.singleShot(0, QApplication.quit)
"""

_SNUG = (
    _TYPE_ONE_KEY
    + """
import sys
import desktop.app
from desktop.__main__ import main
from desktop.ui.composer import ComposerEditor

build = desktop.app.build_window
def build_and_watch(*arguments):
    window = build(*arguments)
    FirstKey(window.findChild(ComposerEditor))
    return window
desktop.app.build_window = build_and_watch
sys.exit(main(sys.argv[1:]))
"""
)

_BARE_QT = (
    _TYPE_ONE_KEY
    + """
from PySide6.QtWidgets import QPlainTextEdit
app = QApplication([])
editor = QPlainTextEdit()
FirstKey(editor)
editor.show()
app.exec()
"""
)


def measure() -> Iterator[Figure]:
    """Measure warm starts of the window beside those of a bare Qt window."""
    with screen() as environment, tempfile.TemporaryDirectory() as folder:
        snug = [sys.executable, "-P", "-c", _SNUG, "--basedir", folder]
        bare = [sys.executable, "-P", "-c", _BARE_QT]
        _start(snug, environment)
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(_start(bare, environment))
            ours.append(_start(snug, environment))
    yield Figure(
        name="process start to a window that takes keys",
        value=statistics.median(ours),
        reach=0.5,
        better="lower",
        unit="s",
        runs=tuple(ours),
        detail={"bare Qt window": statistics.median(theirs)},
    )


def _start(command: list[str], environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        elapsed = time.perf_counter() - started
        _, errors = process.communicate()
    if "takes keys" not in line:
        raise RuntimeError(f"the window did not come: {errors[-2000:]}")
    return elapsed
