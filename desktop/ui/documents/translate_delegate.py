"""Draws a segment beside its translation, and lets a person write their own."""

from __future__ import annotations

from math import ceil
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QListView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.domain.languages import script_of
from desktop.domain.segments import Segment
from desktop.domain.translation import Translated
from desktop.domain.translation_checks import GRAVE
from desktop.ui import tokens
from desktop.ui.rows import SMALL_PX, draw_ground, row_font
from desktop.ui.theme import Theme
from models.wording import mark, tr

TRANSLATED_ROLE: Final = Qt.ItemDataRole.UserRole
AnyIndex = QModelIndex | QPersistentModelIndex
_TEXT_PX: Final = 13
_STACKED_BELOW: Final = 420
_GAP: Final = tokens.XL
_LEAST_EDITOR: Final = 84
_TALL: Final = 100_000
_RIGHT_TO_LEFT: Final = frozenset(("arabic", "hebrew"))
_LINE_HEIGHT: Final = 1.3
_WAITING: Final = mark("Not translated yet")
_LINE_BREAK: Final = "\u2028"


class TranslateDelegate(QStyledItemDelegate):
    """Two columns, or one below the other where it is narrow; what is doubtful stands below."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._heights: dict[tuple[object, ...], int] = {}

    def forget(self) -> None:
        """Measure anew."""
        self._heights.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the height that the segment takes at the list's width."""
        each: Translated = index.data(TRANSLATED_ROLE)
        width = self._view.viewport().width()
        segment = each.segment
        key = (width, segment.number, segment.text, each.text, each.marks, self._waiting)
        height = self._heights.get(key)
        if height is None:
            if len(self._heights) > 20_000:
                self._heights.clear()
            font: QFont = option.font
            source, target = self._columns(QRect(0, 0, width, _TALL), each, font)
            below = self._measure(_marks(each), target.width(), row_font(font, SMALL_PX))
            bottom = max(source.bottom(), target.bottom() + (below + tokens.XS if below else 0))
            height = self._heights[key] = bottom + tokens.M
        return QSize(width, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the row."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        each: Translated = index.data(TRANSLATED_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_ground(painter, rect.adjusted(0, 1, 0, -1), self._theme, state)
        base = QFont(painter.font())
        source, target = self._columns(rect, each, base)
        font = _font_of(each.segment, base)
        colour = self._theme.colour
        _write(painter, source, each.segment.text, font, colour("secondary"))
        shown, role = (each.text, "text") if each.text else (self._waiting, "faint")
        if each.state == "failed":
            shown = ""
        if each.state == "kept":
            role = "faint"
        _write(painter, target, shown, font, colour(role))
        if each.marks:
            self._paint_marks(painter, target, each, base)
        painter.restore()

    # --- editing ---------------------------------------------------------------------------------

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: AnyIndex
    ) -> QWidget:
        """Return a field over the translation; Ctrl+Enter keeps the words, Esc leaves them."""
        editor = QPlainTextEdit(parent)
        editor.setAccessibleName(tr("Your translation"))
        editor.setToolTip(tr("Ctrl+Enter keeps your words, Esc leaves the translation as it was."))
        return editor

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        """Begin from the translation, or from the source where there is none."""
        if isinstance(editor, QPlainTextEdit) and not editor.document().isModified():
            each: Translated = index.data(TRANSLATED_ROLE)
            editor.setPlainText(each.text or each.segment.text)
            editor.selectAll()
            editor.document().setModified(False)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: AnyIndex) -> None:
        """Pass the words on, where they are others."""
        if isinstance(editor, QPlainTextEdit) and editor.document().isModified():
            model.setData(index, editor.toPlainText(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex
    ) -> None:
        """Lie over the translation, large enough to write in."""
        rect: QRect = option.rect
        _, target = self._columns(rect, index.data(TRANSLATED_ROLE), option.font)
        height = max(_LEAST_EDITOR, rect.height() - tokens.S)
        bottom = self._view.viewport().height()
        top = max(0, min(rect.y() + tokens.XS, bottom - height))
        left = target.x() - tokens.S
        editor.setGeometry(left, top, rect.right() - left - tokens.XS, height)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Let Enter begin a line and Ctrl+Enter keep the words."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                return False
            if is_enter and isinstance(editor, QWidget):
                self.commitData.emit(editor)
                self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
                return True
        return super().eventFilter(editor, event)

    # --- measures --------------------------------------------------------------------------------

    def _columns(self, rect: QRect, each: Translated, base: QFont) -> tuple[QRect, QRect]:
        """Return where the source and the translation stand in a row."""
        inner = rect.adjusted(tokens.M, tokens.S + 2, -tokens.M, -tokens.S)
        font = _font_of(each.segment, base)
        shown = each.text or ("" if each.state == "failed" else self._waiting)
        if rect.width() < _STACKED_BELOW:
            height = self._measure(each.segment.text, inner.width(), font)
            source = QRect(inner.x(), inner.y(), inner.width(), height)
            below = source.bottom() + tokens.XS
            height = self._measure(shown, inner.width(), font)
            return source, QRect(inner.x(), below, inner.width(), height)
        width = (inner.width() - _GAP) // 2
        source = QRect(inner.x(), inner.y(), width, self._measure(each.segment.text, width, font))
        left = inner.x() + width + _GAP
        return source, QRect(left, inner.y(), width, self._measure(shown, width, font))

    def _measure(self, text: str, width: int, font: QFont) -> int:
        return ceil(_laid_out(text, font, width)[1]) if text else 0

    @property
    def _waiting(self) -> str:
        """Return what stands where a translation is still to come: nothing before it has begun."""
        return tr(_WAITING) if self._view.property("waits") else ""

    def _paint_marks(self, painter: QPainter, target: QRect, each: Translated, base: QFont) -> None:
        is_grave = any(mark.kind in GRAVE for mark in each.marks)
        colour = self._theme.colour("warning" if is_grave else "secondary")
        font = row_font(base, SMALL_PX)
        top = target.bottom() + tokens.XS if target.height() else target.y()
        height = self._measure(_marks(each), target.width(), font)
        _write(painter, QRect(target.x(), top, target.width(), height), _marks(each), font, colour)
        if is_grave:
            bar = QRect(target.x() - tokens.S, target.y(), 3, top + height - target.y())
            painter.fillRect(bar, self._theme.colour("warning"))


def _marks(each: Translated) -> str:
    return " ".join(mark.text for mark in each.marks)


def _font_of(segment: Segment, base: QFont) -> QFont:
    weight = tokens.WEIGHT_STRONG if segment.kind == "heading" else tokens.WEIGHT_REGULAR
    font = row_font(base, _TEXT_PX, weight)
    if segment.kind == "code":
        font.setFamily("monospace")
    return font


def _laid_out(text: str, font: QFont, width: int) -> tuple[QTextLayout, float]:
    """Return a text in lines of this width, and how high they are together."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    if script_of(text) in _RIGHT_TO_LEFT:
        option.setTextDirection(Qt.LayoutDirection.RightToLeft)
    layout = QTextLayout(text.replace("\n", _LINE_BREAK), font)
    layout.setTextOption(option)
    layout.beginLayout()
    top = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1, width))
        line.setPosition(QPointF(0, top))
        top += line.height() * _LINE_HEIGHT
    layout.endLayout()
    return layout, top


def _write(painter: QPainter, rect: QRect, text: str, font: QFont, colour: QColor) -> None:
    if text:
        painter.setPen(colour)
        _laid_out(text, font, rect.width())[0].draw(painter, QPointF(rect.topLeft()))
