"""The middle of the window: the header, and below it the conversation or a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.ui.controls import column, pass_focus
from desktop.ui.conversation import Conversation
from desktop.ui.header import Header

if TYPE_CHECKING:
    from desktop.ui.documents.page import DocumentsPage
    from desktop.ui.models.page import ModelsPage
    from desktop.ui.page import Page
    from desktop.ui.trash_page import TrashPage

PageKey = Literal["models", "documents", "trash"]
MODELS: Final = "models"
DOCUMENTS: Final = "documents"
TRASH: Final = "trash"


class Middle(QWidget):
    """Shows the conversation; a page takes its place while it is open.

    A page is made when it is first asked for: a start must not wait for it. ``page_changed``
    tells that another one, or the conversation, is seen.
    """

    page_changed = Signal()

    def __init__(
        self,
        header: Header,
        conversation: Conversation,
        makers: Mapping[PageKey, Callable[[], Page]],
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._conversation = conversation
        self._makers = makers
        self._pages: dict[PageKey, Page] = {}
        self._stack = QStackedWidget()
        self._stack.addWidget(conversation)
        layout = column(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)
        pass_focus(self, self._stack.currentWidget)

    @property
    def page(self) -> ModelsPage:
        """Return the models page, made now if it has not been opened yet."""
        return cast("ModelsPage", self._page(MODELS))

    @property
    def documents(self) -> DocumentsPage:
        """Return the documents page, made now if it has not been opened yet."""
        return cast("DocumentsPage", self._page(DOCUMENTS))

    @property
    def shown(self) -> PageKey | None:
        """Return which page is open, None for the conversation."""
        current = self._stack.currentWidget()
        return next((key for key, page in self._pages.items() if page is current), None)

    @property
    def shows_models(self) -> bool:
        """Return whether the models page is open."""
        return self.shown == MODELS

    @property
    def shows_documents(self) -> bool:
        """Return whether the documents page is open."""
        return self.shown == DOCUMENTS

    @property
    def foot_height(self) -> int:
        """Return the height of what lies below the reading area."""
        return 0 if self.shown else self._conversation.foot_height

    def show_models(self, tab: str = "") -> None:
        """Open the models page, at a tab if one is named."""
        page = self.page
        if tab:
            page.show_tab(tab)
        self._show(MODELS)

    def show_documents(self) -> None:
        """Open the documents page."""
        self._show(DOCUMENTS)

    def show_trash(self, *, backups: bool = False) -> None:
        """Open the trash, or the backups beside it."""
        cast("TrashPage", self._page(TRASH)).show_backups(shown=backups)
        self._show(TRASH)

    def show_page(self, key: PageKey | None) -> None:
        """Open a page, or the conversation for None."""
        if key is None:
            self.show_conversation()
        else:
            self._show(key)

    def show_conversation(self) -> None:
        """Close the page that is open."""
        if self.shown is not None:
            self._stack.setCurrentWidget(self._conversation)
            self.page_changed.emit()
            self._conversation.setFocus()

    def go_back(self) -> bool:
        """Leave one thing of the open page, or the page; return whether one was open."""
        shown = self.shown
        if shown is None:
            return False
        if not self._pages[shown].go_back():
            self.show_conversation()
        return True

    def _page(self, key: PageKey) -> Page:
        if key not in self._pages:
            page = self._pages[key] = self._makers[key]()
            page.close_requested.connect(self.show_conversation)
            self._stack.addWidget(page)
        return self._pages[key]

    def _show(self, key: PageKey) -> None:
        page, before = self._page(key), self.shown
        self._stack.setCurrentWidget(page)
        if before != key:
            self.page_changed.emit()
            page.focus_content()
