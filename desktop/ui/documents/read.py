"""The tab with a document's own text."""

from __future__ import annotations

from desktop.controllers.documents import DocumentsController
from desktop.domain.documents import Document
from desktop.ui.controls import column, label
from desktop.ui.documents.tab import DocumentTab
from desktop.ui.theme import Theme


class ReadTab(DocumentTab):
    """Shows a document as it was read."""

    def __init__(self, theme: Theme, documents: DocumentsController) -> None:
        super().__init__()
        self._theme = theme
        self._documents = documents
        self._text = label(wraps=True)
        column(self).addWidget(self._text)

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show the first one's text."""
        if not documents:
            return
        self._documents.passages(
            documents[0].id, lambda found: self._text.setText("\n\n".join(p.text for p in found))
        )
