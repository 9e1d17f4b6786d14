"""The conversation on the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QMimeData,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.domain.chat import MessageState
from desktop.domain.grounds import Source, SourceNote
from desktop.ui.controls import plain_tip
from desktop.ui.transcript import markdown
from desktop.ui.transcript.announcer import Announcer
from desktop.ui.transcript.commands import Commands
from desktop.ui.transcript.marks import Mark
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.pacing import FramePacer
from desktop.ui.transcript.painted import PaintedView
from desktop.ui.transcript.scrolling import Index
from models.wording import tr

_JUMP_FROM_PX: Final = 80
_LOAD_DELAY_MS: Final = 300


class TranscriptView(PaintedView):
    """Shows a TranscriptModel: lays out and draws only what is seen."""

    regenerate_requested = Signal(int)
    continue_requested = Signal(int)
    edit_requested = Signal(int)
    sibling_requested = Signal(int, int)
    """A message's id, and -1 or 1 for the version before or after it."""
    action_requested = Signal(int, object)
    """A message's id, and an ``Action`` that no other signal is for."""
    link_activated = Signal(str)
    """An http, https or mailto address that was clicked."""
    remedy_requested = Signal(int)
    """The id of the failed reply whose button was pressed."""
    summary_requested = Signal(int)
    """The id of a summary that is to be read."""
    source_activated = Signal(object)
    """The source whose number or line was pressed."""
    code_save_requested = Signal(str, str)
    """Code that is to become a file, and the name to offer for it."""
    source_notes_wanted = Signal(list)
    """Sources that are in sight and of which nothing is known yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(tr("Conversation"))
        # Tab goes on to the buttons of the current message, not through the rows.
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.commands = Commands(self, self._layout, self._reader, self._overlays)
        self._pacer = FramePacer(self)
        self._loader: threading.Thread | None = None
        self.source_notes: dict[Source, SourceNote] = {}
        self._connect()

    def _connect(self) -> None:
        self._pacer.due.connect(self._on_frame_due)
        self._reader.changed.connect(self._on_reader_changed)
        self._reader.link_activated.connect(self.link_activated)
        self._reader.source_activated.connect(self.source_activated)
        self._overlays.source_clicked.connect(self.source_activated)
        self._overlays.summary_clicked.connect(self.summary_requested)
        self._reader.blocks.resized.connect(self._on_row_resized)
        self._reader.blocks.save_requested.connect(self._on_save_requested)
        self._reader.scroll_wanted.connect(self._on_scroll_wanted)
        self._reader.drag_wanted.connect(self._on_drag_wanted)
        self._overlays.jump_clicked.connect(self.jump_to_end)
        self._overlays.remedy_clicked.connect(self.remedy_requested)

    def setModel(self, model: QAbstractItemModel | None) -> None:  # noqa: D102, N802
        super().setModel(model)
        if not isinstance(model, TranscriptModel):
            return
        self._layout.set_model(model)
        model.modelReset.connect(self._on_model_reset)
        model.rowsInserted.connect(self._on_rows_inserted)
        model.rowsRemoved.connect(self._on_rows_removed)
        model.dataChanged.connect(self._on_data_changed)
        model.text_appended.connect(self._on_text_appended)
        self.announcer = Announcer(self, model)
        self._on_model_reset()

    def transcript(self) -> TranscriptModel:
        """Return the model; an empty one before any was set."""
        return self._layout.model

    def set_marks(self, marks: Mapping[int, Mark]) -> None:
        """Say below which messages others were left out of the model's window."""
        self.transcript().set_marks(marks)
        self._place_overlays()

    def show_source_notes(self, notes: Mapping[Source, SourceNote]) -> None:
        """Show what is known of sources by now."""
        self.source_notes.update(notes)
        self._place_overlays()

    def forget_source_notes(self) -> None:
        """Ask anew about the sources in sight."""
        self.source_notes.clear()
        self._place_overlays()

    def shows_focus(self, row: int) -> bool:
        """Tell whether a row wears the ring of the keyboard's focus."""
        return self.commands.shows_focus(row)

    def selected_text(self) -> str:
        """Return what is selected with the mouse."""
        return self._reader.selection.text(self._layout)

    # --- the model's changes -------------------------------------------------------------------

    def _on_model_reset(self) -> None:
        self._reader.clear()
        self.commands.forget()
        self.source_notes.clear()
        self._pacer.clear()
        self._pending_place = None
        self._layout.reset()
        self._following = True
        self._settle()

    def _on_rows_inserted(self, _parent: Index, first: int, last: int) -> None:
        if first == 0 and self._layout.count:
            self._put_above(last + 1)
            return
        self._layout.rows_appended()
        added = self.transcript().messages()[first : last + 1]
        if any(message.state is MessageState.STREAMING for message in added):
            self._following = True
        self._settle()

    def _put_above(self, count: int) -> None:
        top = self._layout.total
        self._layout.rows_put_above(count)
        self._reader.rows_moved(count)
        self._shift(self._layout.total - top)

    def _on_rows_removed(self, _parent: Index, _first: int, _last: int) -> None:
        self._reader.clear()
        self._layout.rows_removed()
        self._settle()

    def _on_data_changed(self, first: Index, last: Index, _roles: object = None) -> None:
        place = self._layout.place_at(self._top, self._page)
        for row in range(first.row(), last.row() + 1):
            self._layout.row_replaced(row)
        self._settle(place)

    def note_thought(self, message_id: int, tokens: int, seconds: float) -> None:
        """Show what the thought of a reply took that is still being written."""
        self._layout.looks(message_id).figures = tokens, seconds
        self.viewport().update()

    def _on_row_resized(self, row: int) -> None:
        # What was pressed stays under the mouse.
        self._following = False
        place = self._layout.place_at(self._top, self._page)
        self._layout.row_changed(row)
        self._settle(place)

    def _on_save_requested(self, code: str, language: str) -> None:
        self.code_save_requested.emit(code, f"code{self._lexers.suffix(language)}")

    def _on_text_appended(self, row: int) -> None:
        self._pacer.add(self.transcript().message_id(row))

    def _on_frame_due(self, grown: set[int]) -> None:
        started = time.perf_counter()
        top, changed_from = self._top, self._layout.total
        for message_id in grown:
            row = self.transcript().row_of(message_id)
            if row is not None:
                changed_from = min(changed_from, self._layout.row_grown(row))
        self._settle_below(changed_from - top)
        self._pacer.note_cost(time.perf_counter() - started + self._paint_s)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        if self._loader is None:
            # The first chat need not wait for the parser, nor the window's first paint either.
            self._loader = threading.Thread(target=markdown.load, daemon=True)
            QTimer.singleShot(_LOAD_DELAY_MS, self._loader.start)

    def _place_overlays(self) -> None:
        self.commands.place_buttons(self._top)
        far = self.verticalScrollBar().maximum() - self._top > _JUMP_FROM_PX
        area = self.viewport().geometry()
        self._overlays.place_jump(area, shown=far and not self._following)

    # --- mouse and keyboard --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self.commands.note_mouse()
        self._reader.press(self._place(event), event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        y = event.position().toPoint().y()
        beyond = min(y, 0) + max(0, y - self._page)
        place = self._place(event)
        self._reader.move(place, beyond)
        self.viewport().setCursor(self._reader.cursor_at(place))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() is Qt.MouseButton.LeftButton:
            self._reader.release(self._place(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() is Qt.MouseButton.LeftButton:
            self._reader.double_click(self._place(event))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        turned = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
        aside = turned.x()
        if not aside and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            aside = turned.y()
        place = event.position().toPoint() + QPoint(-self.column.left(), self._top)
        if aside and self._reader.blocks.scroll(self._reader.hits.block_at(place), -aside // 2):
            self.viewport().update()
            event.accept()
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        if event.type() is QEvent.Type.Leave:
            self._reader.leave()
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: D102
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        row = self.indexAt(event.pos()).row() if by_mouse else self.currentIndex().row()
        self.commands.open_menu(row, event.globalPos() if by_mouse else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if not self.commands.handle_key(event):
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self.commands.note_focus(event.reason())
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self.viewport().update()

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: D102, N802
        super().currentChanged(current, previous)
        self._place_overlays()
        self.viewport().update()

    def _place(self, event: QMouseEvent) -> QPoint:
        return event.position().toPoint() + QPoint(-self.column.left(), self._top)

    def _show_tip(self, event: QHelpEvent) -> None:
        tip = self._reader.tip_at(event.pos() + QPoint(-self.column.left(), self._top))
        if tip:
            QToolTip.showText(event.globalPos(), plain_tip(tip), self.viewport())
        else:
            QToolTip.hideText()

    def _on_reader_changed(self) -> None:
        self._place_overlays()
        self.viewport().update()

    def _on_scroll_wanted(self, pixels: int) -> None:
        self.verticalScrollBar().setValue(self._top + pixels)

    def _on_drag_wanted(self, text: str) -> None:
        data = QMimeData()
        data.setText(text)
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)
