"""What the quick question does: which signal of its window goes where."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from desktop.controllers.session import Session
from desktop.domain.chat import Chat
from desktop.domain.context import Overflow
from desktop.ui.block_wires import ask_where
from desktop.ui.quick.window import QuickWindow
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class QuickWires(QObject):
    """Belongs to one window, beside which it shows the quick question."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._main = window
        self._session = session
        self.window = QuickWindow(theme)
        # It is no child of that window: it is seen while that one is not.
        self.destroyed.connect(self.window.deleteLater)
        self._connect_chat()
        self._connect_window()
        self._show_state()

    def show(self) -> None:
        """Ask for a question. What was asked last stays while it is being answered or written."""
        quick = self._session.quick
        if not self.window.isVisible() and not quick.busy and not self.window.editor.toPlainText():
            quick.begin_anew()
        self.window.show_at_pointer()

    def _connect_chat(self) -> None:
        session, window, quick = self._session, self.window, self._session.quick
        quick.path_changed.connect(window.show_path)
        quick.message_replaced.connect(window.transcript_model.replace)
        quick.text_received.connect(window.add_text)
        quick.busy_changed.connect(window.set_busy)
        quick.sent.connect(window.clear_sent)
        quick.failed.connect(window.notices.say_trouble)
        session.replies.thought_ended.connect(window.transcript.note_thought)
        session.model.state_changed.connect(window.show_model)
        session.activity.activity_changed.connect(window.state_line.show_activity)
        session.chats.deleted.connect(self._on_deleted)
        session.overflow.asked.connect(self._on_question)
        session.overflow.settled.connect(self._on_question)

    def _connect_window(self) -> None:
        window, quick = self.window, self._session.quick
        window.asked.connect(self._ask)
        window.stop_requested.connect(quick.stop)
        window.new_requested.connect(self._begin_anew)
        window.open_requested.connect(self.open_in_snug)
        window.transcript.link_activated.connect(self._open_link)
        window.transcript.remedy_requested.connect(self._on_remedy)
        window.transcript.code_save_requested.connect(self._save_code)
        window.overflow.chosen.connect(self._choose)
        window.overflow.given_up.connect(quick.stop)

    def _show_state(self) -> None:
        session, window = self._session, self.window
        window.show_model(session.model.state)
        window.state_line.show_activity(session.activity.activity)
        window.show_path(session.quick.path)
        window.set_busy(session.quick.busy)

    def open_in_snug(self) -> None:
        """Go on with the chat in the window itself."""
        quick = self._session.quick
        chat_id = quick.chat_id
        if chat_id is None:
            return
        quick.keep_draft(self.window.editor.toPlainText())
        self.window.editor.clear()
        self.window.close()
        self._main.raise_with("")
        self._main.open_chat(chat_id)
        quick.begin_anew()

    def _ask(self, text: str, private: bool) -> None:  # noqa: FBT001 - a slot
        self._session.quick.ask(text, private=private)

    def _begin_anew(self) -> None:
        self._session.quick.begin_anew()
        self.window.editor.setFocus()

    def _on_deleted(self, chat: Chat) -> None:
        if chat.id == self._session.quick.chat_id:
            self._session.quick.begin_anew()

    def _on_remedy(self, _message_id: int) -> None:
        if self._session.model.state.status in ("failed", "none"):
            # What helps is in the window, at its card.
            self.open_in_snug()
        else:
            self._session.quick.again()

    def _open_link(self, url: str) -> None:
        QDesktopServices.openUrl(QUrl(url))

    def _save_code(self, code: str, name: str) -> None:
        ask_where(self.window, name, partial(self._main.block_wires.save, code))

    # --- a chat that no longer fits --------------------------------------------------------------

    def _on_question(self, chat_id: int) -> None:
        if chat_id == self._session.quick.chat_id:
            self.window.overflow.show_question(self._session.overflow.question(chat_id))

    def _choose(self, how: Overflow, always: bool) -> None:  # noqa: FBT001 - a slot
        quick = self._session.quick
        if always:
            quick.always(how)
        if quick.chat_id is not None:
            self._session.overflow.choose(quick.chat_id, how)
        self.window.editor.setFocus()
