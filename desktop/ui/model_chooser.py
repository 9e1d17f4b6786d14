"""Choosing a model: the menu, the file dialog, and files from elsewhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.controllers.model import ModelController
from desktop.domain.errors import UserError

_RECENT_LIMIT: Final = 8
EMBEDDED: Final = "SmolLM2 135M · embedded"


class ModelChooser(QObject):
    """Opens models and remembers the files that loaded.

    ``recent_changed`` follows a file that loaded; ``refused`` carries the ``UserError`` of one
    that is no model.
    """

    recent_changed = Signal()
    manage_requested = Signal()
    refused = Signal(object)

    def __init__(self, window: QWidget, model: ModelController, recent: tuple[str, ...]) -> None:
        super().__init__(window)
        self._window = window
        self._model = model
        self.recent = recent
        model.opened.connect(self._on_opened)

    def menu(self) -> QMenu:
        """Return a menu of the embedded model, the recent files, and the way to others."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        state = self._model.state
        self._add(menu, EMBEDDED, "", is_loaded=state.embedded)
        for path in self.recent:
            is_loaded = path == state.path and not state.embedded
            self._add(menu, Path(path).name, path, is_loaded=is_loaded)
        menu.addSeparator()
        menu.addAction("Open a GGUF file…", self.choose_file)
        menu.addAction("Manage models…\tCtrl+Shift+M", self.manage_requested.emit)
        return menu

    def show_menu(self, button: QWidget) -> None:
        """Show the menu below its button."""
        self.menu().popup(button.mapToGlobal(QPoint(0, button.height() + 2)))

    def choose_file(self) -> None:
        """Ask for a file; nothing waits for the answer."""
        folder = Path(self.recent[0]).parent if self.recent else Path.home()
        dialog = QFileDialog(self._window, "Open a model", str(folder))
        dialog.setNameFilters(["GGUF models (*.gguf)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_file(self, path: str) -> None:
        """Load a model file; refuse what is none by its name."""
        if path.lower().endswith(".gguf"):
            self._model.open(path)
            return
        title = f"Snug can't open “{Path(path).name}”."
        self.refused.emit(UserError(title, "It loads models from GGUF files."))

    def _add(self, menu: QMenu, name: str, path: str, *, is_loaded: bool) -> None:
        action = menu.addAction(name, partial(self._model.open, path))
        action.setToolTip(path)
        action.setCheckable(True)
        action.setChecked(is_loaded)

    def _on_opened(self, path: str) -> None:
        others = (each for each in self.recent if each != path)
        self.recent = (path, *others)[:_RECENT_LIMIT]
        self.recent_changed.emit()
