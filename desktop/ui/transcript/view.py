"""The conversation on the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QPoint,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.domain.chat import MessageState
from desktop.domain.grounds import Source, SourceNote
from desktop.ui import tokens as design
from desktop.ui.controls import plain_tip
from desktop.ui.tokens import LIGHT, Palette
from desktop.ui.transcript import markdown
from desktop.ui.transcript.code import Lexers
from desktop.ui.transcript.commands import Commands
from desktop.ui.transcript.finding import Highlights, line_top
from desktop.ui.transcript.formulas import FormulaSetter
from desktop.ui.transcript.layout import Place, TranscriptLayout
from desktop.ui.transcript.marks import Mark
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.overlays import Overlays
from desktop.ui.transcript.pacing import FramePacer
from desktop.ui.transcript.painter import RowPainter
from desktop.ui.transcript.reading import Reader
from desktop.ui.transcript.rendering import BlockRenderer
from desktop.ui.transcript.scrolling import Index, ScrollingView
from desktop.ui.transcript.style import TranscriptStyle

_JUMP_FROM_PX: Final = 80
_LOAD_DELAY_MS: Final = 300


class TranscriptView(ScrollingView):
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
        style = TranscriptStyle(LIGHT)
        self._formulas = FormulaSetter()
        self._lexers = Lexers()
        self._renderer = BlockRenderer(style, self._formulas, self._lexers)
        self._painter = RowPainter(style)
        self._highlights = Highlights()
        self._painter.highlights = self._highlights
        super().__init__(TranscriptLayout(self._renderer), parent)
        self.setObjectName("transcript")
        self.setAccessibleName("Conversation")
        # Tab goes on to the buttons of the current message, not through the rows.
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self._overlays = Overlays(self, self.viewport(), style)
        self._reader = Reader(self._layout, self)
        self._commands = Commands(self, self._layout, self._reader, self._overlays)
        self._pacer = FramePacer(self)
        self._loader: threading.Thread | None = None
        self.source_notes: dict[Source, SourceNote] = {}
        self._paint_s = 0.0
        self._set_step(style)
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
        self._overlays.jump_clicked.connect(self.jump_to_end)
        self._overlays.remedy_clicked.connect(self.remedy_requested)
        self._renderer.changed.connect(self._settle)
        # The formulas' process ends with the view.
        self._formulas.setParent(self)
        self.destroyed.connect(self._formulas.close)

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

    # --- what is looked for --------------------------------------------------------------------

    def show_found(self, terms: Sequence[str], message_id: int | None = None) -> None:
        """Mark these letters wherever they are seen, or in one message; none ends it."""
        self._highlights.show(terms, message_id)
        self.viewport().update()

    def go_to_match(self, message_id: int, number: int) -> None:
        """Make the ``number``-th match of a message the current one, and bring it in sight."""
        row = self.transcript().row_of(message_id)
        if row is None:
            return
        layout = self._layout.row(row)
        spot = self._highlights.current = self._highlights.find_spot(layout, number)
        if spot is None:
            # It stands in what isn't painted, such as the address of a link.
            self.restore_anchor(message_id, 0)
            return
        if layout.is_hidden(spot.block):
            layout.fold()
            self._layout.row_changed(row)
        rendered = layout.rendered(spot.block)
        found = self._highlights.stretches(layout, spot.block, rendered)
        y = next((line_top(rendered, each.start) for each in found if each.is_current), 0)
        top = self._layout.row_top(row) + layout.block_top(spot.block) + y - self._top
        line = self._painter.style.line_height
        if not (layout.is_measured(spot.block) and line <= top <= self._page - 2 * line):
            self._following = False
            self._settle(Place(message_id, spot.block, self._page // 3 - y))
            self._following = self.isVisible() and self._is_at_end()
        self.viewport().update()

    def forget_match(self) -> None:
        """Let no match be the current one."""
        self._highlights.current = None
        self.viewport().update()

    def selected_text(self) -> str:
        """Return what is selected with the mouse."""
        return self._reader.selection.text(self._layout)

    # --- appearance ----------------------------------------------------------------------------

    def set_appearance(self, palette: Palette, text_scale: int) -> None:
        """Show the conversation in other colours, or with text of so many percent."""
        known = self._painter.style
        if (palette, text_scale) == (known.palette, known.text_scale):
            return
        place = self._layout.place_at(self._top, self._page)
        style = TranscriptStyle(palette, text_scale)
        self._renderer.close()
        self._renderer = BlockRenderer(style, self._formulas, self._lexers)
        self._renderer.changed.connect(self._settle)
        self._painter = RowPainter(style)
        self._painter.highlights = self._highlights
        self._layout.set_renderer(self._renderer)
        self._overlays.apply_style(style)
        self._set_step(style)
        self._settle(place)

    def _set_step(self, style: TranscriptStyle) -> None:
        self.verticalScrollBar().setSingleStep(style.line_height)

    # --- the model's changes -------------------------------------------------------------------

    def _on_model_reset(self) -> None:
        self._reader.clear()
        self._commands.forget()
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

    # --- drawing -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        started = time.perf_counter()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._reader.mark(self._painter)
        area, column, top = event.rect(), self.column, self._top
        painter.fillRect(area, QColor(self._painter.style.palette.page))
        for row in self._layout.visible_rows(top + area.top(), area.height()):
            y = self._layout.row_top(row) - top
            clip = QRectF(area.translated(-column.left(), -y))
            painter.save()
            painter.translate(column.left(), y)
            layout = self._layout.row(row)
            self._painter.paint(painter, row, layout, clip, self._reader.selection)
            if self._commands.shows_focus(row):
                self._draw_focus(painter, layout.width, layout.actions_top)
            painter.restore()
        painter.end()
        self._paint_s = time.perf_counter() - started

    def _draw_focus(self, painter: QPainter, width: int, height: int) -> None:
        ring = QRectF(-design.M, 2, width + 2 * design.M, height)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._painter.style.palette.accent), 1.5))
        painter.drawRoundedRect(ring, design.RADIUS_LARGE, design.RADIUS_LARGE)

    def _place_overlays(self) -> None:
        self._commands.place_buttons(self._top)
        far = self.verticalScrollBar().maximum() - self._top > _JUMP_FROM_PX
        area = self.viewport().geometry()
        self._overlays.place_jump(area, shown=far and not self._following)

    # --- mouse and keyboard --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._commands.note_mouse()
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
        self._commands.open_menu(row, event.globalPos() if by_mouse else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if not self._commands.handle_key(event):
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._commands.note_focus(event.reason())
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
