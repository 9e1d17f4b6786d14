"""Draws a row of the chat list, and edits its title in place."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.domain.chat import Chat, is_private
from desktop.ui import tokens
from desktop.ui.chat_list_model import (
    CHAT_ROLE,
    FILED_ROLE,
    HEADING_ROLE,
    WRITING_ROLE,
    AnyIndex,
    Heading,
)
from desktop.ui.controls import ICON_PX
from desktop.ui.icons import icon
from desktop.ui.rows import draw_ground
from desktop.ui.theme import Theme
from models.wording import number, tr

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
        """Return the height of a chat, of a folder or of a heading."""
        heading: Heading | None = index.data(HEADING_ROLE)
        return QSize(0, _ROW if heading is None or heading.folder else _HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        heading: Heading | None = index.data(HEADING_ROLE)
        if heading is None:
            self._paint_chat(painter, option, index)
        elif heading.folder is None:
            self._paint_heading(painter, option, index)
        else:
            self._paint_folder(painter, option, heading)
        painter.restore()

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, index: AnyIndex
    ) -> QWidget:
        """Return a field for the title or the name."""
        editor = QLineEdit(parent)
        is_chat = index.data(CHAT_ROLE) is not None
        editor.setAccessibleName(tr("Chat title") if is_chat else tr("Folder name"))
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
            and index.flags() & Qt.ItemFlag.ItemIsEnabled
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

    def _paint_folder(
        self, painter: QPainter, option: QStyleOptionViewItem, heading: Heading
    ) -> None:
        rect = self._paint_ground(painter, option)
        name = "chevron-down" if heading.is_open else "chevron-right"
        text = self._paint_icon(painter, rect, name)
        if self._is_hovered(option):
            text.setRight(self._paint_button(painter, option))
        elif heading.count:
            painter.setPen(self._theme.colour("faint"))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(text, int(flags), number(heading.count))
            text.setRight(text.right() - _BUTTON)
        self._paint_text(painter, text, heading.text)

    def _paint_chat(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        chat: Chat = index.data(CHAT_ROLE)
        rect = self._paint_ground(painter, option)
        if is_private(chat.id):
            text = self._paint_icon(painter, rect, "lock")
        else:
            indent = tokens.XL if index.data(FILED_ROLE) else tokens.S
            text = rect.adjusted(indent, 0, -tokens.S, 0)
        if self._is_hovered(option):
            text.setRight(self._paint_button(painter, option))
        elif index.data(WRITING_ROLE):
            text.setRight(rect.right() - 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawEllipse(QPoint(rect.right() - 11, rect.center().y() + 1), 3, 3)
        self._paint_text(painter, text, str(index.data()))

    # --- parts -----------------------------------------------------------------------------------

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> QRect:
        """Tint and ring a row as its state wants it; return its place."""
        state = _state(option)
        rect = _rect(option).adjusted(0, 1, 0, -1)
        draw_ground(painter, rect, self._theme, state, "panel")
        return rect

    def _paint_icon(self, painter: QPainter, rect: QRect, name: str) -> QRect:
        """Draw an icon at the row's head; return the place behind it."""
        place = QPoint(rect.left() + tokens.XS, rect.center().y() - ICON_PX // 2 + 1)
        painter.drawPixmap(place, self._pixmap(name))
        return rect.adjusted(tokens.XL, 0, -tokens.S, 0)

    def _paint_button(self, painter: QPainter, option: QStyleOptionViewItem) -> int:
        """Draw the button of the row's menu; return where it begins."""
        half = ICON_PX // 2
        painter.drawPixmap(_button(option).center() - QPoint(half, half), self._pixmap("more"))
        return _button(option).left()

    def _paint_text(self, painter: QPainter, place: QRect, words: str) -> None:
        painter.setPen(self._theme.colour("text"))
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, int(flags), shown)

    def _pixmap(self, name: str) -> QPixmap:
        return icon(name, self._theme.colour("secondary").name(), ICON_PX).pixmap(ICON_PX, ICON_PX)

    @staticmethod
    def _is_hovered(option: QStyleOptionViewItem) -> bool:
        return bool(_state(option) & QStyle.StateFlag.State_MouseOver)


def _rect(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect


def _state(option: QStyleOptionViewItem) -> QStyle.StateFlag:
    state: QStyle.StateFlag = option.state
    return state


def _button(option: QStyleOptionViewItem) -> QRect:
    rect = _rect(option)
    return QRect(rect.right() - _BUTTON, rect.top(), _BUTTON, rect.height())
