"""What the window does about the tree of a chat: which action on a message goes where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.domain.chat import Chat, Deletion
from desktop.ui.composer import Task
from desktop.ui.notices import Action as NoticeAction
from desktop.ui.transcript.actions import Action
from models.wording import tr, trn

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class TreeWires(QObject):
    """Belongs to one window, whose conversation it connects to the tree's controller."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._composer = window.conversation.composer
        transcript, tree = window.conversation.transcript, session.tree
        transcript.edit_requested.connect(self._edit)
        transcript.action_requested.connect(self._on_action)
        self._composer.edit_last_requested.connect(self.edit_last)
        self._composer.reply_submitted.connect(self._on_reply_submitted)
        tree.edited.connect(self._composer.clear_sent)
        tree.deleted.connect(self._on_deleted)
        tree.branched.connect(self._on_branched)
        tree.restored.connect(self._on_brought_back)
        session.trash.restored.connect(self._on_restored)

    def _edit(self, message_id: int) -> None:
        message = self._session.chat.message(message_id)
        if message is not None and not self._session.chat.refuse_busy():
            task = Task.MESSAGE if message.role == "user" else Task.REPLY
            self._composer.begin_edit(message_id, message.text, task)

    def edit_last(self) -> None:
        """Put the last message that the person wrote into the composer."""
        message = self._session.chat.last_own_message()
        if message is not None:
            self._edit(message.id)

    def _on_action(self, message_id: int, action: Action) -> None:
        tree = self._session.tree
        wanted: dict[Action, Callable[[int], object]] = {
            Action.ANSWER: self._session.chat.regenerate,
            Action.START: self._write_start,
            Action.BRANCH: tree.branch,
            Action.DELETE: tree.delete_message,
            Action.DELETE_EXCHANGE: tree.delete_message,
            Action.DELETE_BRANCH: tree.delete_branch,
        }
        if (run := wanted.get(action)) is not None:
            run(message_id)

    def _write_start(self, message_id: int) -> None:
        if not self._session.chat.refuse_busy():
            self._composer.begin_edit(message_id, "", Task.START)

    def _on_reply_submitted(self, message_id: int, text: str, go_on: bool) -> None:  # noqa: FBT001 - a slot
        self._window.settings_panel.flush()
        if go_on:
            self._session.chat.regenerate(message_id, text)
        else:
            self._session.tree.edit_reply(message_id, text)

    def _on_deleted(self, deletion: Deletion) -> None:
        undo = NoticeAction(tr("Undo"), lambda: self._session.tree.bring_back(deletion))
        said = trn("The message was deleted.", "{count} messages were deleted.", deletion.count)
        self._window.notices.say(said, undo)

    def _on_brought_back(self, chat_id: int) -> None:
        self._session.trash.refresh()
        if chat_id != self._session.chat.chat_id:
            self._window.open_chat(chat_id)

    def _on_restored(self, chat_id: int) -> None:
        self._session.chat.show_again(chat_id)

    def _on_branched(self, chat: Chat) -> None:
        self._window.open_chat(chat.id)
        said = tr("This chat goes on from here; the one before stays as it was.")
        self._window.notices.say(said)
