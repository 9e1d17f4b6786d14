"""Mouse and clipboard: selecting text, following links, copying code."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.domain.grounds import Source
from desktop.ui.transcript.block_actions import BlockActions
from desktop.ui.transcript.block_buttons import BlockPlace
from desktop.ui.transcript.builder import SOURCE_LINK
from desktop.ui.transcript.layout import TranscriptLayout
from desktop.ui.transcript.markdown import is_safe_link
from desktop.ui.transcript.painter import RowPainter
from desktop.ui.transcript.pointer import HitTester
from desktop.ui.transcript.selection import TextPlace, TextSelection, paragraph_at, word_at

_CONFIRM_MS: Final = 1_500
_DRAG_SCROLL_MS: Final = 16


class Reader(QObject):
    """Turns the mouse's ways into a selection, links and copies.

    Places are relative to the column's left edge and the conversation's top.
    """

    changed = Signal()
    """The selection or a highlight looks different."""
    link_activated = Signal(str)
    source_activated = Signal(object)
    """The source whose number in a reply was clicked."""
    scroll_wanted = Signal(int)
    """Pixels to scroll by while a selection is drawn beyond an edge."""
    drag_wanted = Signal(str)
    """Selected text that the mouse carries away."""

    def __init__(self, layout: TranscriptLayout, parent: QObject) -> None:
        super().__init__(parent)
        self._layout = layout
        self.hits = HitTester(layout)
        self.blocks = BlockActions(layout, self)
        self.blocks.copied.connect(self._on_copied)
        self.selection = TextSelection()
        self.hovered_row = -1
        self._hovered_button: BlockPlace | None = None
        self._copied_button: BlockPlace | None = None
        self._pressed_link = ""
        self._pressed_at = QPoint()
        self._drawing = False
        self._lifting = False
        self._by_word = False
        self._scroll_by = 0
        self._scroll = QTimer(self, interval=_DRAG_SCROLL_MS)
        self._scroll.timeout.connect(lambda: self.scroll_wanted.emit(self._scroll_by))
        self._confirmation = QTimer(self, singleShot=True, interval=_CONFIRM_MS)
        self._confirmation.timeout.connect(self._on_confirmation_over)
        self._triple_click = QTimer(self, singleShot=True)

    def clear(self) -> None:
        """Forget everything that refers to rows: they are others now."""
        self.selection.clear()
        self._hovered_button = self._copied_button = None
        self.hovered_row = -1
        self._lifting = False
        self._stop_drawing()

    def rows_moved(self, count: int) -> None:
        """Take note that so many rows were put above."""
        self.selection.move(count)
        if self.hovered_row >= 0:
            self.hovered_row += count
        self._hovered_button = _moved(self._hovered_button, count)
        self._copied_button = _moved(self._copied_button, count)

    def mark(self, painter: RowPainter) -> None:
        """Tell the painter which button is hovered, and which one has copied."""
        painter.hovered_row = self.hovered_row
        painter.hovered_button = self._hovered_button
        painter.copied_button = self._copied_button

    # --- mouse ---------------------------------------------------------------------------------

    def press(self, place: QPoint, event: QMouseEvent) -> None:
        """Begin a selection, or take note of the link or button under the mouse."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed_link, self._pressed_at = self.hits.link_at(place), place
        if self.hits.button_at(place) is not None:
            return
        found = self.hits.text_at(place)
        if found is None:
            return
        extends = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not extends and not self._triple_click.isActive() and self._is_selected(place, found):
            # It may be dragged away; without a move it is a click like any other.
            self._lifting = True
            return
        self._drawing = True
        if self._triple_click.isActive():
            self._select_paragraph(found)
        elif extends:
            self.selection.extend(found)
        else:
            self.selection.begin(found)
        self.changed.emit()

    def move(self, place: QPoint, beyond: int) -> None:
        """Draw a selection on, or hover; ``beyond`` are the pixels outside the viewport."""
        if self._lifting:
            if (place - self._pressed_at).manhattanLength() >= QApplication.startDragDistance():
                self._lifting = False
                self.drag_wanted.emit(self.selection.text(self._layout))
            return
        if not self._drawing:
            self._hover(place)
            return
        found = self.hits.text_at(place)
        if found is not None:
            self.selection.extend(self._word_end(found) if self._by_word else found)
            self.changed.emit()
        self._scroll_by = beyond // 3 if abs(beyond) >= 3 else 0
        if self._scroll_by and not self._scroll.isActive():
            self._scroll.start()
        elif not self._scroll_by:
            self._scroll.stop()

    def release(self, place: QPoint) -> None:
        """End a selection; a click without a move follows the link or the button under it."""
        self._stop_drawing()
        if self._lifting:
            self._lifting = False
            self.selection.clear()
            self.changed.emit()
        distance = (place - self._pressed_at).manhattanLength()
        if distance >= QApplication.startDragDistance():
            self._offer_selection()
            return
        button = self.hits.button_at(place)
        if button is not None:
            self.blocks.run(button)
        elif self._pressed_link and self.selection.is_empty:
            self._follow(self._pressed_link, place)
        self._offer_selection()

    def double_click(self, place: QPoint) -> None:
        """Select the word under the mouse; a third click takes its paragraph."""
        found = self.hits.text_at(place)
        row = self._layout.row(found.row) if found else None
        if found is None or row is None or not row.blocks:
            return
        self.selection.select(*word_at(found, row.rendered(found.block)))
        self._drawing = self._by_word = True
        self._triple_click.start(QApplication.doubleClickInterval())
        self.changed.emit()

    def leave(self) -> None:
        """Take note that the mouse is gone."""
        if self.hovered_row >= 0 or self._hovered_button is not None:
            self.hovered_row, self._hovered_button = -1, None
            self.changed.emit()

    def cursor_at(self, place: QPoint) -> Qt.CursorShape:
        """Return the shape of the mouse's cursor at a place."""
        if self.hits.button_at(place) is not None or self.hits.link_at(place):
            return Qt.CursorShape.PointingHandCursor
        return (
            Qt.CursorShape.IBeamCursor if self.hits.is_text(place) else Qt.CursorShape.ArrowCursor
        )

    def tip_at(self, place: QPoint) -> str:
        """Return the whole address of the link at a place, letters of other scripts spelled out."""
        link = self.hits.link_at(place)
        if link.startswith(SOURCE_LINK):
            source = self._source(link, place)
            return source.where if source else ""
        if link:
            return bytes(QUrl(link).toEncoded().data()).decode() or link
        button = self.hits.button_at(place)
        return "" if button is None else button.button.label

    # --- clipboard -----------------------------------------------------------------------------

    def copy(self) -> bool:
        """Copy what is selected; tell whether there was anything."""
        text = self.selection.text(self._layout)
        if text:
            QGuiApplication.clipboard().setText(text)
        return bool(text)

    def select_row(self, number: int) -> None:
        """Select a message's whole text."""
        row = self._layout.row(number)
        if row.blocks:
            last = len(row.blocks) - 1
            end = row.rendered(last).document.characterCount() - 1
            self.selection.select(TextPlace(number, 0, 0), TextPlace(number, last, end))
            self.changed.emit()

    # --- details -------------------------------------------------------------------------------

    def _hover(self, place: QPoint) -> None:
        row, button = self._layout.row_at(place.y()), self.hits.button_at(place)
        if (row, button) != (self.hovered_row, self._hovered_button):
            self.hovered_row, self._hovered_button = row, button
            self.changed.emit()

    def _follow(self, link: str, place: QPoint) -> None:
        if link.startswith(SOURCE_LINK):
            source = self._source(link, place)
            if source is not None:
                self.source_activated.emit(source)
        elif is_safe_link(link):
            self.link_activated.emit(link)

    def _source(self, link: str, place: QPoint) -> Source | None:
        row = self._layout.row_at(place.y())
        grounds = self._layout.row(row).message.grounds if row >= 0 else None
        return grounds.source(int(link.removeprefix(SOURCE_LINK))) if grounds else None

    def _select_paragraph(self, found: TextPlace) -> None:
        rendered = self._layout.row(found.row).rendered(found.block)
        self.selection.select(*paragraph_at(found, rendered))

    def _word_end(self, found: TextPlace) -> TextPlace:
        row = self._layout.row(found.row)
        if not row.blocks:
            return found
        start, end = word_at(found, row.rendered(found.block))
        anchor = self.selection.anchor
        return start if anchor is not None and found < anchor else end

    def _is_selected(self, place: QPoint, found: TextPlace) -> bool:
        ends = self.selection.ordered()
        return ends is not None and ends[0] <= found < ends[1] and self.hits.is_text(place)

    def _stop_drawing(self) -> None:
        self._drawing = self._by_word = False
        self._scroll.stop()

    def _offer_selection(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection() and not self.selection.is_empty:
            clipboard.setText(self.selection.text(self._layout), clipboard.Mode.Selection)

    def _on_copied(self, button: BlockPlace) -> None:
        self._copied_button = button
        self._confirmation.start()
        self.changed.emit()

    def _on_confirmation_over(self) -> None:
        self._copied_button = None
        self.changed.emit()


def _moved(button: BlockPlace | None, rows: int) -> BlockPlace | None:
    return button and button._replace(row=button.row + rows)
