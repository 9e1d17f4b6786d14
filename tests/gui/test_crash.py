"""A bug of ours: the report can be read and copied, and the window goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.ui.crash import CrashDialog, CrashReporter


@pytest.fixture
def reporter(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashReporter]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    reporter = CrashReporter(lambda: None)
    reporter.install()
    yield reporter
    for dialog in dialogs():
        dialog.close()


def dialogs() -> list[CrashDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, CrashDialog)]


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_bug_on_any_thread_opens_one_report_to_copy(
    reporter: CrashReporter, qtbot: QtBot
) -> None:
    def work() -> None:
        raise ZeroDivisionError("ours")

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    copy = next(b for b in dialogs()[0].findChildren(QPushButton) if "Copy" in b.text())
    copy.click()
    assert "ZeroDivisionError: ours" in QGuiApplication.clipboard().text()
