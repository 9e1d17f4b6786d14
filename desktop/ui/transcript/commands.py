"""Keyboard, menu and buttons: everything one can do with a message."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from desktop.domain.chat import Message
from desktop.ui.transcript.actions import Action, actions_of, more_of
from desktop.ui.transcript.block_buttons import BlockPlace, Button
from desktop.ui.transcript.blocks import BlockKind
from desktop.ui.transcript.layout import TranscriptLayout
from desktop.ui.transcript.looks import thought_of
from desktop.ui.transcript.overlays import Overlays
from desktop.ui.transcript.reading import Reader
from desktop.ui.transcript.row import RowLayout
from desktop.ui.transcript.sources import lines_of
from models.reasoning import answer_in
from models.wording import mark, tr

if TYPE_CHECKING:
    from desktop.ui.transcript.view import TranscriptView

_KEYBOARD_REASONS: Final = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    }
)
_PAGE_SHARE: Final = 0.85
"""What a page key scrolls by, so that the last lines stay in sight."""
_MENU_CODE_LIMIT: Final = 12
_MENU_LONG: Final = 3
_ENTRIES: Final = {
    Button.COPY: (mark("Copy code"), mark("Copy code {number}")),
    Button.SAVE: (mark("Save code…"), mark("Save code {number}…")),
    Button.WRAP: (mark("Wrap or unwrap code"), mark("Wrap or unwrap code {number}")),
    Button.CSV: (mark("Copy table as CSV"), mark("Copy table {number} as CSV")),
}
"""What is done to the only block of its kind, and to one of several."""
_DELETING: Final = frozenset({Action.DELETE, Action.DELETE_EXCHANGE})
"""Those before which a line is drawn: they come last, and together."""


class Commands(QObject):
    """Runs actions on the messages of a view."""

    def __init__(
        self,
        view: TranscriptView,
        layout: TranscriptLayout,
        reader: Reader,
        overlays: Overlays,
    ) -> None:
        super().__init__(view)
        self.only_reading = False
        """Whether messages can be read and copied, and nothing be done to them."""
        self._view = view
        self._layout = layout
        self._reader = reader
        self._overlays = overlays
        self._by_keyboard = False
        overlays.action_triggered.connect(self.run)
        overlays.more_requested.connect(self._on_more_requested)

    def forget(self) -> None:
        """Take note that the rows are others now."""
        self._by_keyboard = False

    def run(self, message_id: int, action: Action) -> None:
        """Do something with a message."""
        view = self._view
        match action:
            case Action.COPY:
                self._copy_message(message_id)
            case Action.EDIT:
                view.edit_requested.emit(message_id)
            case Action.AGAIN:
                view.regenerate_requested.emit(message_id)
            case Action.CONTINUE:
                view.continue_requested.emit(message_id)
            case Action.PREVIOUS:
                view.sibling_requested.emit(message_id, -1)
            case Action.NEXT:
                view.sibling_requested.emit(message_id, 1)
            case _:
                view.action_requested.emit(message_id, action)

    # --- buttons -------------------------------------------------------------------------------

    def place_buttons(self, top: int) -> None:
        """Show the actions of the hovered, the current and the last message, if in sight."""
        last = self._layout.count - 1
        current = self._current_row() if self._by_keyboard else -1
        wanted = {self._reader.hovered_row, current, last}
        bars: list[tuple[Message, RowLayout, QPoint]] = []
        failed: list[tuple[int, RowLayout, QPoint]] = []
        grounded: list[tuple[Message, RowLayout, QPoint]] = []
        marked: list[tuple[int, RowLayout, QPoint]] = []
        left = self._view.column.left()
        for row in self._layout.visible_rows(top, self._view.viewport().height()):
            layout = self._layout.row(row)
            corner = QPoint(left, self._layout.row_top(row) - top)
            if layout.mark is not None:
                marked.append((layout.message.id, layout, corner))
            if layout.has_card:
                failed.append((layout.message.id, layout, corner))
            if layout.sources_height:
                grounded.append((layout.message, layout, corner))
            if row in wanted and not self.only_reading and actions_of(layout.message):
                bars.append((layout.message, layout, corner))
        reachable = self._current_row() if self._current_row() >= 0 else last
        reachable_id = self._layout.model.message_id(reachable) if reachable >= 0 else None
        last_id = self._layout.model.message_id(last) if last >= 0 else None
        self._overlays.place_bars(bars, reachable_id, last_id)
        self._overlays.place_remedies(failed)
        self._overlays.place_marks(marked)
        self._overlays.place_sources(grounded, self._view.source_notes, reachable_id)
        self._ask_for_notes(grounded)

    def shows_focus(self, row: int) -> bool:
        """Tell whether a row wears the ring of the keyboard's focus."""
        return self._by_keyboard and self._view.hasFocus() and row == self._current_row()

    # --- keyboard ------------------------------------------------------------------------------

    def note_mouse(self) -> None:
        """Take note that the mouse is in use: rings are for keyboards."""
        self._by_keyboard = False
        self._view.viewport().update()

    def note_focus(self, reason: Qt.FocusReason) -> None:
        """Take note of how the view came by the keyboard."""
        if reason in _KEYBOARD_REASONS:
            self._by_keyboard = True
            if self._current_row() < 0:
                self._make_current(self._last_seen_row())
        self._view.viewport().update()

    def handle_key(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; tell whether it stands for anything."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return self._copy_anything()
        if event.matches(QKeySequence.StandardKey.SelectAll):
            return self._select_current()
        if event.modifiers() not in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            return False
        action = self._key_actions().get(Qt.Key(event.key()))
        return action() if action is not None else False

    def _key_actions(self) -> dict[Qt.Key, Callable[[], bool]]:
        page = round(self._view.viewport().height() * _PAGE_SHARE)
        return {
            Qt.Key.Key_Up: partial(self._step, -1),
            Qt.Key.Key_Down: partial(self._step, 1),
            Qt.Key.Key_PageUp: partial(self._scroll, -page),
            Qt.Key.Key_PageDown: partial(self._scroll, page),
            Qt.Key.Key_Space: partial(self._scroll, page),
            Qt.Key.Key_Home: partial(self._go_to_row, 0),
            Qt.Key.Key_End: self._go_to_end,
            Qt.Key.Key_Return: self._enter_actions,
            Qt.Key.Key_Enter: self._enter_actions,
            Qt.Key.Key_Escape: self._drop_selection,
        }

    def _step(self, direction: int) -> bool:
        """Go to the next message, or on through one that is higher than the view."""
        self._by_keyboard = True
        current = self._current_row()
        if current < 0:
            return self._go_to_row(self._last_seen_row())
        rect = self._view.visualRect(self._view.currentIndex())
        page = self._view.viewport().height()
        is_more = rect.bottom() > page if direction > 0 else rect.top() < 0
        is_seen = rect.top() < page and rect.bottom() > 0
        if is_more and is_seen:
            room = rect.bottom() - page if direction > 0 else -rect.top()
            return self._scroll(direction * min(round(page * 0.5), room + 1))
        return self._go_to_row(max(0, min(self._layout.count - 1, current + direction)))

    def _go_to_row(self, row: int) -> bool:
        self._by_keyboard = True
        if row >= 0:
            self._make_current(row)
            self._view.scrollTo(self._view.currentIndex())
        return True

    def _go_to_end(self) -> bool:
        self._go_to_row(self._layout.count - 1)
        self._view.jump_to_end()
        return True

    def _scroll(self, pixels: int) -> bool:
        bar = self._view.verticalScrollBar()
        bar.setValue(bar.value() + pixels)
        return True

    def _enter_actions(self) -> bool:
        row = self._current_row()
        bar = self._overlays.bar(self._layout.model.message_id(row)) if row >= 0 else None
        if bar is not None:
            bar.focus_first()
        return bar is not None

    def _drop_selection(self) -> bool:
        if self._reader.selection.is_empty:
            return False
        self._reader.selection.clear()
        self._view.viewport().update()
        return True

    def _copy_anything(self) -> bool:
        if self._reader.copy():
            return True
        row = self._current_row()
        if row < 0:
            return False
        self._copy_message(self._layout.model.message_id(row))
        return True

    def _select_current(self) -> bool:
        row = self._current_row()
        row = row if row >= 0 else self._last_seen_row()
        if row >= 0:
            self._reader.select_row(row)
        return row >= 0

    # --- menu ----------------------------------------------------------------------------------

    def open_menu(self, row: int, position: QPoint | None) -> None:
        """Offer everything that can be done with a message, at a place or beside it."""
        menu = self.make_menu(row)
        if position is None:
            corner = self._view.visualRect(self._view.currentIndex()).topLeft()
            corner.setY(max(0, corner.y()))
            position = self._view.viewport().mapToGlobal(corner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def make_menu(self, row: int) -> QMenu:
        """Return the menu of a message."""
        menu = QMenu(self._view)
        copy = menu.addAction(tr("Copy"), self._reader.copy)
        copy.setEnabled(not self._reader.selection.is_empty)
        if not 0 <= row < self._layout.count:
            return menu
        layout = self._layout.row(row)
        message = layout.message
        is_last = row == self._layout.count - 1
        most, more = actions_of(message, is_last=is_last), more_of(message, is_last=is_last)
        if self.only_reading:
            most, more = most[:1] if message.text else [], []
        for action in most:
            menu.addAction(action.label, partial(self.run, message.id, action))
            if action is Action.COPY:
                self._add_block_entries(menu, row, layout)
        menu.addSeparator()
        for action in more:
            if action in _DELETING:
                menu.addSeparator()
            menu.addAction(action.label, partial(self.run, message.id, action))
        menu.addSeparator()
        menu.addAction(tr("Select all"), partial(self._reader.select_row, row))
        return menu

    def _on_more_requested(self, message_id: int, corner: QPoint) -> None:
        row = self._layout.model.row_of(message_id)
        if row is not None:
            self.open_menu(row, corner)

    def _add_block_entries(self, menu: QMenu, row: int, layout: RowLayout) -> None:
        """Offer what is drawn on the blocks too: a keyboard reaches no drawn button."""
        blocks = [each for each in enumerate(layout.blocks) if each[1].part == 0]
        fences = [index for index, block in blocks if block.kind is BlockKind.CODE]
        tables = [index for index, block in blocks if block.kind is BlockKind.TABLE]
        for button in (Button.COPY, Button.SAVE, Button.WRAP):
            self._add_entries(menu, row, button, fences)
        self._add_entries(menu, row, Button.CSV, tables)
        if thought_of(layout.blocks) is not None:
            name = tr("Show thought") if layout.is_folded else tr("Hide thought")
            place = BlockPlace(row, 0, Button.FOLD)
            menu.addAction(name, partial(self._reader.blocks.run, place))

    def _add_entries(self, menu: QMenu, row: int, button: Button, blocks: list[int]) -> None:
        """Add what can be done to each of these blocks, in a menu of its own where it is long."""
        shown = blocks[:_MENU_CODE_LIMIT]
        name, numbered = _ENTRIES[button]
        into = menu.addMenu(tr(name)) if len(shown) > _MENU_LONG else menu
        for place, index in enumerate(shown, start=1):
            told = tr(name) if len(blocks) == 1 else tr(numbered, number=place)
            into.addAction(told, partial(self._reader.blocks.run, BlockPlace(row, index, button)))

    def _ask_for_notes(self, grounded: list[tuple[Message, RowLayout, QPoint]]) -> None:
        lacking = [
            source
            for message, _, _ in grounded
            for source in lines_of(message)
            if source not in self._view.source_notes
        ]
        if lacking:
            self._view.source_notes_wanted.emit(lacking)

    # --- details -------------------------------------------------------------------------------

    def _copy_message(self, message_id: int) -> None:
        row = self._layout.model.row_of(message_id)
        if row is None:
            return
        message = self._layout.model.message(row)
        text = answer_in(message.text) if message.role == "assistant" else message.text
        QGuiApplication.clipboard().setText(text or message.text)
        bar = self._overlays.bar(message_id)
        if bar is not None:
            bar.confirm_copy()

    def _current_row(self) -> int:
        return self._view.currentIndex().row()

    def _make_current(self, row: int) -> None:
        if row >= 0:
            self._view.setCurrentIndex(self._layout.model.index(row))

    def _last_seen_row(self) -> int:
        bottom = self._view.verticalScrollBar().value() + self._view.viewport().height() - 1
        return self._layout.row_at(bottom)
