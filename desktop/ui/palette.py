"""The command palette: one field for everything that can be done, opened or found."""

from __future__ import annotations

from typing import Final, cast

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QWidget
from shiboken6 import isValid

from desktop.controllers.search import SearchController
from desktop.domain.search import Found, SearchResults
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label
from desktop.ui.header import HEIGHT
from desktop.ui.icons import icon
from desktop.ui.main_window import MainWindow
from desktop.ui.palette_delegate import PaletteDelegate
from desktop.ui.palette_entries import Entry, entries_of
from desktop.ui.palette_model import LINE_ROLE, PaletteModel
from desktop.ui.search_model import FOUND_ROLE
from desktop.ui.theme import Theme
from desktop.ui.veil import Veil
from models.wording import tr

_WIDEST: Final = 640
_HIGHEST: Final = 460
_PAGE: Final = 8
_VEIL: Final = 36
_STEPS: Final = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: _PAGE,
    Qt.Key.Key_PageUp: -_PAGE,
}
_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_TABS: Final = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab})


class Palette(Card):
    """Lies over the top of its window's middle while it is open.

    ``chosen`` carries the ``Entry`` to be run, ``found`` a ``Found`` to be opened;
    ``all_requested`` asks for everything that a query finds.
    """

    chosen = Signal(object)
    found = Signal(object)
    all_requested = Signal(str)

    def __init__(self, window: MainWindow, theme: Theme, search: SearchController) -> None:
        super().__init__("card", window)
        self.setObjectName("palette")
        self.setAccessibleName(tr("Actions and search"))
        self._window = window
        self._theme = theme
        self._search = search
        self._before: QWidget | None = None
        self._veil = Veil(window, self.close_up, _VEIL)
        self.field = self._make_field()
        self.model = PaletteModel()
        self.list = self._make_list()
        self._nothing = label(tr("No action, chat or message has this."), tone="secondary")
        self._nothing.setContentsMargins(tokens.M, tokens.XS, tokens.M, tokens.M)
        layout = column(self, spacing=tokens.XS, margin=tokens.S)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._nothing)
        search.found.connect(self._on_found)
        theme.changed.connect(self._dress)
        window.installEventFilter(self)
        self._dress()
        self.hide()

    def open(self, recent: tuple[str, ...]) -> None:
        """Offer what can be done now; ``recent`` are the ids of what was done last."""
        self._before = self._window.focusWidget()
        self.model.set_entries(entries_of(self._window), recent)
        self.field.clear()
        self._on_text_changed("")
        for part in (self._veil, self):
            part.show()
            part.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_up(self) -> bool:
        """Put the palette away, and the focus back; return whether it was open."""
        if self.isHidden():
            return False
        self._put_away()
        before, self._before = self._before, None
        # A field for a title may be gone by now.
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    # --- keys ------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go through the lines with the keys of the field; follow the window's size."""
        if watched is self._window and event.type() is QEvent.Type.Resize:
            self._arrange()
        elif watched is self.field and isinstance(event, QKeyEvent):
            return event.type() is QEvent.Type.KeyPress and self._heeds(event)
        elif watched is self.field and isinstance(event, QFocusEvent):
            self._on_focus(event)
        return super().eventFilter(watched, event)

    def _heeds(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._step(_STEPS[key])
        elif key in _ENTER:
            self._choose(self.list.currentIndex())
        return key in _STEPS or key in _ENTER or key in _TABS

    def _on_focus(self, event: QFocusEvent) -> None:
        # A menu or another window takes the focus for a while only.
        for_good = event.reason() not in {
            Qt.FocusReason.ActiveWindowFocusReason,
            Qt.FocusReason.PopupFocusReason,
        }
        if event.lostFocus() and for_good and not self.isHidden():
            self._put_away()

    def _step(self, step: int) -> None:
        row = self.list.currentIndex().row()
        if abs(step) > 1:
            # A page ends at the ends of the list.
            last = self.model.rowCount() - 1
            row, step = min(last, max(0, row + step)), -1 if step > 0 else 1
            row = row - step
        self._make_current(self.model.step(row, step))
        said = str(self.list.currentIndex().data() or "")
        if said:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, said))

    def _make_current(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row))
        if row == self.model.step(-1, 1):
            # With its heading.
            self.list.scrollToTop()

    # --- what is shown ---------------------------------------------------------------------------

    def _on_text_changed(self, text: str) -> None:
        self._search.search(text)
        self.model.set_query(text)
        self._make_current(self.model.step(-1, 1))
        self._nothing.hide()
        self._arrange()

    def _on_found(self, results: SearchResults) -> None:
        if self.isHidden() or results.query != self.field.text().strip():
            return
        self.model.set_results(results, self._everything(results.query))
        if not self.list.currentIndex().isValid():
            self._make_current(self.model.step(-1, 1))
        self._nothing.setVisible(self.model.rowCount() == 0)
        self._arrange()

    def _everything(self, query: str) -> Entry:
        def show() -> None:
            self.all_requested.emit(query)

        return Entry("", tr("Show all that was found"), tr("Chats"), show, icon="search")

    def _choose(self, index: QModelIndex) -> None:
        found, line = index.data(FOUND_ROLE), index.data(LINE_ROLE)
        if found is None and line is None:
            return
        self.close_up()
        if found is not None:
            self.found.emit(cast("Found", found))
        elif line.entry.id:
            self.chosen.emit(line.entry)
        else:
            line.entry.run()

    def _put_away(self) -> None:
        self._search.search("")
        self._veil.hide()
        self.hide()

    # --- parts -----------------------------------------------------------------------------------

    def _make_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName("paletteField")
        field.setPlaceholderText(tr("What to do, or what to find"))
        field.setAccessibleName(tr("What to do, or what to find"))
        self._search_icon = QAction(tr("Search"), field)
        field.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        field.textChanged.connect(self._on_text_changed)
        field.installEventFilter(self)
        return field

    def _make_list(self) -> QListView:
        lines = QListView()
        lines.setObjectName("paletteList")
        lines.setAccessibleName(tr("Actions and what was found"))
        lines.setModel(self.model)
        lines.setItemDelegate(PaletteDelegate(self._theme, lines))
        lines.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        lines.setMouseTracking(True)
        lines.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        lines.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        lines.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        lines.clicked.connect(self._choose)
        return lines

    def _dress(self) -> None:
        self._search_icon.setIcon(icon("search", self._theme.colour("secondary").name(), 16))
        self.list.viewport().update()

    def _arrange(self) -> None:
        window = self._window.rect()
        self._veil.setGeometry(window)
        width = min(_WIDEST, window.width() - 2 * tokens.XL)
        room = min(_HIGHEST, window.height() - HEIGHT - tokens.S - tokens.XL)
        self.setGeometry((window.width() - width) // 2, HEIGHT + tokens.S, width, room)
        self.resize(width, min(room, self._height_of_all(room)))

    def _height_of_all(self, room: int) -> int:
        """Return what all lines and the field take, or anything beyond the room there is."""
        rows = self.model.rowCount()
        self.list.setVisible(rows > 0)
        taken = self.field.sizeHint().height() + 3 * tokens.S
        if not self._nothing.isHidden():
            taken += self._nothing.sizeHint().height()
        for row in range(rows):
            taken += self.list.sizeHintForRow(row)
            if taken > room:
                break
        return taken
