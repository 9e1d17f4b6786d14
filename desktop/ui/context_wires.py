"""What the window does about the context window: its account, questions, marks and pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from shiboken6 import isValid

from desktop.controllers.session import Session
from desktop.domain.context import Overflow, Summary, latest
from desktop.ui.summary_dialog import SummaryDialog
from desktop.ui.transcript.actions import Action
from desktop.ui.transcript.marks import marks_of

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class ContextWires(QObject):
    """Belongs to one window, whose conversation it connects to what the prompts are made of."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._talk = window.conversation
        self._summaries: dict[int, Summary] = {}
        card, gauge, chat = self._talk.overflow, self._talk.composer.gauge, session.chat
        session.usage.usage_changed.connect(card.show_usage)
        session.overflow.asked.connect(self._on_question)
        session.overflow.settled.connect(self._on_question)
        card.chosen.connect(self._choose)
        card.given_up.connect(self._give_up)
        card.inspect_requested.connect(gauge.open)
        gauge.overflow_chosen.connect(
            lambda how: session.settings.set_value("overflow", Overflow(how))
        )
        chat.opened.connect(self._on_opened)
        for signal in (chat.path_changed, chat.messages_added, chat.message_replaced):
            signal.connect(self._mark)
        chat.became_whole.connect(self._mark)
        self._talk.transcript.action_requested.connect(self._on_action)
        self._talk.transcript.summary_requested.connect(self._read_summary)

    # --- questions -------------------------------------------------------------------------------

    def _on_question(self, chat_id: int) -> None:
        if chat_id == self._session.chat.chat_id:
            self._show_question()

    def _show_question(self) -> None:
        chat_id = self._session.chat.chat_id
        self._talk.overflow.show_question(self._session.overflow.question(chat_id))
        self._talk.overflow.show_usage(self._session.usage.usage)

    def _choose(self, how: Overflow, always: bool) -> None:  # noqa: FBT001 - a slot
        chat_id = self._session.chat.chat_id
        if chat_id is None:
            return
        if always:
            self._session.settings.set_value("overflow", how)
        self._session.overflow.choose(chat_id, how)
        self._talk.composer.editor.setFocus()

    def _give_up(self) -> None:
        """Stop the reply, and let what was asked be written otherwise."""
        question = self._session.overflow.question(self._session.chat.chat_id)
        self._session.chat.stop()
        asked = self._session.chat.message(question.reply.parent_id or 0) if question else None
        if asked is not None:
            self._talk.composer.begin_edit(asked.id, asked.text)

    # --- marks and pins --------------------------------------------------------------------------

    def _on_opened(self, _chat: object) -> None:
        self._summaries = {}
        self._show_question()
        self._mark()

    def _mark(self, _change: object = None) -> None:
        """Mark what the newest reply was written without."""
        path = self._session.chat.path
        context = latest(path)
        self._talk.transcript.set_marks(marks_of(path, self._summaries))
        wanted = context.summary_id if context else None
        if wanted is not None and wanted not in self._summaries:
            self._read_summaries()

    def _read_summaries(self) -> None:
        chat_id = self._session.chat.chat_id

        def read(found: dict[int, Summary]) -> None:
            # A change of language may have taken the window away meanwhile.
            is_wanted = isValid(self) and chat_id == self._session.chat.chat_id
            if is_wanted and found != self._summaries:
                self._summaries = found
                self._mark()

        if chat_id is not None:
            self._session.store.call(lambda store: store.summaries(chat_id), read)

    def _on_action(self, message_id: int, action: Action) -> None:
        if action not in (Action.PIN, Action.UNPIN):
            return
        chat_id, pinned = self._session.chat.chat_id, action is Action.PIN

        def pinned_now(_none: object) -> None:
            if chat_id is not None:
                self._session.chat.show_again(chat_id)
            self._session.usage.count_again()

        self._session.store.call(
            lambda store: store.pin_message(message_id, pinned=pinned), pinned_now
        )

    def _read_summary(self, summary_id: int) -> None:
        summary = self._summaries.get(summary_id)
        if summary is not None:
            dialog = SummaryDialog(summary, self._window)
            dialog.saved.connect(self._save_summary)
            dialog.open()

    def _save_summary(self, summary: Summary, text: str) -> None:
        chat_id = self._session.chat.chat_id
        if chat_id is None or text == summary.text:
            return

        def saved(_none: object) -> None:
            self._read_summaries()
            self._session.usage.count_again()

        self._session.store.call(lambda store: store.edit_summary(chat_id, summary.id, text), saved)
