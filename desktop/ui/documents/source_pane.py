"""The place in a document that something leads back to, beside what leads there."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.controllers.documents import DocumentsController
from desktop.controllers.pictures import PicturesController
from desktop.domain.documents import Document, SourceRef, StoredPassage
from desktop.domain.page_words import place_at_start
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column
from desktop.ui.documents.viewer import Viewer, has_pictures
from desktop.ui.elided import ElidedLabel
from desktop.ui.theme import Theme
from models.wording import number, tr

LEAST_WIDTH: Final = 300
_AROUND: Final = 12
"""Passages that are shown before and after a source, where there is no picture of its page."""


class SourcePane(QWidget):
    """Shows a source: its page as a picture, or the text around it, with the place marked.

    ``close_requested`` asks to be put away.
    """

    close_requested = Signal()

    def __init__(
        self, theme: Theme, documents: DocumentsController, pictures: PicturesController
    ) -> None:
        super().__init__()
        self.setObjectName("sourcePane")
        self.setAccessibleName(tr("Source"))
        self.setMinimumWidth(LEAST_WIDTH)
        self._documents = documents
        self._source: SourceRef | None = None
        self._document: Document | None = None
        self._texts: tuple[str, ...] = ()
        self._page = 0
        self._name = ElidedLabel(kind="strong")
        self._place = ElidedLabel(kind="small", tone="secondary")
        self._earlier = IconButton(theme, "chevron-left", tr("Page before"), lambda: self._turn(-1))
        self._later = IconButton(theme, "chevron-right", tr("Page after"), lambda: self._turn(1))
        self._open = IconButton(theme, "external", tr("Open the file"), self._open_file)
        self._close = IconButton(theme, "close", tr("Close the source"), self.close_requested.emit)
        self._close.set_name(tr("Close the source"), "Esc")
        self.viewer = Viewer(theme, documents, pictures)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = column(self, spacing=tokens.S)
        layout.setContentsMargins(tokens.L, tokens.XS, tokens.M, 0)
        layout.addLayout(self._make_head())
        layout.addWidget(self.viewer, 1)
        self.setFocusProxy(self._close)

    @property
    def document_id(self) -> int:
        """Return the document that is shown, 0 before there was one."""
        return self._source.document_id if self._source is not None else 0

    @property
    def place(self) -> str:
        """Return in words where the source stands."""
        return self._place.text()

    def show_source(self, source: SourceRef) -> None:
        """Show a place in a document."""
        self._source = source

        def begin(document: Document | None) -> None:
            if self._source is source:
                self._begin(document, source)

        self._documents.find(source.document_id, begin)

    def _begin(self, document: Document | None, source: SourceRef) -> None:
        self._document = document
        self.viewer.setVisible(document is not None)
        if document is None:
            self._name.set_text(tr("The document is no longer here."))
            self._place.set_text("")
            self._show_buttons()
            return
        self._name.set_text(document.name)

        def show(passages: list[StoredPassage]) -> None:
            if self._source is source:
                self._show(document, source, passages)

        self._documents.passages(document.id, show, source.first, source.last)

    def _show(self, document: Document, source: SourceRef, passages: list[StoredPassage]) -> None:
        texts = tuple(passage.text for passage in passages)
        is_quoted = bool(source.quote) and any(source.quote in text for text in texts)
        self._texts = (source.quote,) if is_quoted or not texts else texts
        page = source.page or (passages[0].page if passages else 0)
        self._page = page
        section = passages[0].section if passages else ()
        if page and has_pictures(document):
            self.viewer.show_page(document, page, self._texts, _around(source))
        else:
            around = _around(source)
            self.viewer.show_text(document, around.first, around.last, source)
        self._name_place(section)

    def _name_place(self, section: tuple[str, ...] = ()) -> None:
        document = self._document
        words = []
        if document is not None and self._page and document.page_word:
            place = place_at_start(document.page_word, number(self._page))
            if document.pages:
                place = tr("{place} of {count}", place=place, count=number(document.pages))
            words.append(place)
        words.extend(section[-1:])
        self._place.set_text("  ·  ".join(words))
        self._show_buttons()

    def _show_buttons(self) -> None:
        document = self._document
        turns = document is not None and has_pictures(document) and bool(self._page)
        for button in (self._earlier, self._later):
            button.setVisible(turns)
        self._open.setVisible(document is not None)
        if document is not None:
            self._earlier.setEnabled(self._page > 1)
            self._later.setEnabled(self._page < document.pages)

    def _turn(self, step: int) -> None:
        if self._document is not None and self._source is not None:
            self._page += step
            self.viewer.show_page(self._document, self._page, self._texts, _around(self._source))
            self._name_place()

    def _open_file(self) -> None:
        if self._document is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self._document.path))

    def _make_head(self) -> QHBoxLayout:
        words = column(spacing=2)
        words.addWidget(self._name)
        words.addWidget(self._place)
        head = QHBoxLayout()
        head.setSpacing(tokens.XS)
        head.addLayout(words, 1)
        for button in (self._earlier, self._later, self._open, self._close):
            head.addWidget(button)
        return head


def _around(source: SourceRef) -> SourceRef:
    first, last = max(0, source.first - _AROUND), source.last + _AROUND
    return SourceRef(document_id=source.document_id, first=first, last=last)
