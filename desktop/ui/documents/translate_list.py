"""A document's segments and their translations, side by side, as many as there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from desktop.domain.segments import Segment
from desktop.domain.translation import Translated
from desktop.ui.documents.translate_delegate import TRANSLATED_ROLE, TranslateDelegate
from desktop.ui.theme import Theme
from models.wording import tr

AnyIndex = QModelIndex | QPersistentModelIndex
Filter = Literal["all", "marked", "untranslated"]
_NO_PARENT: Final = QModelIndex()
_BATCH: Final = 40
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)


class TranslateModel(QAbstractListModel):
    """The segments that a filter lets through. ``edited`` carries a number and a person's words."""

    edited = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.can_edit = False
        self._all: dict[int, Translated] = {}
        self._rows: list[int] = []
        self._row_of: dict[int, int] = {}
        self._filter: Filter = "all"

    def set_segments(self, translated: Sequence[Translated], *, can_edit: bool) -> None:
        """Show these; empty cells of tables, which say nothing, are left out."""
        self.beginResetModel()
        self.can_edit = can_edit
        self._all = {each.segment.number: each for each in translated if each.segment.text}
        self._choose_rows()
        self.endResetModel()

    def set_filter(self, chosen: Filter) -> None:
        """Show only what there is something to be done about, or all."""
        self.beginResetModel()
        self._filter = chosen
        self._choose_rows()
        self.endResetModel()

    def update_segments(self, translated: Sequence[Translated]) -> None:
        """Take over how segments stand now. None leaves the list before it is filtered anew."""
        for each in translated:
            number = each.segment.number
            if number in self._all:
                self._all[number] = each
                row = self._row_of.get(number)
                if row is not None:
                    index = self.index(row)
                    self.dataChanged.emit(index, index)

    def row_of(self, number: int) -> int:
        """Return the row of a segment, -1 where it isn't shown."""
        return self._row_of.get(number, -1)

    def translated(self, row: int) -> Translated | None:
        """Return the segment of a row."""
        return self._all[self._rows[row]] if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return how many segments are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """Return a segment, or what a screen reader says of it."""
        each = self.translated(index.row())
        if each is None:
            return None
        if role == TRANSLATED_ROLE:
            return each
        if role == Qt.ItemDataRole.EditRole:
            return each.text
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _spoken(each)
        return None

    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Pass a person's words on."""
        each = self.translated(index.row())
        if each is None or role != Qt.ItemDataRole.EditRole or not isinstance(value, str):
            return False
        if value.strip() and value.strip() != each.text:
            self.edited.emit(each.segment.number, value)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let segments that have words be edited."""
        flags = super().flags(index)
        each = self.translated(index.row())
        if self.can_edit and each is not None and each.state not in {"kept", "waiting"}:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def _choose_rows(self) -> None:
        self._rows = [number for number, each in self._all.items() if self._shows(each)]
        self._row_of = {number: row for row, number in enumerate(self._rows)}

    def _shows(self, each: Translated) -> bool:
        if self._filter == "marked":
            return bool(each.marks)
        return self._filter == "all" or each.is_doubtful or each.state == "waiting"


class TranslateList(QListView):
    """The list itself. ``moved`` tells that another segment is the current one, or several are."""

    moved = Signal()

    def __init__(self, theme: Theme, model: TranslateModel) -> None:
        super().__init__()
        self.setObjectName("translateList")
        self.setAccessibleName(tr("Segments and their translations"))
        self.segments = model
        self.setModel(model)
        self._delegate = TranslateDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        # A long document is measured piece by piece, with the window alive in between.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setMouseTracking(True)
        self.selectionModel().selectionChanged.connect(lambda _new, _old: self.moved.emit())
        model.modelReset.connect(self.moved)
        model.dataChanged.connect(self._on_data_changed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def current(self) -> Translated | None:
        """Return the segment that has the focus."""
        return self.segments.translated(self.currentIndex().row())

    @property
    def chosen(self) -> tuple[Segment, ...]:
        """Return the segments that are selected, in their order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        found = (self.segments.translated(row) for row in rows)
        return tuple(each.segment for each in found if each is not None)

    def edit_current(self) -> None:
        """Open the editor on the current segment, if it may be edited."""
        index = self.currentIndex()
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def go_to(self, number: int) -> None:
        """Make a segment the current one."""
        row = self.segments.row_of(number)
        if row >= 0:
            self.setCurrentIndex(self.segments.index(row))

    def go_to_passage(self, passage: int) -> None:
        """Make the first segment of a passage the current one."""
        for row in range(self.segments.rowCount()):
            each = self.segments.translated(row)
            if each is not None and each.segment.passage >= passage:
                self.setCurrentIndex(self.segments.index(row))
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Edit with Enter."""
        if event.key() in _ENTER and self.state() != QAbstractItemView.State.EditingState:
            self.edit_current()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Measure for the new width, and keep the current segment in sight."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def sizeHint(self) -> QSize:
        """Ask for little; the layout gives what there is."""
        return QSize(240, 200)

    def _on_data_changed(self, first: QModelIndex, _last: QModelIndex) -> None:
        self._delegate.sizeHintChanged.emit(first)
        if first == self.currentIndex():
            self.moved.emit()

    def _on_theme_changed(self) -> None:
        self._delegate.forget()
        self.scheduleDelayedItemsLayout()


def _spoken(each: Translated) -> str:
    parts = [each.segment.text, each.text or tr("not translated yet")]
    return ". ".join((*parts, *(mark.text for mark in each.marks)))
