"""The tab of the models on this machine: the list, and beside it the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QWidget,
)

from desktop.controllers.library import Entries, LibraryController
from desktop.controllers.loading import LoadingController
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.ui import tokens
from desktop.ui.controls import column, label, pass_focus, push_button
from desktop.ui.icons import icon
from desktop.ui.models.detail import DetailPanel
from desktop.ui.models.library_list import LIST_MIN, ModelList
from desktop.ui.models.library_model import ENTRY_ROLE, LibraryModel
from desktop.ui.models.tab import TabPage
from desktop.ui.models.verdicts import KIND_WORDS, SOURCE_WORDS, small_print
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.library.entry import ModelKind, Source
from models.wording import number, tr, trn

_SIDE_BY_SIDE_FROM: Final = 760
_RESCAN_MS: Final = 4000
_SETTLE_MS: Final = 80
_DETAIL_MIN: Final = 340


class LibraryTab(TabPage):
    """Lists what is on this machine. In a narrow window the chosen model takes the list's place."""

    def __init__(
        self,
        theme: Theme,
        library: LibraryController,
        loading: LoadingController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._library = library
        self._loading = loading
        self._settings = settings
        self._path = ""
        self._kind: ModelKind | None = None
        self._source: Source | None = None
        self.model = LibraryModel(self)
        self.search = self._make_search()
        self.list = ModelList(theme, self.model)
        self.detail = DetailPanel(theme, library, loading, model, settings)
        self._kinds = self._make_filter(tr("All kinds"))
        self._sources = self._make_filter(tr("All sources"))
        folders = tr("Folders")
        self._folders = push_button(f" {folders}", "outline", self._show_folders)
        self._folders.setAccessibleName(folders)
        self._nothing = label(tone="secondary", wraps=True)
        self._counted = small_print()
        self._unread = label(kind="small", tone="danger", wraps=True)
        self._side = self._make_side()
        self._splitter = self._make_splitter()
        column(self).addWidget(self._splitter)
        pass_focus(self, lambda: self.list)
        # What is on the disk may change behind our back; looking again is a matter of milliseconds.
        self._rescan = QTimer(self, interval=_RESCAN_MS)
        self._rescan.timeout.connect(library.scan)
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._judge_visible)
        self._connect(model)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def go_back(self) -> bool:
        """Return from the chosen model to the list, where only one of them is shown."""
        if self._is_wide or not self._path:
            return False
        self._open("")
        self.list.setFocus()
        return True

    def open_path(self, path: str, *, loading: bool = False) -> None:
        """Show a model of the list, with ``loading`` how it loads."""
        if loading:
            self.detail.unfold_loading()
        self._path = path
        row = self.model.row_of(path)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))
            self._open(path)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the disk and the machine, now and while the tab is shown."""
        super().showEvent(event)
        self._library.scan()
        self._loading.look()
        self._rescan.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no longer."""
        super().hideEvent(event)
        self._rescan.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show list and model side by side, or one of them."""
        super().resizeEvent(event)
        self._arrange()
        if not self._path:
            self._choose_first()
        self._settle.start()

    # --- parts -----------------------------------------------------------------------------------

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setPlaceholderText(tr("Search these models"))
        search.setAccessibleName(tr("Search the models on this machine"))
        search.textChanged.connect(self._filter)
        self._search_icon = QAction(tr("Search"), search)
        search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        return search

    def _make_filter(self, text: str) -> QPushButton:
        button = push_button(text, "outline", lambda: None)
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        return button

    def _make_side(self) -> QWidget:
        side = QWidget()
        layout = self._side_column = column(side, spacing=tokens.S)
        layout.addWidget(self.search)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        for button in (self._kinds, self._sources):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._folders)
        layout.addLayout(row)
        layout.addWidget(self._nothing)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._unread)
        layout.addWidget(self._counted)
        return side

    def _make_splitter(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(tokens.S)
        splitter.addWidget(self._side)
        splitter.addWidget(self.detail)
        self._side.setMinimumWidth(LIST_MIN)
        self.detail.setMinimumWidth(_DETAIL_MIN)
        splitter.setStretchFactor(0, 4)
        splitter.setStretchFactor(1, 5)
        return splitter

    def _connect(self, model: ModelController) -> None:
        self._library.entries_changed.connect(self._on_entries)
        self._library.scanning_changed.connect(self._count)
        self._loading.judged.connect(self.model.set_verdicts)
        self._loading.judged.connect(self._judge_soon)
        self._loading.machine_changed.connect(self._judge_soon)
        model.state_changed.connect(self._on_model)
        self.list.opened.connect(self._open)
        self.list.moved.connect(self._on_moved)
        self.list.verticalScrollBar().valueChanged.connect(lambda _value: self._settle.start())
        self.detail.back_requested.connect(self.go_back)
        self._on_model(model.state)
        self._on_entries(self._library.entries)
        self.model.set_verdicts(self._loading.verdicts)

    # --- what is shown ---------------------------------------------------------------------------

    def _on_entries(self, entries: Entries) -> None:
        self.model.set_entries(entries)
        self._fill_filters(entries)
        row = self.model.row_of(self._path)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))
        current = self._library.entry(self._path) if self._path else None
        if self._path and current is None:
            self._open("")
        elif current is not None:
            self.detail.show_entry(current)
        if entries and not self._path:
            self._choose_first()
        self._count()
        self._settle.start()

    def _choose_first(self) -> None:
        """Begin at the loaded model, and show it where there is room beside the list."""
        if not self.list.currentIndex().isValid():
            loaded = self.model.row_of(self.detail.loaded_path)
            self.list.setCurrentIndex(self.model.index(max(0, loaded)))
        index = self.list.currentIndex()
        if self._is_wide and index.isValid():
            self._open(index.data(ENTRY_ROLE).path)

    def _fill_filters(self, entries: Entries) -> None:
        kinds = sorted({entry.kind for entry in entries})
        sources = sorted({entry.source for entry in entries})
        _fill_menu(
            self._kinds,
            tr("All kinds"),
            self._choose_kind,
            [(kind, tr(KIND_WORDS[kind])) for kind in kinds],
        )
        _fill_menu(
            self._sources,
            tr("All sources"),
            self._choose_source,
            [(source, tr(SOURCE_WORDS[source])) for source in sources],
        )

    def _choose_kind(self, kind: ModelKind | None) -> None:
        self._kind = kind
        self._kinds.setText(tr(KIND_WORDS[kind]) if kind else tr("All kinds"))
        self._filter()

    def _choose_source(self, source: Source | None) -> None:
        self._source = source
        self._sources.setText(tr(SOURCE_WORDS[source]) if source else tr("All sources"))
        self._filter()

    def _filter(self) -> None:
        self.model.set_filter(self.search.text(), self._kind, self._source)
        row = self.model.row_of(self._path)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row))
        self._count()
        self._settle.start()

    def _judge_soon(self) -> None:
        self._settle.start()

    def _count(self) -> None:
        shown, all_of_them = self.model.rowCount(), len(self.model.entries)
        if self._library.scanning and not all_of_them:
            nothing = tr("Looking for models…")
        elif all_of_them:
            nothing = tr("No model on this machine matches.")
        else:
            nothing = tr("There are no models on this machine yet. Find one under Discover.")
        self._nothing.setText(nothing)
        self._nothing.setVisible(shown == 0)
        troubles = self._library.troubles
        self._unread.setText("\n".join(f"{each.title} {each.hint}".strip() for each in troubles))
        self._unread.setVisible(bool(troubles))
        total = sum(entry.size_bytes for entry in self.model.entries)
        self._counted.setText(_count_in_words(shown, all_of_them, total))

    def _on_model(self, state: ModelState) -> None:
        self.model.set_loaded(state.path if state.status == "ready" else "")

    def _open(self, path: str) -> None:
        self._path = path
        entry = self._library.entry(path) if path else None
        self.detail.show_entry(entry)
        self._arrange()
        if entry is not None and not self._is_wide:
            self.detail.focus_first()

    def _on_moved(self, path: str) -> None:
        if self._is_wide:
            self._open(path)

    @property
    def _is_wide(self) -> bool:
        return self.width() >= _SIDE_BY_SIDE_FROM

    def _arrange(self) -> None:
        wide = self._is_wide
        self._side.setVisible(wide or not self._path)
        self.detail.setVisible(wide or bool(self._path))
        self.detail.show_alone(alone=not wide)
        margin = tokens.XS if wide else tokens.XL
        self._side_column.setContentsMargins(tokens.XL, tokens.XS, margin, tokens.M)

    def _judge_visible(self) -> None:
        first, last = self.list.visible_rows()
        self._loading.judge(self.model.paths(first, last))

    def _on_theme_changed(self) -> None:
        secondary = self._theme.colour("secondary").name()
        self._search_icon.setIcon(icon("search", secondary, 16))
        for button in (self._kinds, self._sources):
            button.setIcon(icon("chevron-down", secondary, 16))
        self._folders.setIcon(icon("folder", secondary, 16))

    # --- folders ---------------------------------------------------------------------------------

    def _show_folders(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        folders = self._settings.app.model_folders
        for folder in folders:
            sub = menu.addMenu(folder)
            sub.addAction(tr("Look here no longer"), partial(self._library.remove_folder, folder))
        if folders:
            menu.addSeparator()
        menu.addAction(tr("Add folder…"), self._choose_folder)
        menu.addAction(tr("Look again"), self._library.scan)
        menu.popup(self._folders.mapToGlobal(self._folders.rect().bottomLeft()))

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, tr("Add a folder of models"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._library.add_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


T = TypeVar("T")


def _fill_menu(
    button: QPushButton,
    every: str,
    choose: Callable[[T | None], object],
    values: Sequence[tuple[T, str]],
) -> None:
    """Offer all of them, or one; a choice of one is no choice, and has no button."""
    old, menu = button.menu(), QMenu(button)
    menu.addAction(every, partial(choose, None))
    for value, words in values:
        menu.addAction(words, partial(choose, value))
    button.setMenu(menu)
    button.setVisible(len(values) > 1)
    if old is not None:
        old.deleteLater()


def _count_in_words(shown: int, all_of_them: int, total: int) -> str:
    if not all_of_them:
        return ""
    size = size_in_words(total)
    if shown == all_of_them:
        return trn("{count} model · {size}", "{count} models · {size}", all_of_them, size=size)
    return trn(
        "{shown} of {count} model · {size}",
        "{shown} of {count} models · {size}",
        all_of_them,
        shown=number(shown),
        size=size,
    )
