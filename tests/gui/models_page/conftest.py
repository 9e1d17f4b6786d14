"""An application with generated models in Snug's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel

from desktop.ui.models.detail import DetailPanel
from desktop.ui.models.library import LibraryTab
from desktop.ui.models.library_model import ENTRY_ROLE
from desktop.ui.models.tab import LIBRARY
from models.library.entry import LibraryEntry
from tests.gui.conftest import App, Start
from tests.model_factory import Design, write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Snug's own folder of models, with two of them."""
    folder = tmp_path / "data" / "models"
    folder.mkdir(parents=True)
    write_model(folder / "alpha-F16.gguf", Design(name="Alpha"))
    write_model(folder / "beta-F16.gguf", Design(architecture="bert", name="Beta"))
    return folder


@pytest.fixture
def opened(start: Start, folder: Path) -> tuple[App, LibraryTab]:
    """The models page at the tab of this machine, everything found."""
    assert folder.is_dir()
    app = start("--reply-tokens", "6")
    app.until_ready()
    app.window.wires.show_page()
    tab = app.window.middle.page.content(LIBRARY)
    assert isinstance(tab, LibraryTab)
    app.until(lambda: not app.session.library.scanning and len(app.session.library.entries) == 3)
    return app, tab


@pytest.fixture
def names() -> Callable[[LibraryTab], list[str]]:
    """What the list shows, from top to bottom."""

    def shown(tab: LibraryTab) -> list[str]:
        rows = range(tab.model.rowCount())
        return [tab.model.index(row).data(ENTRY_ROLE).name for row in rows]

    return shown


def choose(tab: LibraryTab, name: str) -> LibraryEntry:
    """Choose a model by its name and return its entry."""
    entry = next(each for each in tab.model.entries if each.name == name)
    tab.open_path(entry.path)
    return entry


def texts(panel: DetailPanel) -> str:
    """Return all words that the model's page shows."""
    return "\n".join(each.text() for each in panel.findChildren(QLabel) if each.isVisible())
