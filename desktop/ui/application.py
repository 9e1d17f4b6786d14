"""The application object: it hears which files the system wants opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QEvent, QMessageLogContext, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from desktop.ui.fallback_font import ensure_font

_NO_WINDOW: Final = (
    "snug: No window can be shown here{reason}.\n"
    "snug: Start Snug from a desktop session, or chat in the terminal with 'snug chat'.\n"
)


class Application(QApplication):
    """A QApplication for a program that files are double-clicked for.

    A Mac doesn't name such a file on the command line: it sends an event to the running program,
    also to one that it has just started for this.
    """

    quit_asked = Signal()
    """The program is going to end, and windows are about to be closed for it."""
    _file_wanted = Signal(str)

    def __init__(self, arguments: list[str]) -> None:
        with _told_in_words():
            super().__init__(arguments)
        ensure_font()
        self._early: list[str] = []
        self._file_wanted.connect(self._early.append)

    def hand_files_to(self, opened: Callable[[str], None]) -> None:
        """Call ``opened`` with each file from now on, and with the last that came before."""
        self._file_wanted.disconnect()
        self._file_wanted.connect(opened)
        if self._early:
            opened(self._early[-1])

    def event(self, event: QEvent) -> bool:
        """Take the system's wish."""
        if event.type() is QEvent.Type.Quit:
            self.quit_asked.emit()
        if isinstance(event, QFileOpenEvent) and event.file():
            self._file_wanted.emit(event.file())
            return True
        return super().event(event)


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Let the process end with a message where no display answers: Qt would abort it.

    Qt's way can't be turned into an exception, since it ends inside of a constructor.
    """
    said: list[str] = []

    def hear(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
        if kind is not QtMsgType.QtFatalMsg:
            said.append(text)
            return
        if sys.stderr is not None:
            reason = f": {said[0].strip()}" if said else ""
            sys.stderr.write(_NO_WINDOW.format(reason=reason))
            sys.stderr.flush()
        os._exit(1)

    before = qInstallMessageHandler(hear)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
        if sys.stderr is not None:
            sys.stderr.writelines(f"{line}\n" for line in said)
