"""The tab that finds models on the hub. Until somebody presses a button, nobody is asked."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from desktop.controllers.discover import DiscoverController, ModelPage, Search
from desktop.controllers.downloads import DownloadsController
from desktop.controllers.judging import JudgingController
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button, set_property
from desktop.ui.icons import icon
from desktop.ui.models.columns import bounded, make_scrolling
from desktop.ui.models.discover_access import AccessCard
from desktop.ui.models.discover_page import HubModelView
from desktop.ui.models.discover_results import ResultsList
from desktop.ui.models.discover_start import StartingView
from desktop.ui.models.discover_trouble import TOKEN_CODES, TroubleCard
from desktop.ui.models.discover_words import status_words
from desktop.ui.models.tab import TabPage
from desktop.ui.theme import Theme
from models.catalogue import starting_embedders, starting_models
from models.hub.records import Sort
from models.wording import mark, tr

SORTS: Final[dict[Sort, str]] = {
    "trending": mark("Trending"),
    "downloads": mark("Most downloads"),
    "likes": mark("Most likes"),
    "updated": mark("Newest"),
}
_LONGEST_QUERY: Final = 200


class DiscoverView(TabPage):
    """Shows models to start with, then what a search found, then one model's page.

    ``load_requested`` carries the path of a model that is here already, ``downloads_requested``
    asks for the queue.
    """

    load_requested = Signal(str)
    downloads_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        discover: DiscoverController,
        judging: JudgingController,
        downloads: DownloadsController,
    ) -> None:
        super().__init__()
        self.setObjectName("discoverView")
        self._theme = theme
        self._discover = discover
        self._judging = judging
        self.query = self._make_query()
        self.search_button = push_button(tr("Search"), "primary", self._on_search_pressed)
        self._sorts: dict[Sort, QAction] = {}
        self._sort = self._make_sort()
        self.status = label(kind="small", tone="secondary", wraps=True)
        self._home = push_button(tr("Models to start with"), "link", self._go_home)
        self.trouble = TroubleCard()
        self.access = AccessCard()
        self.starting = StartingView(starting_models(), starting_embedders())
        self.results = ResultsList(theme)
        self.more = push_button(tr("Show more"), "outline", discover.show_more)
        self._middle = QStackedWidget()
        self.page = HubModelView(theme, discover, judging, downloads)
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.query)
        self._show_search(discover.search)
        self._on_theme_changed()

    def go_back(self) -> bool:
        """Leave a model's page, then the results."""
        if self._discover.page is not None:
            self._discover.leave()
            return True
        if self._discover.search.status != "start":
            self._go_home()
            return True
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Judge the models to start with for the machine as it is now."""
        super().showEvent(event)
        self._judging.judge_starting(starting_models())

    # --- parts -----------------------------------------------------------------------------------

    def _make_query(self) -> QLineEdit:
        field = QLineEdit()
        field.setMaxLength(_LONGEST_QUERY)
        field.setClearButtonEnabled(True)
        field.setAccessibleName(tr("Search for models"))
        field.returnPressed.connect(self._search)
        self._query_icon = QAction(tr("Search"), field)
        field.addAction(self._query_icon, QLineEdit.ActionPosition.LeadingPosition)
        self._query_icon.triggered.connect(self._search)
        for button in field.findChildren(QToolButton):
            is_icon = button.defaultAction() is self._query_icon
            button.setAccessibleName(tr("Search") if is_icon else tr("Clear the search"))
        return field

    def _make_sort(self) -> QPushButton:
        button = push_button("", "outline", lambda: None)
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        menu = QMenu(button)
        for sort, words in SORTS.items():
            action = menu.addAction(tr(words), partial(self._discover.set_sort, sort))
            action.setCheckable(True)
            self._sorts[sort] = action
        button.setMenu(menu)
        return button

    def _lay_out(self) -> None:
        search = QWidget()
        content = column(search, spacing=tokens.S)
        content.setContentsMargins(tokens.XL, tokens.S, tokens.XL, 0)
        bar = QHBoxLayout()
        bar.setSpacing(tokens.S)
        bar.addWidget(self.query, 1)
        bar.addWidget(self.search_button)
        bar.addWidget(self._sort)
        content.addLayout(bar)
        line = QHBoxLayout()
        line.setSpacing(tokens.M)
        line.addWidget(self.status, 1)
        line.addWidget(self._home)
        content.addLayout(line)
        content.addWidget(self.trouble)
        content.addWidget(self.access)
        self._middle.addWidget(_scrolled(self.starting))
        self._middle.addWidget(self._make_results())
        # Below trouble there is nothing; without a part that takes the room, the card would.
        self._middle.addWidget(QWidget())
        content.addWidget(self._middle, 1)
        self._stack.addWidget(bounded(search))
        self._stack.addWidget(self.page)
        column(self).addWidget(self._stack)

    def _make_results(self) -> QWidget:
        around = QWidget()
        layout = column(around, spacing=tokens.S)
        layout.setContentsMargins(0, 0, 0, tokens.M)
        layout.addWidget(self.results, 1)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        return around

    def _connect(self) -> None:
        discover = self._discover
        discover.search_changed.connect(self._show_search)
        discover.page_changed.connect(self._on_page)
        discover.token_refused.connect(self.access.show_refusal)
        self._judging.starting_judged.connect(self.starting.show_verdicts)
        self.starting.opened.connect(discover.open)
        self.results.opened.connect(discover.open)
        self.trouble.retry_requested.connect(discover.try_again)
        self.trouble.online_requested.connect(discover.go_online)
        self.access.token_entered.connect(discover.keep_token)
        self.page.back_requested.connect(discover.leave)
        self.page.load_requested.connect(self.load_requested)
        self.page.progress_requested.connect(self.downloads_requested)
        self._theme.changed.connect(self._on_theme_changed)
        down = QShortcut(QKeySequence(Qt.Key.Key_Down), self.query)
        down.setContext(Qt.ShortcutContext.WidgetShortcut)
        down.activated.connect(self._enter_results)

    # --- searching -------------------------------------------------------------------------------

    def _search(self) -> None:
        self._discover.find(self.query.text())

    def _on_search_pressed(self) -> None:
        if self._discover.search.status == "searching":
            self._discover.stop()
        else:
            self._search()

    def _enter_results(self) -> None:
        """Go from the field down into the list below it."""
        if self.results.isVisible():
            self.results.setFocus()

    def _go_home(self) -> None:
        self.query.clear()
        self._discover.begin_anew()
        self.query.setFocus()

    def _show_search(self, search: Search) -> None:
        searching, failed = search.status == "searching", search.status == "failed"
        host = self._discover.host
        self.query.setPlaceholderText(tr("Search {host}, for example gemma or qwen", host=host))
        self.search_button.setText(tr("Stop") if searching else tr("Search"))
        set_property(self.search_button, "kind", "outline" if searching else "primary")
        for sort, action in self._sorts.items():
            action.setChecked(sort == search.sort)
        order = tr(SORTS[search.sort])
        self._sort.setText(order)
        self._sort.setAccessibleName(tr("Sorted by: {order}", order=order))
        self.status.setText(status_words(search, host, offline=self._discover.offline))
        self._home.setVisible(search.status != "start")
        self._middle.setCurrentIndex(self._part_to_show(search))
        self.results.show_found(search.found)
        self.results.setVisible(bool(search.found))
        self.more.setVisible(search.may_have_more and not failed)
        self.more.setEnabled(not searching)
        self.more.setText(tr("Asking for more…") if searching else tr("Show more"))
        self._show_trouble(search)

    def _part_to_show(self, search: Search) -> int:
        """Return which part of the middle: models to start with, results, or nothing."""
        if search.found or search.status == "found":
            return 1
        return 2 if search.status == "failed" else 0

    def _show_trouble(self, search: Search) -> None:
        trouble = search.trouble if search.status == "failed" else None
        self.trouble.show_trouble(trouble, can_go_online=self._discover.offline)
        if trouble is not None and trouble.code in TOKEN_CODES:
            self.access.explain(tr("How to get access"), self._discover.host)
        else:
            self.access.hide()

    def _on_page(self, page: ModelPage | None) -> None:
        self._stack.setCurrentIndex(0 if page is None else 1)
        if page is None:
            shown = self.results if self._discover.search.found else self.query
            shown.setFocus()
        elif page.status == "asking":
            self.page.setFocus()

    def _on_theme_changed(self) -> None:
        colour = self._theme.colour("secondary").name()
        self._query_icon.setIcon(icon("search", colour, 16))
        self._sort.setIcon(icon("chevron-down", colour, 16))


def _scrolled(content: QWidget) -> QScrollArea:
    around = QWidget()
    layout = column(around)
    layout.setContentsMargins(0, tokens.S, tokens.M, tokens.XL)
    layout.addWidget(content)
    layout.addStretch(1)
    area = QScrollArea()
    make_scrolling(area, around)
    return area
