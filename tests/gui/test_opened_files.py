"""Files that the system hands to the running program, as a Mac does after a double click.

In a process of its own, since there is one application object in each.
"""

from __future__ import annotations

import os
import subprocess
import sys

_DOUBLE_CLICKS = """
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QFileOpenEvent
from desktop.ui.application import Application

app = Application(["snug"])
opened = []
for path in ("/models/first.gguf", "/models/früh 1.gguf"):
    assert QCoreApplication.sendEvent(app, QFileOpenEvent(path))
app.hand_files_to(opened.append)
assert QCoreApplication.sendEvent(app, QFileOpenEvent("/models/later.gguf"))
# An address that is no file is none of our business.
QCoreApplication.sendEvent(app, QFileOpenEvent(QUrl("https://example.org/x.gguf")))
print(ascii(opened))
"""


def test_files_from_before_the_window_and_after_it_are_opened() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _DOUBLE_CLICKS],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == ascii(["/models/früh 1.gguf", "/models/later.gguf"]), done.stderr
