"""The menu of models: the embedded one, recent files, and one from disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.controllers.model import ModelController

_MENU_RECENT = 6


def fill_model_menu(
    menu: QMenu, model: ModelController, recent: Sequence[str], on_choose_file: Callable[[], object]
) -> None:
    """Fill the menu; the loaded model has a check mark."""
    state = model.state
    embedded = menu.addAction("SmolLM2 135M · embedded", lambda: model.open(""))
    embedded.setCheckable(True)
    embedded.setChecked(state.embedded)
    for path in recent[:_MENU_RECENT]:
        action = menu.addAction(Path(path).name, partial(model.open, path))
        action.setToolTip(path)
        action.setCheckable(True)
        action.setChecked(path == state.path and not state.embedded)
    menu.addSeparator()
    menu.addAction("Open a GGUF file…", on_choose_file)
    menu.setToolTipsVisible(True)


def choose_model_file(parent: QWidget, on_chosen: Callable[[str], object], folder: str) -> None:
    """Ask for a GGUF file, without blocking; ``on_chosen`` gets its path."""
    dialog = QFileDialog(parent, "Open a model", folder)
    dialog.setNameFilters(["GGUF models (*.gguf)", "All files (*)"])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(on_chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
