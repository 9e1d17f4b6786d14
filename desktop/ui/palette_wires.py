"""What the window does about the command palette: made when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.ui.palette import Palette
    from desktop.ui.palette_entries import Entry

_RECENT_LIMIT: Final = 8


class PaletteWires(QObject):
    """Belongs to one window. ``recent`` are the ids of what was chosen, the last first."""

    def __init__(
        self, window: MainWindow, theme: Theme, session: Session, recent: tuple[str, ...]
    ) -> None:
        super().__init__(window)
        self.recent = recent
        self._window = window
        self._theme = theme
        self._session = session
        self._palette: Palette | None = None

    def toggle(self) -> None:
        """Open the palette, or close it."""
        if not self.close():
            self._made().open(self.recent)

    def close(self) -> bool:
        """Put the palette away; return whether it was open."""
        return self._palette is not None and self._palette.close_up()

    def _made(self) -> Palette:
        if self._palette is None:
            # Not at the window's start: nothing is typed into it yet.
            from desktop.controllers.search import SearchController  # noqa: PLC0415
            from desktop.ui.palette import Palette  # noqa: PLC0415

            search = SearchController(self._session.store, self)
            self._palette = Palette(self._window, self._theme, search)
            self._palette.chosen.connect(self._run)
            self._palette.found.connect(self._window.search_wires.open)
            self._palette.all_requested.connect(self._window.search_wires.look_for)
        return self._palette

    def _run(self, entry: Entry) -> None:
        others = (each for each in self.recent if each != entry.id)
        self.recent = (entry.id, *others)[:_RECENT_LIMIT]
        self._window.remember_soon()
        if entry.in_chat:
            self._window.middle.show_conversation()
        entry.run()
