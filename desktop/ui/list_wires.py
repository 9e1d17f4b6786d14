"""What the window does about folders, private chats, the trash and the backups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.domain.chat import Folder
from desktop.ui.notices import Action

if TYPE_CHECKING:
    from desktop.storage.backups import Backup
    from desktop.ui.main_window import MainWindow


class ListWires(QObject):
    """Belongs to one window, whose list of chats it connects to the controllers."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        panel, chats, backups = window.chat_panel, session.chats, session.backups
        panel.trash_requested.connect(self.toggle_trash)
        panel.backups_requested.connect(lambda: self._show(backups=True))
        panel.model.folded.connect(window.remember_soon)
        chats.private_made.connect(window.open_chat)
        chats.folder_deleted.connect(self._on_folder_deleted)
        window.conversation.private_bar.delete_requested.connect(self._delete_open)
        session.trash.purged.connect(lambda _chats: backups.forget_purged())
        session.trash.purged.connect(session.kv_files.forgotten)
        session.trash.restored.connect(lambda _chat: chats.refresh())
        backups.failed.connect(window.notices.say_trouble)
        backups.made.connect(lambda _backup: window.notices.say("The chats are backed up."))
        backups.restored.connect(self._on_restored)
        backups.start()

    def toggle_trash(self) -> None:
        """Open the trash, or close it."""
        if self._window.middle.shown == "trash":
            self._window.middle.show_conversation()
        else:
            self._show(backups=False)

    def _show(self, *, backups: bool) -> None:
        self._window.panels.close_over()
        self._window.middle.show_trash(backups=backups)

    def _delete_open(self) -> None:
        chat_id = self._session.chat.chat_id
        if chat_id is not None:
            self._session.chats.delete(chat_id)

    def _on_folder_deleted(self, folder: Folder, bring_back: Callable[[], object]) -> None:
        said = f"The folder “{folder.name}” was deleted; its chats are still here."
        self._window.notices.say(said, Action("Undo", bring_back))

    def _on_restored(self, backup: Backup, before: Backup) -> None:
        self._session.chat.open_new()
        self._session.chats.refresh()
        self._session.trash.refresh()
        undo = Action("Undo", lambda: self._session.backups.restore(before))
        made = dt.datetime.fromtimestamp(backup.made_at).astimezone()
        self._window.notices.say(
            f"The chats are those of {made:%d %b %Y, %H:%M}. What was here before is a backup now.",
            undo,
        )
