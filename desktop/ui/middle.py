"""The middle of the window: the header, and below it the conversation or the models page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.ui.controls import column
from desktop.ui.conversation import Conversation
from desktop.ui.header import Header

if TYPE_CHECKING:
    from desktop.ui.models.page import ModelsPage


class Middle(QWidget):
    """Shows the conversation; the models page takes its place while it is open.

    The page is made when it is first asked for: a start must not wait for it. ``models_toggled``
    tells that the other of the two is seen.
    """

    models_toggled = Signal()

    def __init__(
        self, header: Header, conversation: Conversation, make_page: Callable[[], ModelsPage]
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._conversation = conversation
        self._make_page = make_page
        self._page: ModelsPage | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(conversation)
        layout = column(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)
        self.setFocusProxy(conversation)

    @property
    def page(self) -> ModelsPage:
        """Return the models page, made now if it has not been opened yet."""
        if self._page is None:
            self._page = self._make_page()
            self._page.close_requested.connect(self.show_conversation)
            self._stack.addWidget(self._page)
        return self._page

    @property
    def shows_models(self) -> bool:
        """Return whether the models page is open."""
        return self._page is not None and self._stack.currentWidget() is self._page

    @property
    def foot_height(self) -> int:
        """Return the height of what lies below the reading area."""
        return 0 if self.shows_models else self._conversation.foot_height

    def show_models(self, tab: str = "") -> None:
        """Open the models page, at a tab if one is named."""
        page = self.page
        was_open = self.shows_models
        self._stack.setCurrentWidget(page)
        self.setFocusProxy(page.bar)
        if tab:
            page.show_tab(tab)
        if not was_open:
            self.models_toggled.emit()
            page.focus_content()

    def show_conversation(self) -> None:
        """Close the models page."""
        if self.shows_models:
            self._stack.setCurrentWidget(self._conversation)
            self.setFocusProxy(self._conversation)
            self.models_toggled.emit()
            self._conversation.setFocus()

    def go_back(self) -> bool:
        """Leave one thing of the models page, or the page; return whether it was open."""
        if not self.shows_models:
            return False
        if not self.page.go_back():
            self.show_conversation()
        return True
