"""What may take the conversation's place in the middle of the window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """A page of the window. ``close_requested`` asks for the conversation's return."""

    close_requested = Signal()

    def focus_content(self) -> None:
        """Put the focus where one begins."""

    def go_back(self) -> bool:
        """Leave what is open inside the page; return whether there was something to leave."""
        return False
