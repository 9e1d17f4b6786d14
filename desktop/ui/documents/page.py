"""The documents page: the list, the document that is open, and a source beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from desktop.controllers.session import DocumentRooms
from desktop.domain.documents import Document, SourceRef
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, pass_focus
from desktop.ui.documents.desk import Desk
from desktop.ui.documents.empty import EmptyDesk
from desktop.ui.documents.shelf import Shelf
from desktop.ui.documents.source_pane import SourcePane
from desktop.ui.documents.tab import Tab
from desktop.ui.page import Page
from desktop.ui.theme import Theme
from models.wording import tr

_LIST_BESIDE_FROM: Final = 700
_SOURCE_BESIDE_FROM: Final = 1000
_WIDTHS: Final = (280, 460, 360)


class DocumentsPage(Page):
    """Shows the documents.

    In a narrow window the open one takes the list's place, and a source the document's.

    ``ask_requested`` carries the documents that a person wants to ask in a chat,
    ``models_requested`` asks for the place where models are found.
    """

    ask_requested = Signal(object)
    models_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        rooms: DocumentRooms,
        tabs: Sequence[Tab],
        choice: QWidget,
    ) -> None:
        """Take what it stands on, the tabs, and the choice of models for documents."""
        super().__init__()
        documents = rooms.documents
        self.setObjectName("documentsPage")
        self.setAccessibleName(tr("Documents"))
        self._documents = documents
        self._rooms = rooms
        self.shelf = Shelf(theme, documents, rooms.collections, rooms.marks)
        self.desk = Desk(theme, tabs)
        self.empty = EmptyDesk(self.shelf)
        self.source = SourcePane(theme, documents, rooms.pictures)
        self._is_open = False
        layout = column(self)
        layout.addLayout(self._make_head(theme, choice))
        layout.addWidget(self._make_splitter(), 1)
        pass_focus(self, lambda: self.shelf.list)
        self._connect()
        self.source.hide()
        self._arrange()

    def show_source(self, source: SourceRef) -> None:
        """Show a place in a document beside what is open; choose the document if none is."""
        self.source.show_source(source)
        self.source.show()
        if not self.desk.documents:
            self.shelf.list.choose({source.document_id})
        else:
            self.desk.mark_source(source)
        self._arrange()

    def close_source(self) -> None:
        """Put the source away."""
        self.source.hide()
        self._arrange()
        self.desk.setFocus()

    def focus_content(self) -> None:
        """Put the focus on the list, or on the search where it is empty."""
        self.shelf.list.setFocus()

    def go_back(self) -> bool:
        """Put away the source, leave what is open inside the tab, or the document for the list."""
        if not self.source.isHidden():
            self.close_source()
            return True
        if self.desk.go_back():
            return True
        if self._is_beside or not self._is_open:
            return False
        self._close_desk()
        return True

    def showEvent(self, event: QShowEvent) -> None:
        """Read the lists again."""
        super().showEvent(event)
        self._documents.refresh()
        self._rooms.collections.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out for the width."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take in what is pasted."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.shelf.paste()
        else:
            super().keyPressEvent(event)

    # --- parts -----------------------------------------------------------------------------------

    def _make_head(self, theme: Theme, choice: QWidget) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(tokens.XL, tokens.XS, tokens.M, tokens.S)
        head.setSpacing(tokens.L)
        head.addWidget(label(tr("Documents"), kind="title"))
        head.addStretch(1)
        head.addWidget(choice)
        close = IconButton(theme, "close", tr("Back to the chat"), self.close_requested.emit)
        close.set_name(tr("Back to the chat"), "Esc")
        head.addWidget(close)
        return head

    def _make_splitter(self) -> QSplitter:
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(tokens.S)
        middle = QWidget()
        inner = column(middle)
        inner.addWidget(self.desk, 1)
        inner.addWidget(self.empty, 1)
        self._middle = middle
        for part, stretch in ((self.shelf, 0), (middle, 1), (self.source, 0)):
            splitter.addWidget(part)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        splitter.setSizes(list(_WIDTHS))
        return splitter

    def _connect(self) -> None:
        self.shelf.list.chosen.connect(self._on_chosen)
        self.shelf.list.opened.connect(self._on_opened)
        self._documents.changed.connect(self._on_changed)
        self.shelf.ask_requested.connect(self.ask_requested)
        self.desk.ask_requested.connect(self.ask_requested)
        self.desk.delete_requested.connect(self._documents.delete)
        self._rooms.marks.changed.connect(self.desk.show_marks)
        self.desk.show_marks(self._rooms.marks.marks)
        self.desk.catch_up_requested.connect(self._documents.catch_up)
        self.desk.read_requested.connect(self._documents.add)
        self.desk.source_requested.connect(self.show_source)
        self.desk.back_requested.connect(self._close_desk)
        self.source.close_requested.connect(self.close_source)

    # --- what is shown ---------------------------------------------------------------------------

    def _on_changed(self, documents: Sequence[Document]) -> None:
        if self.source.document_id not in {each.id for each in documents}:
            self.source.hide()
        self._arrange()

    def _on_chosen(self, documents: tuple[Document, ...]) -> None:
        if not documents:
            self._is_open = False
        self.desk.show_documents(documents)
        self._arrange()

    def _on_opened(self) -> None:
        self._is_open = bool(self.desk.documents)
        self._arrange()

    def _close_desk(self) -> None:
        self._is_open = False
        self._arrange()
        self.shelf.list.setFocus()

    @property
    def _is_beside(self) -> bool:
        return self.width() >= _LIST_BESIDE_FROM

    def _arrange(self) -> None:
        beside, with_source = self._is_beside, not self.source.isHidden()
        source_beside = self.width() >= _SOURCE_BESIDE_FROM
        has_any = bool(self._documents.documents or self._documents.intakes)
        covers = with_source and not source_beside
        self._middle.setVisible((beside or self._is_open or not has_any) and not covers)
        self.shelf.setVisible(has_any and (beside or not (self._is_open or covers)))
        self.desk.setVisible(bool(self.desk.documents))
        self.desk.show_alone(alone=not beside)
        self.empty.setVisible(not self.desk.documents)
        self.empty.show_first(first=not has_any)
        self._set_margins(beside=beside)

    def _set_margins(self, *, beside: bool) -> None:
        edge = tokens.XS if beside else tokens.XL
        self.shelf.layout_column.setContentsMargins(tokens.XL, tokens.XS, edge, tokens.M)
        left = tokens.M if beside else tokens.XL
        self.desk.layout_column.setContentsMargins(left, tokens.XS, tokens.XL, 0)
