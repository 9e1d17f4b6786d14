"""What the window does about finding in the open chat, and about a hit that search led to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.domain.search import Found
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.controllers.chat import OpenedChat
    from desktop.controllers.find import FindController, Match
    from desktop.ui.find_bar import FindBar
    from desktop.ui.main_window import MainWindow


class FindWires(QObject):
    """Belongs to one window, whose conversation it has looked through."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        self._talk = window.conversation
        self._parts: tuple[FindBar, FindController] | None = None
        self._hit: Found | None = None
        session.chat.opened.connect(self._on_opened)

    def open(self) -> None:
        """Open the bar, or go back to its field."""
        self._window.middle.show_conversation()
        bar, finder = self._made()
        if bar.isHidden():
            finder.find(bar.field.text(), self._first_seen())
        bar.enter(self._chosen())

    @property
    def is_open(self) -> bool:
        """Return whether the bar is in sight."""
        return self._parts is not None and self._parts[0].isVisible()

    def go(self, step: int) -> None:
        """Go to the next match or the one before; without a bar, open it."""
        if self._parts is None or self._parts[0].isHidden():
            self.open()
        else:
            self._parts[1].go(step)

    def close(self) -> bool:
        """Put the bar away; return whether it was in sight."""
        self._talk.transcript.show_found(())
        if self._parts is None or self._parts[0].isHidden():
            return False
        bar, finder = self._parts
        was_seen = bar.isVisible()
        bar.hide()
        finder.find("", 0)
        if was_seen:
            self._talk.composer.editor.setFocus()
        return was_seen

    def show_hit(self, found: Found) -> None:
        """Go to a message that search has found once its chat is open, and mark why it was."""
        self.close()
        self._hit = found

    def _made(self) -> tuple[FindBar, FindController]:
        if self._parts is None:
            # Not at the window's start: the first paint has nothing to look for.
            from desktop.controllers.find import FindController  # noqa: PLC0415
            from desktop.ui.find_bar import FindBar  # noqa: PLC0415

            bar, finder = FindBar(self._theme), FindController(self._session.chat)
            finder.setParent(self)
            self._parts = bar, finder
            self._talk.set_find_bar(bar)
            bar.query_changed.connect(lambda text: finder.find(text, self._first_seen()))
            bar.stepped.connect(finder.go)
            bar.closed.connect(self.close)
            finder.changed.connect(self._on_changed)
            finder.moved.connect(self._on_moved)
        return self._parts

    def _first_seen(self) -> int:
        """Return the message at the top of what is seen."""
        row = self._talk.transcript.first_row()
        return self._talk.transcript_model.message_id(row) if row >= 0 else 0

    def _chosen(self) -> str:
        """Return the selected text, if it is of one line: it is often what one looks for."""
        text = self._talk.transcript.selected_text().strip()
        return "" if "\n" in text else text

    def _on_changed(self) -> None:
        bar, finder = self._made()
        terms = (finder.wanted.text,) if finder.wanted else ()
        if terms or not bar.isHidden():
            self._talk.transcript.show_found(terms)
        if finder.current is None:
            self._talk.transcript.forget_match()
        bar.show_count(finder.place, finder.total, is_counted=not finder.is_counting)

    def _on_moved(self, match: Match) -> None:
        self._talk.transcript.go_to_match(match.message_id, match.number)

    def _on_opened(self, chat: OpenedChat) -> None:
        found, self._hit = self._hit, None
        if self._parts is None or self._parts[0].isHidden():
            self._talk.transcript.show_found(())
        if found is None or found.message_id is None or found.chat_id != chat.chat_id:
            return
        self._talk.transcript.show_found(found.matches, found.message_id)
        self._talk.transcript.go_to_match(found.message_id, 0)
