"""The list of documents: several may be chosen, Delete deletes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyleOptionViewItem

from desktop.controllers.documents import Intake
from desktop.domain.documents import Document
from desktop.ui.documents.list_model import (
    ENTRY_ROLE,
    MARK_ROLE,
    TROUBLE_ROLE,
    AnyIndex,
    DocumentListModel,
    Entry,
    second_line,
)
from desktop.ui.rows import RowDelegate, draw_name, draw_small, two_lines
from desktop.ui.theme import Theme
from models.wording import tr

_NAME_PX: Final = 13
_BAR_HEIGHT: Final = 3


class DocumentList(QListView):
    """The list itself.

    ``chosen`` carries the documents that are selected, in the list's order, once for each change;
    ``opened`` tells that one was clicked or entered. ``delete_requested`` carries ids,
    ``menu_requested`` an entry and a place on the screen.
    """

    chosen = Signal(object)
    opened = Signal()
    delete_requested = Signal(object)
    menu_requested = Signal(object, QPoint)

    def __init__(self, theme: Theme, model: DocumentListModel) -> None:
        super().__init__()
        self.setObjectName("documentList")
        self.setAccessibleName(tr("Documents"))
        self._list = model
        self._kept: set[int] = set()
        self._told: tuple[Document, ...] = ()
        self.setModel(model)
        self.setItemDelegate(_Delegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.clicked.connect(lambda _index: self.opened.emit())
        self.selectionModel().selectionChanged.connect(lambda _new, _old: self._on_selected())
        model.modelReset.connect(self._restore)
        model.dataChanged.connect(lambda _first, _last: self._on_selected())
        theme.changed.connect(self.viewport().update)

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return the documents that are selected, in the list's order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        entries = (self._list.entry(row) for row in rows)
        return tuple(each for each in entries if isinstance(each, Document))

    def choose(self, document_ids: set[int]) -> None:
        """Select these documents, as soon as they are in the list."""
        self._kept = document_ids
        self._restore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter, delete with Delete."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.documents:
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Delete and self.documents:
            self.delete_requested.emit([each.id for each in self.documents])
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Ask for little; the layout gives what there is."""
        return QSize(200, 200)

    def _on_selected(self) -> None:
        documents = self.documents
        self._kept = {each.id for each in documents}
        if documents != self._told:
            self._told = documents
            self.chosen.emit(documents)

    def _restore(self) -> None:
        """Select what was selected, after the rows have moved."""
        selection = QItemSelection()
        rows = sorted(row for each in self._kept if (row := self._list.row_of(each)) >= 0)
        for row in rows:
            selection.select(self._list.index(row), self._list.index(row))
        kept = self._kept
        flag = QItemSelectionModel.SelectionFlag
        if rows:
            self.selectionModel().setCurrentIndex(self._list.index(rows[0]), flag.NoUpdate)
            self.scrollTo(self._list.index(rows[0]))
        self.selectionModel().select(selection, flag.ClearAndSelect)
        self._on_selected()
        # What isn't in the list yet is waited for.
        self._kept |= kept

    def _on_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.menu_requested.emit(index.data(ENTRY_ROLE), self.viewport().mapToGlobal(place))


class _Delegate(RowDelegate):
    """Two lines, and a thin bar below what is being read; every row has the same height."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a document, or what is on its way to be one."""
        with self.drawn_row(painter, option) as inner:
            entry: Entry = index.data(ENTRY_ROLE)
            top, below = two_lines(inner)
            draw_name(painter, top, entry.name, self._theme.colour("text"), _NAME_PX)
            words, role = self._second(entry, index)
            draw_small(painter, below, words, self._theme.colour(role))
            if isinstance(entry, Intake) and entry.state == "reading" and entry.total:
                self._paint_bar(painter, inner, entry.done / entry.total)

    def _second(self, entry: Entry, index: AnyIndex) -> tuple[str, str]:
        mark: str = index.data(MARK_ROLE)
        if index.data(TROUBLE_ROLE):
            return second_line(entry), "danger"
        return (mark, "warning") if mark else (second_line(entry), "secondary")

    def _paint_bar(self, painter: QPainter, inner: QRect, part: float) -> None:
        bar = QRectF(inner.x(), inner.bottom() + 2, inner.width(), _BAR_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.blend("page", "text", 0.12))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        bar.setWidth(max(float(_BAR_HEIGHT), bar.width() * min(1.0, part)))
        painter.setBrush(self._theme.colour("accent"))
        painter.drawRoundedRect(bar, 1.5, 1.5)
