"""A middle with a panel on each side: docked where there is room, sliding over it elsewhere."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import (
    QEasingCurve,
    QPoint,
    QPropertyAnimation,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop.ui.veil import Veil
from models.wording import mark, tr

Side = Literal["left", "right"]
DOCKED_FROM: Final = 960
"""The window width, in device-independent pixels, from which panels may be docked."""
_MIDDLE_MIN: Final = 440
_WIDTHS: Final[dict[Side, tuple[int, int, int]]] = {
    "left": (200, 244, 380),
    "right": (264, 308, 440),
}
"""Smallest, first and largest width of each panel."""
_HANDLES: Final[dict[Side, str]] = {
    "left": mark("Width of the left panel"),
    "right": mark("Width of the right panel"),
}
_SLIDE_MS: Final = 150
_HANDLE: Final = 7


class SidePanels(QWidget):
    """Lays out left | middle | right.

    ``docked_open`` is the person's choice for a wide window and is worth keeping; in a narrow one
    a panel is closed until it is asked for and goes away on Escape or a press beside it.
    """

    changed = Signal()

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget) -> None:
        super().__init__()
        self._middle = middle
        self._panels: dict[Side, QWidget] = {"left": left, "right": right}
        self._widths: dict[Side, int] = {side: _WIDTHS[side][1] for side in _WIDTHS}
        self.docked_open: dict[Side, bool] = {"left": True, "right": True}
        self._over: Side | None = None
        self._without: Side | None = None
        # In the order in which Tab goes through them.
        for part in (left, middle, right):
            part.setParent(self)
        self._veil = Veil(self, self.close_over)
        self._handles = {side: _Handle(self, side) for side in self._panels}
        for side, handle in self._handles.items():
            handle.dragged.connect(lambda x, side=side: self._on_dragged(side, x))
            handle.released.connect(self.changed)

    def is_open(self, side: Side) -> bool:
        """Return whether the panel can be seen."""
        if side == self._without:
            return False
        return self.docked_open[side] if self._docks(side) else self._over == side

    def do_without(self, side: Side | None) -> None:
        """Keep a panel away, whatever the person's choice for it, until called with None."""
        self._without = side
        if side is not None and self._over == side:
            self._over = None
        self._arrange()
        self.changed.emit()

    def toggle(self, side: Side) -> None:
        """Open the panel or close it."""
        self.set_open(side, is_open=not self.is_open(side))

    def set_open(self, side: Side, *, is_open: bool) -> None:
        """Open or close a panel, the way that the width of the window allows."""
        if is_open == self.is_open(side) or side == self._without:
            return
        if self._docks(side):
            self.docked_open[side] = is_open
            self._arrange()
        elif is_open:
            self._slide_in(side)
        else:
            self.close_over()
        self.changed.emit()

    def close_over(self) -> bool:
        """Close the panel that lies over the middle; return whether there was one."""
        if self._over is None:
            return False
        had_focus = self._panels[self._over].isAncestorOf(self.focusWidget() or self)
        self._over = None
        self._arrange()
        if had_focus:
            self._middle.setFocus()
        self.changed.emit()
        return True

    def sizes(self) -> tuple[int, int]:
        """Return the widths of the panels, left and right."""
        return self._widths["left"], self._widths["right"]

    def set_sizes(self, left: int, right: int) -> None:
        """Set the widths of the panels, within their bounds."""
        self._widths = {"left": _bounded("left", left), "right": _bounded("right", right)}
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out again; a panel that can be docked again no longer lies over."""
        super().resizeEvent(event)
        if self._over is not None and self._docks(self._over):
            self._over = None
        self._arrange()
        self.changed.emit()

    def _docks(self, side: Side) -> bool:
        if self.width() < DOCKED_FROM:
            return False
        left = self._widths["left"] if self.docked_open["left"] else 0
        return side == "left" or self.width() - left - self._widths["right"] >= _MIDDLE_MIN

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        docked = {side: self._docks(side) and self.is_open(side) for side in self._panels}
        left = self._widths["left"] if docked["left"] else 0
        right = self._widths["right"] if docked["right"] else 0
        self._middle.setGeometry(left, 0, width - left - right, height)
        for side, panel in self._panels.items():
            panel.setGeometry(self._place(side))
            panel.setVisible(docked[side] or self._over == side)
            self._handles[side].setVisible(docked[side])
        self._handles["left"].setGeometry(left - _HANDLE // 2, 0, _HANDLE, height)
        self._handles["right"].setGeometry(width - right - _HANDLE // 2, 0, _HANDLE, height)
        self._veil.setGeometry(self.rect())
        self._veil.setVisible(self._over is not None)
        if self._over is not None:
            self._veil.raise_()
            self._panels[self._over].raise_()

    def _place(self, side: Side) -> QRect:
        width = min(self._widths[side], self.width() - 48)
        return QRect(0 if side == "left" else self.width() - width, 0, width, self.height())

    def _slide_in(self, side: Side) -> None:
        self._over = side
        self._arrange()
        panel, place = self._panels[side], self._place(side)
        away = QPoint(-place.width() if side == "left" else self.width(), 0)
        if self.style().styleHint(self.style().StyleHint.SH_Widget_Animation_Duration) > 0:
            slide = QPropertyAnimation(panel, b"pos", self)
            slide.setDuration(_SLIDE_MS)
            slide.setEasingCurve(QEasingCurve.Type.OutCubic)
            slide.setStartValue(away)
            slide.setEndValue(place.topLeft())
            slide.start(QPropertyAnimation.DeletionPolicy.DeleteWhenStopped)
        panel.setFocus()

    def _on_dragged(self, side: Side, x: int) -> None:
        self._widths[side] = _bounded(side, x if side == "left" else self.width() - x)
        self._arrange()


def _bounded(side: Side, width: int) -> int:
    low, _, high = _WIDTHS[side]
    return min(high, max(low, width))


class _Handle(QWidget):
    """The edge between a panel and the middle, for dragging. It shows itself by the pointer."""

    dragged = Signal(int)
    released = Signal()

    def __init__(self, parent: QWidget, side: Side) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(tr(_HANDLES[side]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(self.mapToParent(event.position().toPoint()).x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Tell that the width is final."""
        self.released.emit()
