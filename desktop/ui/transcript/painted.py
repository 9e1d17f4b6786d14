"""The conversation as it is drawn: in which colours, how large, and what was found in it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.ui import tokens as design
from desktop.ui.tokens import LIGHT, Palette
from desktop.ui.transcript.code import Lexers
from desktop.ui.transcript.finding import Highlights, line_top
from desktop.ui.transcript.formulas import FormulaSetter
from desktop.ui.transcript.layout import Place, TranscriptLayout
from desktop.ui.transcript.overlays import Overlays
from desktop.ui.transcript.painter import RowPainter
from desktop.ui.transcript.reading import Reader
from desktop.ui.transcript.rendering import BlockRenderer
from desktop.ui.transcript.scrolling import ScrollingView
from desktop.ui.transcript.style import TranscriptStyle


class PaintedView(ScrollingView):
    """A scrolling view that draws the rows in sight, with what is selected and found in them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        style = TranscriptStyle(LIGHT)
        self._formulas = FormulaSetter()
        self._lexers = Lexers()
        self._renderer = BlockRenderer(style, self._formulas, self._lexers)
        self._painter = RowPainter(style)
        self._highlights = Highlights()
        self._painter.highlights = self._highlights
        super().__init__(TranscriptLayout(self._renderer), parent)
        self._overlays = Overlays(self, self.viewport(), style)
        self._reader = Reader(self._layout, self)
        self._paint_s = 0.0
        self._set_step(style)
        self._renderer.changed.connect(self._settle)
        # The formulas' process ends with the view.
        self._formulas.setParent(self)
        self.destroyed.connect(self._formulas.close)

    def shows_focus(self, _row: int) -> bool:
        """Tell whether a row wears the ring of the keyboard's focus."""
        return False

    # --- what is looked for --------------------------------------------------------------------

    def show_found(self, terms: Sequence[str], message_id: int | None = None) -> None:
        """Mark these letters wherever they are seen, or in one message; none ends it."""
        self._highlights.show(terms, message_id)
        self.viewport().update()

    def go_to_match(self, message_id: int, number: int) -> None:
        """Make the ``number``-th match of a message the current one, and bring it in sight."""
        row = self._layout.model.row_of(message_id)
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
            if self.shows_focus(row):
                self._draw_focus(painter, layout.width, layout.actions_top)
            painter.restore()
        painter.end()
        self._paint_s = time.perf_counter() - started

    def _draw_focus(self, painter: QPainter, width: int, height: int) -> None:
        ring = QRectF(-design.M, 2, width + 2 * design.M, height)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._painter.style.palette.accent), 1.5))
        painter.drawRoundedRect(ring, design.RADIUS_LARGE, design.RADIUS_LARGE)
