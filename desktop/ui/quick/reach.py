"""What reaches Snug from outside of its window: the quick question, its shortcut, the tray."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.settings.schema import AppSettings
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.ui.quick.wires import QuickWires


class Reach(QObject):
    """Belongs to one window. Each part is imported once it is turned on or asked for."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session

    @cached_property
    def quick(self) -> QuickWires:
        """The quick question."""
        from desktop.ui.quick.wires import QuickWires  # noqa: PLC0415

        return QuickWires(self._window, self._theme, self._session)

    def show_quick(self) -> None:
        """Ask for a question in the small window."""
        self.quick.show()

    def begin(self) -> None:
        """Turn on what the settings say, and from now on what they come to say."""
        self._session.settings.app_changed.connect(self._on_app_changed)
        self._on_app_changed(self._session.settings.app)

    def _on_app_changed(self, app: AppSettings) -> None:
        """Follow the settings."""
