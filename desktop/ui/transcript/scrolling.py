"""Scrolling over rows of which most were never laid out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from desktop.ui.transcript.layout import Place, TranscriptLayout

_RESIZE_SETTLED_MS: Final = 150
_NEAR_END_PX: Final = 4
_STEPS: Final = {
    QAbstractItemView.CursorAction.MoveUp: -1,
    QAbstractItemView.CursorAction.MovePrevious: -1,
    QAbstractItemView.CursorAction.MoveDown: 1,
    QAbstractItemView.CursorAction.MoveNext: 1,
}

Index = QModelIndex | QPersistentModelIndex


class ScrollingView(QListView):
    """A list view with a geometry of its own, in which what is read does not move.

    Qt's list view lays out all rows at any change; here a TranscriptLayout answers for it. While
    the view follows, the end stays in sight; scrolling up lets go, scrolling to the end takes
    hold again.
    """

    def __init__(self, layout: TranscriptLayout, parent: QWidget | None) -> None:
        # Qt asks for places in the view while its own part is still being made.
        self._layout = layout
        self._pending_place: Place | None = None
        self._following = True
        self._adjusting = False
        super().__init__(parent)
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self._settle)
        self._resized = QTimer(self, singleShot=True, interval=_RESIZE_SETTLED_MS)
        self._resized.timeout.connect(self._on_resize_settled)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def _place_overlays(self) -> None:
        """Bring along what stands on the rows; for classes that put something there."""

    @property
    def column(self) -> QRect:
        """The reading column within the viewport."""
        width = self._layout.width
        # Of the whole view, so that nothing moves aside when the scroll bar comes or goes.
        left = (self.width() - width) // 2
        return QRect(left, 0, width, self.viewport().height())

    # --- the reading place ---------------------------------------------------------------------

    @property
    def following(self) -> bool:
        """Whether the end stays in sight while text comes."""
        return self._following

    @following.setter
    def following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self._settle()

    def first_row(self) -> int:
        """Return the first row in sight; -1 without rows."""
        return self._layout.row_at(self._top)

    def anchor(self) -> tuple[int | None, int]:
        """Return the place that is read: a message and the pixels of it above the view.

        The message is None at the end of the conversation.
        """
        row = self._layout.row_at(self._top)
        if self._following or row < 0:
            return None, 0
        if self.isVisible():
            # What is above the view counts, so it must be no estimate.
            place = self._layout.place_at(self._top, self._page)
            self._layout.measure_row(row, self._top - self._layout.row_top(row))
            self._settle(place)
            row = self._layout.row_at(self._top)
        return self._layout.model.message_id(row), self._top - self._layout.row_top(row)

    def restore_anchor(self, message_id: int | None, offset: int) -> None:
        """Go back to a place that ``anchor`` returned; to the end if its message is gone."""
        row = None if message_id is None else self._layout.model.row_of(message_id)
        if message_id is None or row is None:
            self.jump_to_end()
            return
        self._following = False
        self._layout.set_width(self.width())
        self._layout.measure_row(row, offset)
        self._settle(Place(message_id, -1, -offset))
        self._following = self.isVisible() and self._is_at_end()

    def jump_to_end(self) -> None:
        """Go to the end and follow it."""
        self._following = True
        self._settle()

    @property
    def _top(self) -> int:
        return self.verticalScrollBar().value()

    @property
    def _page(self) -> int:
        return self.viewport().height()

    def _is_at_end(self) -> bool:
        return self._top >= self.verticalScrollBar().maximum() - _NEAR_END_PX

    def _settle(self, place: Place | None = None) -> None:
        """Lay out what is seen, keep what is read in its place, and bring the buttons along."""
        if not self.isVisible():
            self._pending_place = place or self._pending_place
            return
        self._layout.set_width(self.width())
        top = self._top if place is None else self._layout.top_for(place)
        top = self._layout.settle(top, self._page, following=self._following)
        self._move_to(top)
        if self._layout.is_unsettled(top, self._page):
            self._rest.start()
        self._place_overlays()
        self.viewport().update()

    def _settle_below(self, y: int) -> None:
        """Do the same when only what is below a place in the viewport has changed."""
        if not self.isVisible():
            return
        top = self._top
        self._move_to(self._layout.settle(top, self._page, following=self._following))
        self._place_overlays()
        if self._top == top:
            self.viewport().update(0, y, self.viewport().width(), max(0, self._page - y))
        else:
            self.viewport().update()

    def _shift(self, pixels: int) -> None:
        """Take note that so much was put above all that there is; nothing in sight moves."""
        self._move_to(self._top + pixels)
        if self.isVisible():
            self._place_overlays()

    def _move_to(self, top: int) -> None:
        bar = self.verticalScrollBar()
        self._adjusting = True
        bar.setPageStep(self._page)
        bar.setRange(0, max(0, self._layout.total - self._page))
        bar.setValue(top)
        self._adjusting = False

    # --- what Qt asks for ----------------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:  # noqa: D102
        row = index.row()
        if not 0 <= row < self._layout.count:
            return QRect()
        column = self.column
        top = self._layout.row_top(row) - self._top
        return QRect(column.left(), top, column.width(), self._layout.row_height(row))

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: D102
        place = point.y() + self._top
        if not 0 <= place < self._layout.total - 1:
            return QModelIndex()
        return self._layout.model.index(self._layout.row_at(place))

    def moveCursor(  # noqa: D102
        self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        row = self.currentIndex().row()
        if row < 0:
            row = self._layout.row_at(self._top + self._page - 1)
        else:
            row += _STEPS.get(action, 0)
        return self._layout.model.index(max(0, min(row, self._layout.count - 1)))

    def scrollTo(  # noqa: D102
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        row = index.row()
        if not 0 <= row < self._layout.count:
            return
        top, height = self._layout.row_top(row), self._layout.row_height(row)
        is_seen = top < self._top + self._page and top + height > self._top
        if hint is QAbstractItemView.ScrollHint.EnsureVisible and is_seen and height > self._page:
            return
        message_id = self._layout.model.message_id(row)
        if hint is QAbstractItemView.ScrollHint.EnsureVisible:
            if top >= self._top and top + height <= self._top + self._page:
                return
            below = top > self._top
            y = max(0, self._page - height) if below else 0
        else:
            y = 0
        self._following = False
        self._settle(Place(message_id, -1, y))
        self._following = self._is_at_end()

    def doItemsLayout(self) -> None:  # noqa: D102, N802
        self._settle()

    def updateGeometries(self) -> None:  # noqa: D102
        self._settle()

    def scrollContentsBy(self, _dx: int, dy: int) -> None:  # noqa: D102
        if self._adjusting:
            return
        # Content that goes down is a person who goes up.
        self._following = self._is_at_end() and (dy <= 0 or self._following)
        self._settle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        place = self._layout.place_at(self._top, event.oldSize().height())
        if self._layout.set_width(self.width()):
            self._resized.start()
        self._settle(place)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        place, self._pending_place = self._pending_place, None
        self._settle(place)

    def _on_resize_settled(self) -> None:
        place = self._layout.place_at(self._top, self._page)
        self._layout.estimate_again()
        self._settle(place)
