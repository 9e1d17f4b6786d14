"""Work off the GUI thread: order, results, and what becomes of errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest
import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from desktop.ui.crash import CrashReporter


@pytest.fixture
def tasks(qapp: object) -> Iterator[TaskThread]:
    tasks = TaskThread("test")
    yield tasks
    tasks.close()


def test_results_come_back_in_order_on_this_thread(tasks: TaskThread, qtbot: QtBot) -> None:
    here = threading.get_ident()
    seen: list[tuple[int, bool, bool]] = []
    for number in range(5):
        tasks.run(
            partial(lambda n: (n, threading.get_ident() != here), number),
            lambda r: seen.append((r[0], r[1], threading.get_ident() == here)),
        )
    qtbot.waitUntil(lambda: len(seen) == 5)
    assert seen == [(number, True, True) for number in range(5)]


def test_trouble_goes_to_the_caller_or_to_the_signal(tasks: TaskThread, qtbot: QtBot) -> None:
    def work() -> None:
        raise UserError("No room.")

    mine: list[UserError] = []
    everybody: list[UserError] = []
    tasks.failed.connect(everybody.append)
    tasks.run(work, failed=mine.append)
    tasks.run(work)
    qtbot.waitUntil(lambda: len(mine) == len(everybody) == 1)


def test_a_bug_reaches_the_crash_report(tasks: TaskThread, qtbot: QtBot) -> None:
    def work() -> None:
        raise ZeroDivisionError("ours")

    with qtbot.captureExceptions() as caught:
        tasks.run(work)
        qtbot.waitUntil(lambda: len(caught) == 1)
    kind, error, trace = caught[0]
    report = CrashReporter(lambda: None).report(kind, error, trace)
    assert report.startswith("Snug ")
    assert "ZeroDivisionError: ours" in report
    assert "in work" in report


def test_closing_finishes_what_is_queued(qapp: object) -> None:
    tasks = TaskThread("test")
    done: list[int] = []
    for number in range(100):
        tasks.run(partial(done.append, number))
    tasks.close()
    assert done == list(range(100))


def test_a_result_for_an_object_that_is_gone_goes_nowhere(tasks: TaskThread, qtbot: QtBot) -> None:
    class Asked(QObject):
        def take(self, name: str, times: int = 1) -> None:
            self.setObjectName(name * times)

    asked = Asked()
    wait = threading.Event()
    seen: list[str] = []
    tasks.run(lambda: str(wait.wait(5)), asked.take)
    tasks.run(lambda: "name", partial(asked.take, times=2))
    tasks.run(lambda: "after", seen.append)
    shiboken6.delete(asked)
    wait.set()
    qtbot.waitUntil(lambda: seen == ["after"])
