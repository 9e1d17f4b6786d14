"""What the window tells of downloads wherever one is: how many there are, and which came home."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.controllers.session import Session
from desktop.ui.chat_list import ChatPanel
from desktop.ui.notices import Action, Notices
from models.wording import tr


class DownloadNotices(QObject):
    """Counts downloads beside the way to the models, and says when one can be loaded."""

    def __init__(self, session: Session, notices: Notices, panel: ChatPanel) -> None:
        super().__init__(panel)
        self._session = session
        self._notices = notices
        self._panel = panel
        downloads = session.downloads
        downloads.changed.connect(self._on_changed)
        downloads.download_finished.connect(self._on_finished)
        downloads.refused.connect(notices.say_trouble)
        downloads.noticed.connect(notices.say)
        session.discover.token_kept.connect(self._on_token_kept)

    def _on_changed(self) -> None:
        self._panel.show_downloads(self._session.downloads.under_way)

    def _on_finished(self, path: str) -> None:
        self._session.library.scan()
        load = Action(tr("Load"), partial(self._session.model.open, path))
        words = tr("{name} is here, checked and whole.", name=Path(path).name)
        self._notices.say(words, load)

    def _on_token_kept(self, place: str) -> None:
        if place == "file":
            words = tr("There is no keyring here: the token lies in a file of your own.")
        else:
            words = tr("The token is kept in the system's keyring.")
        self._notices.say(words)
