"""The application object: it hears which files the system wants opened."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """A QApplication for a program that files are double-clicked for.

    A Mac doesn't name such a file on the command line: it sends an event to the running program,
    also to one that it has just started for this.
    """

    _file_wanted = Signal(str)

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
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
        if isinstance(event, QFileOpenEvent) and event.file():
            self._file_wanted.emit(event.file())
            return True
        return super().event(event)
