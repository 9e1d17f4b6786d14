"""Work off the GUI thread: one after another on a thread, its results back as calls."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from desktop.domain.errors import UserError
from models.problems import EngineError

T = TypeVar("T")
Failure = Callable[[UserError], None]


class TaskThread(QObject):
    """Runs calls in their order on one thread; what they return comes back to this object's thread.

    A ``UserError``, or an ``EngineError`` as one, goes to the call's own ``failed``, or else to the
    signal of that name. Anything else is a bug of ours: it is raised again on this object's thread,
    for the crash report.
    """

    failed = Signal(object)
    _settled = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._closed = False
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._settled.connect(self._on_settled, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Failure | None = None,
    ) -> None:
        """Queue ``work``; ``done`` gets its result."""
        self._calls.put(lambda: self._settle(self._outcome(work, done, failed)))

    def close(self) -> None:
        """Finish what is queued and end the thread; blocks until then. Results go nowhere."""
        self._closed = True
        self._calls.put(None)
        self._thread.join()

    def leave(self) -> None:
        """End the thread when what it is at now is done, without waiting. Results go nowhere."""
        self._closed = True
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def _outcome(
        self, work: Callable[[], T], done: Callable[[T], None] | None, failed: Failure | None
    ) -> Callable[[], None]:
        try:
            result = work()
        except (UserError, EngineError) as error:
            trouble = error if isinstance(error, UserError) else as_user_error(error)
            return lambda: _tell(failed or self.failed.emit, trouble)
        except Exception as error:  # noqa: BLE001 - carried to the other thread whole
            bug = error
            return lambda: _raise(bug)
        return lambda: _tell(done, result) if done else None

    def _settle(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            self._settled.emit(deliver)

    def _on_settled(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            deliver()


def as_user_error(error: EngineError) -> UserError:
    """Return what the models' rooms raised as the trouble that people are told of."""
    problem = error.problem
    return UserError(problem.title, problem.hint, problem.detail, problem.code)


def _tell(slot: Callable[[T], object], value: T) -> None:
    """Call a slot, if its object is still there: a window may have gone since it asked."""
    bound = slot.func if isinstance(slot, partial) else slot
    owner = getattr(bound, "__self__", None)
    if not isinstance(owner, QObject) or isValid(owner):
        slot(value)


def _raise(error: Exception) -> None:
    raise error
