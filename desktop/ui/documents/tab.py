"""What the documents page asks of its tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.domain.documents import Document, SourceRef


class DocumentTab(QWidget):
    """A tab's content. It is made when its tab is opened first; its focus proxy gets the focus.

    ``source_requested`` carries a ``SourceRef`` that is to be shown beside the tab.
    """

    source_requested = Signal(object)

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show what there is on these documents, which were chosen in the list; maybe none.

        Called again with the same ones when anything about them has changed.
        """

    def mark_source(self, source: SourceRef) -> None:
        """Show that the source pane shows this place, where the tab shows the place too."""

    def go_back(self) -> bool:
        """Leave what is open inside the tab; return whether there was something to leave."""
        return False


@dataclass(frozen=True)
class Tab:
    """A tab: its key, its title, and who makes its content."""

    key: str
    title: str
    make: Callable[[], DocumentTab]
