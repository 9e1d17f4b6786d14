"""The models page: four tabs in the middle of the window, each made when it is first opened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar

from desktop.controllers.downloads import DownloadsController
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label
from desktop.ui.models.tab import DOWNLOADS, LIBRARY, Tab, TabPage
from desktop.ui.page import Page
from desktop.ui.theme import Theme
from models.wording import tr


class ModelsPage(Page):
    """Shows one tab at a time."""

    def __init__(self, theme: Theme, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self.setObjectName("modelsPage")
        self.setAccessibleName(tr("Models"))
        self._tabs = tuple(tabs)
        self._made: dict[str, TabPage] = {}
        self.bar = self._make_bar()
        self._stack = QStackedWidget()
        layout = column(self)
        layout.addLayout(self._make_head(theme))
        layout.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._on_tab_changed)
        self.setFocusProxy(self.bar)

    @property
    def current(self) -> str:
        """Return the key of the tab that is shown."""
        return self._tabs[self.bar.currentIndex()].key

    def show_tab(self, key: str) -> TabPage:
        """Open the tab of this key and return its content."""
        self.bar.setCurrentIndex(self._index(key))
        return self.content(key)

    def content(self, key: str) -> TabPage:
        """Return a tab's content, made now if it has not been opened yet."""
        if key not in self._made:
            made = self._tabs[self._index(key)].make(self)
            self._made[key] = made
            self._stack.addWidget(made)
        return self._made[key]

    def count_downloads(self, downloads: DownloadsController) -> None:
        """Show from now on beside their tab's title how many are under way."""
        self._downloads = downloads
        downloads.changed.connect(self._on_downloads)
        self._on_downloads()

    def _on_downloads(self) -> None:
        self.set_count(DOWNLOADS, self._downloads.under_way)

    def set_count(self, key: str, count: int) -> None:
        """Show a number beside a tab's title; 0 shows none."""
        title = self._tabs[self._index(key)].title
        self.bar.setTabText(self._index(key), f"{title} · {count}" if count else title)

    def show_model(self, path: str, *, loading: bool = False) -> None:
        """Open the tab of this machine's models at one of them, or at how it loads."""
        self.show_tab(LIBRARY).open_path(path, loading=loading)

    def focus_content(self) -> None:
        """Put the focus where one begins in the tab that is shown."""
        self.content(self.current).setFocus()

    def go_back(self) -> bool:
        """Leave what is open inside the tab; return whether there was something to leave."""
        return self.content(self.current).go_back()

    def showEvent(self, event: QShowEvent) -> None:
        """Make the tab that is shown."""
        self._on_tab_changed(self.bar.currentIndex())
        super().showEvent(event)

    def _make_bar(self) -> QTabBar:
        bar = QTabBar()
        bar.setObjectName("modelsTabs")
        bar.setAccessibleName(tr("Models"))
        bar.setDrawBase(False)
        bar.setExpanding(False)
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for tab in self._tabs:
            bar.addTab(tab.title)
        return bar

    def _make_head(self, theme: Theme) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(tokens.XL, tokens.XS, tokens.M, tokens.S)
        head.setSpacing(tokens.L)
        head.addWidget(label(tr("Models"), kind="title"))
        head.addWidget(self.bar)
        head.addStretch(1)
        back = tr("Back to the chat")
        close = IconButton(theme, "close", back, self.close_requested.emit)
        close.set_name(back, "Esc")
        head.addWidget(close)
        return head

    def _index(self, key: str) -> int:
        return next(at for at, tab in enumerate(self._tabs) if tab.key == key)

    def _on_tab_changed(self, index: int) -> None:
        if self.isVisible() or not self._made:
            self._stack.setCurrentWidget(self.content(self._tabs[index].key))
