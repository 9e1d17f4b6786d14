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
from desktop.ui.controls import plain_tip, with_key
from models.amounts import size_in_words
from models.library.entry import LibraryEntry
from models.wording import mark, tr

if TYPE_CHECKING:
    from desktop.controllers.library import LibraryController

_RECENT_LIMIT: Final = 8
_OFFERED_LIMIT: Final = 16
EMBEDDED: Final = mark("SmolLM2 135M · embedded")


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
        menu = _ModelsMenu(self._window, self, self._model)
        self._library().entries_changed.connect(menu.add_found)
        return menu

    def choices(self) -> dict[str, str]:
        """Return the models that are offered: by their paths, names and facts in a row."""
        found = {"": tr(EMBEDDED)} if self._model.has_embedded else {}
        found |= {path: self._name(path) for path in self.recent}
        for entry in self._library().entries:
            if len(found) >= _OFFERED_LIMIT:
                break
            if entry.problem is None and entry.source != "embedded":
                found.setdefault(entry.path, in_a_row(entry))
        return found

    def is_chosen(self, path: str) -> bool:
        """Return whether a model is the one that is loaded, or is being loaded."""
        state = self._model.state
        if state.status not in {"ready", "loading"}:
            return False
        return path == state.path if path else state.embedded

    def show_menu(self, button: QWidget) -> None:
        """Show the menu below its button, and look for what is new on this machine."""
        self._library().scan()
        self.menu().popup(button.mapToGlobal(QPoint(0, button.height() + 2)))

    def choose_file(self) -> None:
        """Ask for a file; nothing waits for the answer."""
        folder = Path(self.recent[0]).parent if self.recent else Path.home()
        dialog = QFileDialog(self._window, tr("Open a model"), str(folder))
        dialog.setNameFilters([tr("GGUF models (*.gguf)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_file(self, path: str) -> None:
        """Load a model file; refuse what is none by its name."""
        if path.lower().endswith(".gguf"):
            self._model.open(path)
            return
        title = tr("Snug can't open “{name}”.", name=Path(path).name)
        self.refused.emit(UserError(title, tr("It loads models from GGUF files.")))

    def _name(self, path: str) -> str:
        entry = self._library().entry(path)
        return in_a_row(entry) if entry is not None else Path(path).name

    def _on_opened(self, path: str) -> None:
        others = (each for each in self.recent if each != path)
        self.recent = (path, *others)[:_RECENT_LIMIT]
        self.recent_changed.emit()


class _ModelsMenu(QMenu):
    """What the chooser offers, and the ways to more."""

    def __init__(self, window: QWidget, chooser: ModelChooser, model: ModelController) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        self._chooser = chooser
        self._model = model
        self._offered: set[str] = set()
        self._below = self.addSeparator()
        if model.state.status == "ready":
            self.addAction(tr("Unload the model"), model.unload)
        self.addAction(tr("Open a GGUF file…"), chooser.choose_file)
        manage = with_key(tr("Manage models…"), "Ctrl+Shift+M")
        self.addAction(manage, chooser.manage_requested.emit)
        self.add_found()

    def add_found(self) -> None:
        """Offer what is not offered yet."""
        for path, name in self._chooser.choices().items():
            if path not in self._offered:
                self._offered.add(path)
                self._add(name, path)

    def _add(self, name: str, path: str) -> None:
        action = QAction(name, self)
        action.triggered.connect(partial(self._model.open, path))
        action.setToolTip(plain_tip(path))
        action.setCheckable(True)
        action.setChecked(self._chooser.is_chosen(path))
        self.insertAction(self._below, action)


def in_a_row(entry: LibraryEntry) -> str:
    """Return a model's name and facts in one line."""
    facts = " · ".join(
        each for each in (entry.quantization, size_in_words(entry.size_bytes)) if each
    )
    return f"{entry.name}\t{facts}"
