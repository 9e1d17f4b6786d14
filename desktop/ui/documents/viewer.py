"""Where a document is looked at: its pages as pictures, or its text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.controllers.documents import DocumentsController
from desktop.controllers.pictures import PicturesController
from desktop.domain.documents import Document, SourceRef, StoredPassage
from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.documents.page_view import PageView
from desktop.ui.documents.passage_view import PassageView
from desktop.ui.theme import Theme


def has_pictures(document: Document) -> bool:
    """Tell whether the document's pages can be drawn."""
    return document.format_name == "PDF"


class Viewer(QWidget):
    """Shows a picture of a page, or passages; and passages where there is no picture."""

    def __init__(
        self, theme: Theme, documents: DocumentsController, pictures: PicturesController
    ) -> None:
        super().__init__()
        self._documents = documents
        self.page = PageView(theme, pictures)
        self.text = PassageView(theme)
        self.note = label(kind="small", tone="secondary", wraps=True)
        self.note.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.text)
        self._order = 0
        self._document: Document | None = None
        self._fallback: tuple[int, int | None, SourceRef | None] = (0, None, None)
        layout = column(self, spacing=tokens.S)
        layout.addWidget(self.note)
        layout.addWidget(self._stack, 1)
        self.page.refused.connect(self._on_refused)

    @property
    def shows_picture(self) -> bool:
        """Return whether a page is shown as a picture."""
        return self._stack.currentWidget() is self.page

    def show_page(
        self, document: Document, page: int, texts: Sequence[str], source: SourceRef
    ) -> None:
        """Show a page as a picture with these texts marked; where that fails, the source's text."""
        self._begin(document)
        self._fallback = (source.first, source.last, source)
        self._stack.setCurrentWidget(self.page)
        self.page.show_page(document, page, texts)

    def show_text(
        self, document: Document, first: int, last: int | None, source: SourceRef | None = None
    ) -> None:
        """Show passages from one number to another, a source of them marked."""
        self._begin(document)
        self._show_text(first, last, source)

    def _begin(self, document: Document) -> None:
        self._document = document
        self.note.hide()

    def _show_text(self, first: int, last: int | None, source: SourceRef | None) -> None:
        document = self._document
        if document is None:
            return
        self._order += 1
        order = self._order
        self._stack.setCurrentWidget(self.text)

        def show(passages: list[StoredPassage]) -> None:
            if order == self._order:
                self.text.show_passages(passages, document.page_word, source)

        self._documents.passages(document.id, show, first, last)

    def _on_refused(self, error: UserError) -> None:
        self.note.setText(f"{error.title} {error.hint}".strip())
        self.note.show()
        self._show_text(*self._fallback)
