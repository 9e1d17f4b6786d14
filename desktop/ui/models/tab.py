"""What the models page asks of its tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from desktop.ui.models.page import ModelsPage

LIBRARY: Final = "library"
DISCOVER: Final = "discover"
DOWNLOADS: Final = "downloads"
COMPUTER: Final = "computer"


class TabPage(QWidget):
    """A tab's content. It is made when its tab is opened first; its focus proxy gets the focus."""

    def open_path(self, path: str, *, loading: bool = False) -> None:
        """Show the model with this path, with ``loading`` how it loads, where the tab has any."""

    def go_back(self) -> bool:
        """Leave what is open inside the tab; return whether there was something to leave."""
        return False


@dataclass(frozen=True)
class Tab:
    """A tab: its key, its title, and who makes its content."""

    key: str
    title: str
    make: Callable[[ModelsPage], TabPage]
