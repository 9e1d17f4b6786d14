"""What the window does about the blocks of a reply: code that becomes a file, thoughts that end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.controllers.session import Session
from desktop.domain.errors import UserError
from models.wording import tr

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


class BlockWires(QObject):
    """Belongs to one window, whose conversation it connects to the disk and to the replies."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        transcript = window.conversation.transcript
        transcript.code_save_requested.connect(self._ask_where)
        session.replies.thought_ended.connect(transcript.note_thought)

    def _ask_where(self, code: str, name: str) -> None:
        ask_where(self._window, name, partial(self.save, code))

    def save(self, code: str, path: str) -> None:
        """Write code into a file, with a line end at its end; told when it is on disk."""
        text = code if code.endswith("\n") else f"{code}\n"
        name = Path(path).name
        self._session.files.run(
            lambda: _write(Path(path), text),
            lambda _none: self._window.notices.say(tr("The code is in {name}.", name=name)),
            self._window.notices.say_trouble,
        )


def ask_where(parent: QWidget, name: str, save: Callable[[str], object]) -> None:
    """Ask into which file code is to be saved; ``save`` gets its path."""
    dialog = QFileDialog(parent, tr("Save code"), str(Path(QDir.homePath()) / name))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.fileSelected.connect(save)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _write(path: Path, text: str) -> None:
    """Put the text into the file. Raises UserError."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise UserError(
            tr("{name} could not be written.", name=path.name),
            tr("Choose another folder, or make room on the disk."),
            str(error),
        ) from error
