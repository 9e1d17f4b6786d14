"""The connections of a window that its first paint doesn't need: imported once it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.controllers.session import Session
from desktop.ui.ask_wires import AskWires
from desktop.ui.block_wires import BlockWires
from desktop.ui.context_wires import ContextWires
from desktop.ui.document_wires import DocumentWires
from desktop.ui.drops import FileDrop
from desktop.ui.find_wires import FindWires
from desktop.ui.keys import bind_keys
from desktop.ui.list_wires import ListWires
from desktop.ui.palette_wires import PaletteWires
from desktop.ui.presets_wires import PresetWires
from desktop.ui.search_wires import SearchWires
from desktop.ui.theme import Theme
from desktop.ui.transfer_wires import TransferWires
from desktop.ui.tree_wires import TreeWires

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow


def connect_rest(
    window: MainWindow, theme: Theme, session: Session, recent_actions: tuple[str, ...]
) -> None:
    """Connect a window that is seen to the rest of the controllers, and bind its keys."""
    window.document_wires = DocumentWires(window, session)
    window.ask_wires = AskWires(window, theme, session)
    window.list_wires = ListWires(window, session)
    window.tree_wires = TreeWires(window, session)
    window.transfer_wires = TransferWires(window, theme, session)
    window.block_wires = BlockWires(window, session)
    window.find_wires = FindWires(window, theme, session)
    window.search_wires = SearchWires(window, theme, session)
    window.context_wires = ContextWires(window, session)
    window.preset_wires = PresetWires(window, theme, session)
    window.palette_wires = PaletteWires(window, theme, session, recent_actions)
    FileDrop(window).files_dropped.connect(window.ask_wires.take_dropped)
    bind_keys(window)
