"""Draws a row of the chat list, and edits its title in place."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.ui import tokens
from desktop.ui.chat_list_model import CHAT_ROLE, WRITING_ROLE, AnyIndex
from desktop.ui.icons import icon
from desktop.ui.theme import Theme

_ROW = 32
_HEADING = 30
_BUTTON = 28


class ChatDelegate(QStyledItemDelegate):
    """A title in one line; under the pointer, a button for the row's menu."""

    menu_requested = Signal(object, QPoint)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the height of a chat or of a heading."""
        return QSize(0, _ROW if index.data(CHAT_ROLE) is not None else _HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(CHAT_ROLE) is None:
            self._paint_heading(painter, option, index)
        else:
            self._paint_chat(painter, option, index)
        painter.restore()

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: AnyIndex
    ) -> QWidget:
        """Return a field for the title."""
        editor = QLineEdit(parent)
        editor.setAccessibleName("Chat title")
        editor.setProperty("kind", "number")
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: AnyIndex
    ) -> None:
        """Put the field over the title."""
        editor.setGeometry(_rect(option).adjusted(0, 1, 0, -1))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: AnyIndex,
    ) -> bool:
        """Open the row's menu at its button."""
        if (
            isinstance(event, QMouseEvent)
            and event.type() is QEvent.Type.MouseButtonRelease
            and _button(option).contains(event.position().toPoint())
        ):
            self.menu_requested.emit(index, event.globalPosition().toPoint())
            return True
        return super().editorEvent(event, model, option, index)

    def _paint_heading(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex
    ) -> None:
        font = painter.font()
        font.setPixelSize(12)
        font.setWeight(font.Weight(tokens.WEIGHT_STRONG))
        painter.setFont(font)
        painter.setPen(self._theme.colour("faint"))
        place = _rect(option).adjusted(tokens.S, 0, -tokens.S, -tokens.XS)
        flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, int(flags), str(index.data()))

    def _paint_chat(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        state = _state(option)
        rect = _rect(option).adjusted(0, 1, 0, -1)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            tint = ("accent", 0.13) if selected else ("text", 0.06)
            painter.setBrush(self._theme.blend("panel", *tint))
            painter.drawRoundedRect(rect, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
        if selected and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = rect.adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
        text = rect.adjusted(tokens.S, 0, -tokens.S, 0)
        if hovered:
            text.setRight(_button(option).left())
            pixmap = icon("more", self._theme.colour("secondary").name(), 16).pixmap(16, 16)
            painter.drawPixmap(_button(option).center() - QPoint(8, 8), pixmap)
        elif index.data(WRITING_ROLE):
            text.setRight(rect.right() - 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawEllipse(QPoint(rect.right() - 11, rect.center().y() + 1), 3, 3)
        painter.setPen(self._theme.colour("text"))
        title = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, text.width()
        )
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(text, int(flags), title)


def _rect(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect


def _state(option: QStyleOptionViewItem) -> QStyle.StateFlag:
    state: QStyle.StateFlag = option.state
    return state


def _button(option: QStyleOptionViewItem) -> QRect:
    rect = _rect(option)
    return QRect(rect.right() - _BUTTON, rect.top(), _BUTTON, rect.height())
