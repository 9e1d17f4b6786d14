"""What the window does about files of chats: where to write, what to read, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog

from desktop.controllers.session import Session
from desktop.ui.theme import Theme
from models.wording import tr, trn

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow
    from desktop.work.chat_files.exporting import Form
    from desktop.work.chat_files.importing import Outcome

_ALL: Final = "Snug chats"


class TransferWires(QObject):
    """Belongs to one window, whose menus it connects to exports and imports."""

    def __init__(self, window: MainWindow, theme: Theme, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._session = session
        panel, transfers = window.chat_panel, session.transfers
        panel.list.export_requested.connect(self.export_chat)
        panel.export_requested.connect(self.export_all)
        panel.import_requested.connect(self.choose_import)
        transfers.exported.connect(self._on_exported)
        transfers.imported.connect(self._on_imported)
        transfers.stopped.connect(self._on_stopped)
        transfers.failed.connect(window.notices.say_trouble)

    def export_chat(self, chat_id: int, form: str) -> None:
        """Ask where to, and write the chat there."""
        from desktop.work.chat_files.exporting import SUFFIXES  # noqa: PLC0415 - not at the start
        from desktop.work.chat_files.writing import safe_name  # noqa: PLC0415

        wanted = cast("Form", form)
        chat = self._session.chats.chat(chat_id)
        name = safe_name("" if chat is None else chat.title) + SUFFIXES[wanted]
        dialog = self._save_dialog(tr("Export the chat"), name, SUFFIXES[wanted])
        dialog.fileSelected.connect(
            lambda path: self._session.transfers.export_chat(chat_id, Path(path), wanted)
        )
        dialog.open()

    def export_all(self, form: str) -> None:
        """Ask where to, and write all chats there."""
        wanted = cast("Form", form)
        if wanted == "json":
            dialog = self._save_dialog(tr("Export all chats"), f"{_ALL}.json", ".json")
        else:
            dialog = self._dialog(tr("Export all chats to a folder"), _documents())
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.write_all(Path(path), wanted))
        dialog.open()

    def write_all(self, target: Path, form: Form) -> None:
        """Write all chats there, with how far it is where it takes a while."""
        from desktop.ui.export_dialog import ExportDialog  # noqa: PLC0415 - not at the start

        ExportDialog(self._session.transfers, self._window)
        self._session.transfers.export_all(target, form)

    def choose_import(self, folder: bool) -> None:  # noqa: FBT001 - a slot
        """Ask which file or folder to import."""
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        dialog = self._dialog(tr("Import chats"), start)
        if folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            exports = tr("Exports of chats (*.json *.jsonl *.zip *.chat)")
            dialog.setNameFilters([exports, tr("All files (*)")])
        dialog.fileSelected.connect(self.show_import)
        dialog.open()

    def show_import(self, path: str) -> None:
        """Show what a file would bring."""
        from desktop.ui.import_dialog import ImportDialog  # noqa: PLC0415 - not at the start

        ImportDialog(self._theme, self._session.transfers, Path(path), self._window).open()

    def _on_stopped(self) -> None:
        self._window.notices.say(tr("Stopped."))

    def _on_exported(self, path: Path, count: int) -> None:
        self._window.notices.say(
            trn(
                "{count} chat exported to {path}.",
                "{count} chats exported to {path}.",
                count,
                path=path,
            )
        )

    def _on_imported(self, _path: Path, outcome: Outcome) -> None:
        from desktop.ui.import_dialog import said_of  # noqa: PLC0415 - it is there by now

        self._session.chats.refresh()
        self._window.notices.say(said_of(outcome))

    def _save_dialog(self, title: str, name: str, suffix: str) -> QFileDialog:
        dialog = self._dialog(title, str(Path(_documents()) / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{suffix[1:].upper()} (*{suffix})")
        dialog.setDefaultSuffix(suffix[1:])
        return dialog

    def _dialog(self, title: str, start: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, start)
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def _documents() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
