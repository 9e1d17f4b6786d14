"""Choosing a model: the menu, the file dialog, and files from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.controllers.model import ModelController
from desktop.domain.errors import UserError
from desktop.ui.controls import plain_tip
from models.amounts import size_in_words
from models.library.entry import LibraryEntry

if TYPE_CHECKING:
    from desktop.controllers.library import LibraryController

_RECENT_LIMIT: Final = 8
_OFFERED_LIMIT: Final = 16
EMBEDDED: Final = "SmolLM2 135M · embedded"


class ModelChooser(QObject):
    """Opens models and remembers the files that loaded.

    ``library`` is asked for when a menu opens. ``recent_changed`` follows a file that loaded;
    ``refused`` carries the ``UserError`` of one that is no model.
    """

    recent_changed = Signal()
    manage_requested = Signal()
    refused = Signal(object)

    def __init__(
        self,
        window: QWidget,
        model: ModelController,
        library: Callable[[], LibraryController],
        recent: tuple[str, ...],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._model = model
        self._library = library
        self.recent = recent
        model.opened.connect(self._on_opened)

    def menu(self) -> QMenu:
        """Return a menu of the embedded model, the recent files and others of this machine.

        What is found while the menu is open joins it.
        """
        menu, library = QMenu(self._window), self._library()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        below = menu.addSeparator()
        if self._model.state.status == "ready":
            menu.addAction("Unload the model", self._model.unload)
        menu.addAction("Open a GGUF file…", self.choose_file)
        menu.addAction("Manage models…\tCtrl+Shift+M", self.manage_requested.emit)
        offered: set[str] = set()
        if self._model.has_embedded:
            self._add(menu, below, EMBEDDED, "", offered)
        for path in self.recent:
            self._add(menu, below, self._name(path), path, offered)

        def add_found() -> None:
            for entry in library.entries:
                if len(offered) >= _OFFERED_LIMIT:
                    break
                if entry.problem is None and entry.source != "embedded":
                    self._add(menu, below, in_a_row(entry), entry.path, offered)

        add_found()
        found = library.entries_changed.connect(add_found)
        menu.aboutToHide.connect(lambda: library.entries_changed.disconnect(found))
        return menu

    def show_menu(self, button: QWidget) -> None:
        """Show the menu below its button, and look for what is new on this machine."""
        self._library().scan()
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

    def _add(self, menu: QMenu, below: QAction, name: str, path: str, offered: set[str]) -> None:
        if path in offered:
            return
        offered.add(path)
        state = self._model.state
        action = QAction(name, menu)
        action.triggered.connect(partial(self._model.open, path))
        action.setToolTip(plain_tip(path))
        action.setCheckable(True)
        is_loaded = state.status in ("ready", "loading")
        action.setChecked(is_loaded and (state.embedded if not path else path == state.path))
        menu.insertAction(below, action)

    def _name(self, path: str) -> str:
        entry = self._library().entry(path)
        return in_a_row(entry) if entry is not None else Path(path).name

    def _on_opened(self, path: str) -> None:
        others = (each for each in self.recent if each != path)
        self.recent = (path, *others)[:_RECENT_LIMIT]
        self.recent_changed.emit()


def in_a_row(entry: LibraryEntry) -> str:
    """Return a model's name and facts in one line."""
    facts = " · ".join(
        each for each in (entry.quantization, size_in_words(entry.size_bytes)) if each
    )
    return f"{entry.name}\t{facts}"
