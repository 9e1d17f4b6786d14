"""What the window does about folders, private chats, the trash and the backups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.domain.chat import Chat, Folder
from desktop.ui.chat_list_model import shown_title
from desktop.ui.chat_list_view import NEW_FOLDER
from desktop.ui.notices import Action
from models.wording import tr

if TYPE_CHECKING:
    from desktop.storage.backups import Backup
    from desktop.ui.chat_drag import DropPlace
    from desktop.ui.main_window import MainWindow


class ListWires(QObject):
    """Belongs to one window, whose list of chats it connects to the controllers."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        panel, chats, backups = window.chat_panel, session.chats, session.backups
        panel.trash_requested.connect(self.toggle_trash)
        panel.backups_requested.connect(self.show_backups)
        panel.model.folded.connect(window.remember_soon)
        panel.list.filed.connect(self._on_filed)
        chats.private_made.connect(window.open_chat)
        chats.folder_deleted.connect(self._on_folder_deleted)
        window.conversation.private_bar.delete_requested.connect(self.delete_open)
        backups.failed.connect(window.notices.say_trouble)
        backups.made.connect(self._on_backed_up)
        backups.restored.connect(self._on_restored)

    def _on_backed_up(self) -> None:
        self._window.notices.say(tr("The chats are backed up."))

    def toggle_trash(self) -> None:
        """Open the trash, or close it."""
        if self._window.middle.shown == "trash":
            self._window.middle.show_conversation()
        else:
            self._show(backups=False)

    def show_backups(self) -> None:
        """Open the backups."""
        self._show(backups=True)

    # --- the open chat ---------------------------------------------------------------------------

    @property
    def open_chat(self) -> Chat | None:
        """Return the open chat as the list has it; None for one that is not stored yet."""
        return self._session.chats.chat(self._session.chat.chat_id)

    def rename_open(self) -> None:
        """Let the open chat's title be edited in the list, wherever it has to be fetched from."""
        chat, panel = self.open_chat, self._window.chat_panel
        if chat is None:
            return
        self._show_list()
        if panel.model.row_of(chat.id) < 0:
            panel.model.set_closed_folders(panel.model.closed_folders - {chat.folder_id or 0})
        index = panel.model.index(panel.model.row_of(chat.id))
        panel.list.setCurrentIndex(index)
        panel.list.setFocus()
        panel.list.edit(index)

    def delete_open(self) -> None:
        """Put the open chat into the trash."""
        chat_id = self._session.chat.chat_id
        if chat_id is not None:
            self._session.chats.delete(chat_id)

    def new_folder(self, chat_id: int | None = None) -> None:
        """Make a folder, for a chat if one is named, and let it be named in the list."""
        self._show_list()
        self._session.chats.create_folder(tr(NEW_FOLDER), chat_id)

    # --- parts -----------------------------------------------------------------------------------

    def _show_list(self) -> None:
        self._window.panels.set_open("left", is_open=True)
        self._window.chat_panel.search.clear()

    def _show(self, *, backups: bool) -> None:
        self._window.panels.close_over()
        self._window.middle.show_trash(backups=backups)

    def _on_filed(self, chat: Chat, place: DropPlace) -> None:
        """Say where a dragged chat lies now: a hand may have slipped."""
        chats = self._session.chats

        def put_back() -> None:
            chats.move(chat.id, chat.folder_id)
            chats.pin(chat.id, pinned=chat.pinned_at is not None)

        title = shown_title(chat)
        if place.pinned:
            said = tr("“{title}” is pinned.", title=title)
        elif place.folder is None:
            said = tr("“{title}” lies in no folder now.", title=title)
        else:
            said = tr("“{title}” lies in “{folder}” now.", title=title, folder=place.folder.name)
        self._window.notices.say(said, Action(tr("Undo"), put_back))

    def _on_folder_deleted(self, folder: Folder, bring_back: Callable[[], object]) -> None:
        said = tr("The folder “{name}” was deleted; its chats are still here.", name=folder.name)
        self._window.notices.say(said, Action(tr("Undo"), bring_back))

    def _on_restored(self, backup: Backup, before: Backup) -> None:
        from desktop.ui.dates import in_words  # noqa: PLC0415 - a start tells no date

        self._session.chat.open_new()
        self._session.chats.refresh()
        self._session.trash.refresh()
        made = dt.datetime.fromtimestamp(backup.made_at).astimezone()
        date = in_words(made, tr("dd MMM yyyy, HH:mm"))
        said = tr("The chats are those of {date}. What was here before is a backup now.", date=date)
        undo = Action(tr("Undo"), lambda: self._session.backups.restore(before))
        self._window.notices.say(said, undo)
