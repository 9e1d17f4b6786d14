"""Draws rows: tint and text, code with its header, quotes, notes and cards."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QPainter,
    QPalette,
    QPen,
    QTextCharFormat,
    QTextCursor,
)

from desktop.ui import tokens as design
from desktop.ui.icons import icon
from desktop.ui.theme import derived_colours, mix
from desktop.ui.transcript import metrics
from desktop.ui.transcript.block_buttons import (
    AREA,
    ICON_SIZE,
    BlockPlace,
    Button,
    button_rect,
    buttons_of,
    frame_of,
)
from desktop.ui.transcript.blocks import BlockKind
from desktop.ui.transcript.document import Marker, SealedDocument
from desktop.ui.transcript.endings import note_of, problem_of
from desktop.ui.transcript.finding import Highlights, Stretch
from desktop.ui.transcript.looks import thought_words
from desktop.ui.transcript.rendering import CODE_HEADER, RenderedBlock
from desktop.ui.transcript.row import RowLayout
from desktop.ui.transcript.selection import TextSelection
from desktop.ui.transcript.spoken import speaker
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import tr

_CHEVRON = 14


class RowPainter:
    """Draws what a viewport shows of the rows."""

    def __init__(self, style: TranscriptStyle) -> None:
        self.style = style
        self.hovered_button: BlockPlace | None = None
        self.copied_button: BlockPlace | None = None
        """The button that says that its work is done."""
        self.hovered_row = -1
        self.highlights = Highlights()
        self._context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor(style.palette.text))
        self._context.palette = palette
        self._chosen = QTextCharFormat()
        self._chosen.setBackground(QColor(style.palette.selection))
        self._chosen.setForeground(QColor(style.palette.text))
        self._found = QTextCharFormat()
        self._found.setBackground(QColor(derived_colours(style.palette)["found"]))
        self._found.setForeground(QColor(style.palette.text))
        self._current = QTextCharFormat()
        self._current.setBackground(QColor(style.palette.accent))
        self._current.setForeground(QColor(style.palette.on_accent))

    def paint(
        self,
        painter: QPainter,
        number: int,
        row: RowLayout,
        clip: QRectF,
        selection: TextSelection,
    ) -> None:
        """Draw a row; the painter's origin is its corner, ``clip`` in the same coordinates."""
        if row.is_own:
            self._fill(painter, row.bubble_rect, self.style.palette.own_message)
        else:
            self._write_name(painter, row)
        if row.is_waiting:
            self._draw_waiting(painter, row.blocks_top)
        for index in range(max(0, row.block_at(clip.top())), len(row.blocks)):
            rect = row.block_rect(index)
            if rect.top() > clip.bottom():
                break
            if row.is_measured(index):
                if row.is_hidden(index):
                    self._draw_thought(painter, number, row, index)
                    continue
                block = row.rendered(index)
                self._draw_ground(painter, number, row, index, block)
                chosen = selection.range_in(number, index, block)
                origin = rect.topLeft() + row.text_origin(index)
                if runs_on := not block.piece.wrap:
                    painter.save()
                    painter.setClipRect(frame_of(row, index).adjusted(design.XS, 0, -design.XS, 0))
                found = self.highlights.stretches(row, index, block)
                shown = self._selections(block, found, chosen)
                self._draw_document(painter, block, origin, clip, shown)
                if runs_on:
                    painter.restore()
                self._draw_buttons(painter, number, row, index)
        self._write_note(painter, row)
        if row.has_card:
            self._draw_card(painter, row)

    # --- blocks --------------------------------------------------------------------------------

    def _draw_ground(
        self, painter: QPainter, number: int, row: RowLayout, index: int, block: RenderedBlock
    ) -> None:
        rect = row.block_rect(index)
        if block.kind is BlockKind.CODE:
            self._draw_code_frame(painter, block, frame_of(row, index))
        elif block.kind is BlockKind.THOUGHT:
            self._draw_thought(painter, number, row, index)
            bar = rect.adjusted(design.XS + 2, block.origin.y(), 0, 0)
            bar.setWidth(2)
            self._fill(painter, bar, self.style.palette.line, radius=1)
        elif block.kind is BlockKind.QUOTE:
            bar = QRectF(rect.left() + block.origin.x() - design.L, rect.top(), 3, rect.height())
            self._fill(painter, bar, self.style.palette.line, radius=1.5)

    def _draw_document(
        self,
        painter: QPainter,
        block: RenderedBlock,
        origin: QPointF,
        clip: QRectF,
        selections: list[QAbstractTextDocumentLayout.Selection],
    ) -> None:
        context = self._context
        context.clip = clip.translated(-origin)
        context.selections = selections
        painter.save()
        painter.translate(origin)
        block.document.documentLayout().draw(painter, context)
        self._draw_markers(painter, block.document)
        painter.restore()

    def _selections(
        self, block: RenderedBlock, found: list[Stretch], chosen: tuple[int, int] | None
    ) -> list[QAbstractTextDocumentLayout.Selection]:
        """Return what is drawn on another ground: what was found, and over it what is selected."""
        wanted = [
            (start, end, self._current if is_current else self._found)
            for start, end, is_current in found
        ]
        if chosen is not None and chosen[0] < chosen[1]:
            wanted.append((*chosen, self._chosen))
        made = []
        for start, end, shape in wanted:
            shown = QAbstractTextDocumentLayout.Selection()
            cursor = QTextCursor(block.document)
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            shown.cursor, shown.format = cursor, shape
            made.append(shown)
        return made

    def _draw_markers(self, painter: QPainter, document: SealedDocument) -> None:
        layout, size = document.documentLayout(), self.style.body_px
        for number, marker in document.markers:
            paragraph = document.findBlockByNumber(number)
            line = paragraph.layout().lineAt(0)
            if not line.isValid():
                continue
            corner = layout.blockBoundingRect(paragraph).topLeft() + line.position()
            centre = QPointF(corner.x() - size * 0.85, corner.y() + line.ascent() - size * 0.34)
            self._draw_marker(painter, marker, centre)

    def _draw_marker(self, painter: QPainter, marker: Marker, centre: QPointF) -> None:
        palette, size = self.style.palette, self.style.body_px
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(palette.secondary), 1.2))
        if marker is Marker.BULLET:
            painter.setBrush(QColor(palette.secondary))
            painter.drawEllipse(centre, size * 0.13, size * 0.13)
        elif marker is Marker.RING:
            painter.drawEllipse(centre, size * 0.15, size * 0.15)
        else:
            half = size * 0.44
            box = QRectF(centre.x() - half, centre.y() - half, 2 * half, 2 * half)
            painter.drawRoundedRect(box, 3, 3)
            if marker is Marker.DONE_TASK:
                icon("check", palette.accent, round(2 * half)).paint(painter, box.toRect())

    def _draw_thought(self, painter: QPainter, number: int, row: RowLayout, index: int) -> None:
        """Write the line that folds and opens a thought."""
        block, palette = row.blocks[index], self.style.palette
        if block.part:
            return
        line = button_rect(Button.FOLD, frame_of(row, index))
        hovered = self.hovered_button == BlockPlace(number, index, Button.FOLD)
        colour = palette.text if hovered else palette.secondary
        name = "chevron-right" if row.is_folded else "chevron-down"
        size = round(_CHEVRON * self.style.text_scale / 100)
        top = round(line.center().y() - size / 2)
        icon(name, colour, size).paint(painter, round(line.left()), top, size, size)
        painter.setFont(self.style.small_font)
        painter.setPen(QColor(colour))
        words = thought_words(row.message, block, row.looks)
        place = line.adjusted(size + design.XS, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)

    def _draw_code_frame(self, painter: QPainter, block: RenderedBlock, frame: QRectF) -> None:
        palette = self.style.palette
        is_first, is_last = block.piece.block.part == 0, block.piece.last
        painter.save()
        painter.setClipRect(frame)
        # What is cut above or below goes on there: its rounded end is drawn outside the clip.
        shape = frame.adjusted(
            0.5, 0.5 if is_first else -design.L, -0.5, -0.5 if is_last else design.L
        )
        painter.setPen(QPen(QColor(palette.line), 1))
        painter.setBrush(QColor(palette.panel))
        painter.drawRoundedRect(shape, design.RADIUS_SMALL + 2, design.RADIUS_SMALL + 2)
        painter.restore()
        if is_first:
            self._draw_code_header(painter, block, frame)

    def _draw_code_header(self, painter: QPainter, block: RenderedBlock, frame: QRectF) -> None:
        palette = self.style.palette
        painter.setFont(self.style.small_font)
        painter.setPen(QColor(palette.secondary))
        label = QRectF(frame.left() + design.M, frame.top(), frame.width() / 2, CODE_HEADER)
        language = block.piece.block.info.split(" ")[0] or tr("text")
        painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, language[:40])

    def _draw_buttons(self, painter: QPainter, number: int, row: RowLayout, index: int) -> None:
        palette, block = self.style.palette, row.blocks[index]
        for button in buttons_of(block):
            if not button.icon or (button is Button.CSV and number != self.hovered_row):
                continue
            place = BlockPlace(number, index, button)
            area = button_rect(button, frame_of(row, index))
            hovered = self.hovered_button == place
            if hovered or button is Button.CSV:
                self._fill(painter, area, palette.line if hovered else palette.page)
            done = self.copied_button == place
            is_on = button is Button.WRAP and block.first not in row.looks.unwrapped
            colour = palette.good if done else palette.text if is_on else palette.secondary
            inset = (AREA - ICON_SIZE) // 2
            icon("check" if done else button.icon, colour, ICON_SIZE).paint(
                painter, area.adjusted(inset, inset, -inset, -inset).toRect()
            )

    # --- around the text -----------------------------------------------------------------------

    def _write_name(self, painter: QPainter, row: RowLayout) -> None:
        painter.setFont(self.style.name_font)
        painter.setPen(QColor(self.style.palette.secondary))
        place = QRectF(0, metrics.ROW_TOP, row.bubble_rect.right(), self.style.small_line_height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, speaker(row.message))

    def _write_note(self, painter: QPainter, row: RowLayout) -> None:
        note = note_of(row.message)
        if not note:
            return
        painter.setFont(self.style.small_font)
        painter.setPen(QColor(self.style.palette.secondary))
        place = QRectF(0, row.note_top, row.bubble_rect.right(), self.style.small_line_height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, note)

    def _draw_waiting(self, painter: QPainter, top: float) -> None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        size = self.style.body_px * 0.42
        for number, opacity in enumerate((0.9, 0.65, 0.4)):
            painter.setOpacity(opacity)
            painter.setBrush(QColor(self.style.palette.faint))
            left = number * size * 1.8
            painter.drawEllipse(QRectF(left, top + (self.style.line_height - size) / 2, size, size))
        painter.restore()

    def _draw_card(self, painter: QPainter, row: RowLayout) -> None:
        palette = self.style.palette
        card = row.card.rect(row.card_top).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(QColor(mix(palette.page, palette.danger, 0.08)))
        painter.setPen(QPen(QColor(mix(palette.page, palette.danger, 0.35)), 1))
        painter.drawRoundedRect(card, design.RADIUS_LARGE, design.RADIUS_LARGE)
        title, hint = problem_of(row.message)
        title_rect, hint_rect = row.card.text_rects(row.card_top)
        self._write_wrapped(painter, title_rect, title, self.style.strong_font, palette.text)
        self._write_wrapped(painter, hint_rect, hint, self.style.body_font, palette.secondary)

    @staticmethod
    def _write_wrapped(
        painter: QPainter, rect: QRectF, text: str, font: QFont, colour: str
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(rect, int(Qt.TextFlag.TextWordWrap), text)

    @staticmethod
    def _fill(
        painter: QPainter, rect: QRectF, colour: str, radius: float = design.RADIUS_LARGE
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        radius = min(radius, rect.width() / 2, rect.height() / 2)
        painter.drawRoundedRect(rect, radius, radius)
