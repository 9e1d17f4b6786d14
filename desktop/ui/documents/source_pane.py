"""The place in a document that something leads back to, beside what leads there."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.controllers.documents import DocumentsController
from desktop.domain.documents import SourceRef
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label
from desktop.ui.elided import ElidedLabel
from desktop.ui.theme import Theme


class SourcePane(QWidget):
    """Shows a source. ``close_requested`` asks to be put away."""

    close_requested = Signal()

    def __init__(self, theme: Theme, documents: DocumentsController) -> None:
        super().__init__()
        self.setObjectName("sourcePane")
        self.setAccessibleName("Source")
        self._documents = documents
        self._title = ElidedLabel(kind="strong")
        self._text = label(wraps=True)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(IconButton(theme, "close", "Close the source", self.close_requested.emit))
        layout = column(self, spacing=tokens.S, margin=tokens.M)
        layout.addLayout(head)
        layout.addWidget(self._text)
        layout.addStretch(1)

    def show_source(self, source: SourceRef) -> None:
        """Show the place."""
        document = self._documents.document(source.document_id)
        self._title.set_text(document.name if document else "")
        self._text.setText(source.quote)
