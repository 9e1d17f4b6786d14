"""The list of what a search found."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyleOptionViewItem,
)

from desktop.ui import tokens
from desktop.ui.icons import icon
from desktop.ui.models.discover_words import popularity
from desktop.ui.rows import AnyIndex, RowDelegate, draw_name, draw_small, two_lines
from desktop.ui.theme import Theme
from models.hub.records import HubModel
from models.wording import tr

MODEL_ROLE: Final = Qt.ItemDataRole.UserRole
_NAME_PX: Final = 14
_ICON: Final = 16
_NO_PARENT: Final = QModelIndex()


class ResultsModel(QAbstractListModel):
    """Holds what was found, as the hub sorted it."""

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[HubModel, ...] = ()

    def show(self, found: tuple[HubModel, ...]) -> None:
        """Hold other results; what only grew keeps its place."""
        old = len(self._found)
        if old and found[:old] == self._found:
            if len(found) > old:
                self.beginInsertRows(QModelIndex(), old, len(found) - 1)
                self._found = found
                self.endInsertRows()
            return
        self.beginResetModel()
        self._found = found
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return how many were found."""
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the model, or its name and facts in words."""
        model = self._found[index.row()]
        match role:
            case Qt.ItemDataRole.UserRole:
                return model
            case Qt.ItemDataRole.DisplayRole:
                return model.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(model)
            case Qt.ItemDataRole.ToolTipRole:
                return model.repo
        return None


class ResultsList(QListView):
    """Shows the results in rows of two lines. ``opened`` carries the repository of one."""

    opened = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.results = ResultsModel()
        self.setObjectName("hubResults")
        self.setAccessibleName(tr("Models found"))
        self.setModel(self.results)
        self.setItemDelegate(ResultDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self._open)
        theme.changed.connect(self.viewport().update)

    def show_found(self, found: tuple[HubModel, ...]) -> None:
        """Show results, and let the keys begin at the first."""
        self.results.show(found)
        if found and not self.currentIndex().isValid():
            self.setCurrentIndex(self.results.index(0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            model: HubModel = index.data(MODEL_ROLE)
            self.opened.emit(model.repo)


class ResultDelegate(RowDelegate):
    """A name, who made it and how liked it is, and a lock where access is asked for."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a model of the hub."""
        with self.drawn_row(painter, option) as inner:
            model: HubModel = index.data(MODEL_ROLE)
            chevron = self._icon("chevron-right", "faint")
            painter.drawPixmap(
                inner.right() - _ICON, inner.center().y() - _ICON // 2, _ICON, _ICON, chevron
            )
            inner.setRight(inner.right() - _ICON - tokens.M)
            top, below = two_lines(inner)
            self._paint_name(painter, top, model)
            self._paint_facts(painter, below, model)

    def _paint_name(self, painter: QPainter, line: QRect, model: HubModel) -> None:
        room = line.adjusted(0, 0, -(_ICON + tokens.S) if model.gated else 0, 0)
        end = draw_name(painter, room, model.name, self._theme.colour("text"), _NAME_PX)
        if model.gated:
            lock = self._icon("lock", "secondary")
            y = line.center().y() - _ICON // 2
            painter.drawPixmap(end + tokens.S, y, _ICON, _ICON, lock)

    def _paint_facts(self, painter: QPainter, line: QRect, model: HubModel) -> None:
        gated = tr("asks for access") if model.gated else ""
        parts = [model.author, popularity(model), gated]
        words = "  ·  ".join(part for part in parts if part)
        draw_small(painter, line, words, self._theme.colour("secondary"))

    def _icon(self, name: str, role: str) -> QPixmap:
        colour = self._theme.colour(role).name()
        return icon(name, colour, _ICON).pixmap(QSize(_ICON, _ICON))


def _spoken(model: HubModel) -> str:
    parts = [tr("{name} by {author}", name=model.name, author=model.author)]
    if model.gated:
        parts.append(tr("gated"))
    return ", ".join((*parts, popularity(model)))
