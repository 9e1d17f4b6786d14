"""What the window does about search: the field in the side panel, what was found, the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from desktop.controllers.search import SearchController
from desktop.controllers.session import Session
from desktop.domain.search import Found, SearchResults
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.ui.search_results import SearchResultsView


class SearchWires(QObject):
    """Belongs to one window, whose search it connects to the store."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        self._field = window.chat_panel.search
        self._controller = SearchController(session.store, self)
        self._view: SearchResultsView | None = None
        self._controller.found.connect(self._on_found)
        session.chats.chats_changed.connect(self._controller.refresh)
        session.chat.chats_touched.connect(self._controller.refresh)
        self._field.textChanged.connect(self._on_text_changed)
        self._field.returnPressed.connect(self._on_return_pressed)
        self._field.installEventFilter(self)

    def enter(self) -> None:
        """Go to the field."""
        self._window.panels.set_open("left", is_open=True)
        self._field.setFocus()
        self._field.selectAll()

    def look_for(self, query: str) -> None:
        """Search for this in the side panel."""
        self.enter()
        self._field.setText(query)

    def close(self) -> bool:
        """End the search if it has the focus; return whether it had."""
        view = self._view
        if not (self._field.hasFocus() or (view is not None and view.list.hasFocus())):
            return False
        self._field.clear()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go from the field down to the hits."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Down
            and self._view is not None
            and self._view.isVisible()
        ):
            self._view.enter()
            return True
        return super().eventFilter(watched, event)

    def _on_text_changed(self, text: str) -> None:
        self._controller.search(text)
        if not text.strip():
            self._window.chat_panel.show_results(None)

    def _on_found(self, results: SearchResults) -> None:
        if self._view is None:
            self._view = self._make_view()
        self._view.show_results(results)
        self._window.chat_panel.show_results(self._view)

    def _make_view(self) -> SearchResultsView:
        # Not at the window's start: the first paint has nothing found.
        from desktop.ui.search_results import SearchResultsView  # noqa: PLC0415

        view = SearchResultsView(self._theme)
        view.chosen.connect(self.open)
        view.left.connect(self._field.setFocus)
        return view

    def _on_return_pressed(self) -> None:
        if self._view is not None and self._view.isVisible():
            self._view.choose_first()

    def open(self, found: Found) -> None:
        """Open what was found at its place."""
        self._window.find_wires.show_hit(found)
        self._window.open_chat(found.chat_id, found.message_id)
