"""What a reply stands on, below it: each passage with its number, its place and its first words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from desktop.domain.chat import Message, MessageState
from desktop.domain.grounds import Grounds, Source, SourceNote
from desktop.ui import tokens as design
from desktop.ui.controls import column
from desktop.ui.theme import mix
from desktop.ui.transcript.buttons import FlatButton
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import tr

_MOST_LINES: Final = 8
_PLACE_SHARE: Final = 0.45


def cited_in(message: Message) -> frozenset[int]:
    """Return the numbers of sources that a reply names, or that bear a sentence of it out."""
    grounds = message.grounds
    if grounds is None or not grounds.sources:
        return frozenset()
    # Not at the window's start: a chat without documents has no use for it.
    from desktop.domain.retrieval import cited  # noqa: PLC0415

    named = cited(message.text, max(each.number for each in grounds.sources))
    return frozenset(named).union(*(each.numbers for each in grounds.support))


def with_support(message: Message, start: int, source: str) -> str:
    """Return a part of a reply with the numbers of what bears its sentences out.

    ``start`` is where the part begins in the reply; one that is not there as it stands is left.
    """
    support = message.grounds.support if message.grounds else ()
    if not support or message.text[start : start + len(source)] != source:
        return source
    for each in reversed(support):
        at = each.end - start
        if 0 < at <= len(source):
            numbers = ", ".join(map(str, each.numbers))
            source = f"{source[:at]} [{numbers}]{source[at:]}"
    return source


def lines_of(message: Message) -> tuple[Source, ...]:
    """Return the sources that are listed: all that were looked up, of whole documents the cited.

    While a reply grows its list must not.
    """
    grounds = message.grounds
    if grounds is None:
        return ()
    named = frozenset() if message.state is MessageState.STREAMING else cited_in(message)
    listed = [each for each in grounds.sources if each.found or each.number in named]
    return tuple(listed[:_MOST_LINES])


def line_height(style: TranscriptStyle) -> int:
    """Return the height of a line of the list."""
    return style.small_line_height + design.S


def heading_height(grounds: Grounds, style: TranscriptStyle, width: int) -> int:
    """Return the height of the sentence above the list, wrapped at a width."""
    space = QRect(0, 0, max(80, width), 10_000)
    metrics = QFontMetrics(style.small_font)
    wrapped = metrics.boundingRect(space, int(Qt.TextFlag.TextWordWrap), grounds.sentence)
    return wrapped.height() + design.S


def height_of(message: Message, style: TranscriptStyle, width: int) -> int:
    """Return the height of the list below a reply, 0 where it stands on nothing."""
    if message.grounds is None:
        return 0
    listed = len(lines_of(message)) * line_height(style)
    return heading_height(message.grounds, style, width) + listed


class SourceButton(FlatButton):
    """A source's line: number, document and place, its first words, and a mark if need be."""

    def __init__(self, source: Source, parent: QWidget) -> None:
        super().__init__(_name_of(source), parent)
        self.setObjectName("sourceButton")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("")
        self.source = source
        self.note = SourceNote()
        self.is_cited = False

    def show_note(self, note: SourceNote) -> None:
        """Show what is known of the source."""
        self.note = note
        spoken = (_name_of(self.source), note.mark, note.text)
        self.setAccessibleName(". ".join(part for part in spoken if part))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        height = line_height(self.style_used) if self.style_used else 0
        return QSize(120, height)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102
        style = self.style_used
        if style is None:
            return
        painter = QPainter(self)
        self.draw_ground(painter, design.RADIUS_SMALL, "", "")
        palette, metrics = style.palette, QFontMetrics(style.small_font)
        painter.setFont(style.small_font)
        left = round(self._draw_number(painter, style, metrics))
        room = self.width() - left - design.S
        mark = metrics.horizontalAdvance(self.note.mark) + design.M if self.note.mark else 0
        place = metrics.elidedText(
            self.source.where,
            Qt.TextElideMode.ElideMiddle,
            max(0, round((room - mark) * _PLACE_SHARE)),
        )
        left = self._write(painter, place, left, palette.text)
        if self.note.mark:
            left = self._write(painter, self.note.mark, left + design.S, palette.warning)
        room = self.width() - left - design.M - design.S
        words = metrics.elidedText(self.note.text, Qt.TextElideMode.ElideRight, max(0, room))
        self._write(painter, words, left + design.M, palette.secondary)

    def _draw_number(
        self, painter: QPainter, style: TranscriptStyle, metrics: QFontMetrics
    ) -> float:
        palette = style.palette
        height = metrics.height() + 2
        width = max(height, metrics.horizontalAdvance(str(self.source.number)) + design.S)
        chip = QRectF(design.XS, (self.height() - height) / 2, width, height)
        colour = palette.accent if self.is_cited else palette.secondary
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(palette.page, colour, 0.14)))
        painter.drawRoundedRect(chip, design.XS, design.XS)
        painter.setPen(QColor(colour))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, str(self.source.number))
        return chip.right() + design.S

    def _write(self, painter: QPainter, text: str, left: int, colour: str) -> int:
        """Write a text and return where it ends."""
        painter.setPen(QColor(colour))
        width = painter.fontMetrics().horizontalAdvance(text)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(QRectF(left, 0, width + 1, self.height()), int(flags), text)
        return left + width


class SourcesPanel(QWidget):
    """The list of one reply's sources."""

    source_clicked = Signal(object)
    """The source that was pressed."""

    def __init__(self, style: TranscriptStyle, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("replySources")
        self.setAccessibleName(tr("Sources of the reply"))
        self._style = style
        self._message: Message | None = None
        self._heading = QLabel(self)
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        self._heading.setWordWrap(True)
        self._layout = column(self)
        self._layout.addWidget(self._heading)
        self.buttons: list[SourceButton] = []
        self.apply_style(style)

    @property
    def heading(self) -> str:
        """Return the sentence above the list."""
        return self._heading.text()

    def show_message(self, message: Message, notes: Mapping[Source, SourceNote]) -> None:
        """List what a reply stands on; ``notes`` are what is known of the sources."""
        if message.grounds is not None and message is not self._message:
            self._message = message
            self._heading.setText(message.grounds.sentence)
            self._list(message)
            self._dress_heading()
        for button in self.buttons:
            if button.source in notes and button.note != notes[button.source]:
                button.show_note(notes[button.source])

    def set_reachable(self, reachable: bool) -> None:  # noqa: FBT001
        """Let Tab come by the sources, or pass them over."""
        policy = Qt.FocusPolicy.TabFocus if reachable else Qt.FocusPolicy.NoFocus
        for button in self.buttons:
            if button.focusPolicy() != policy:
                button.setFocusPolicy(policy)

    def apply_style(self, style: TranscriptStyle) -> None:
        """Take another appearance."""
        self._style = style
        for button in self.buttons:
            button.apply_style(style)
        self._dress_heading()

    def resizeEvent(self, _event: object) -> None:
        """Wrap the heading."""
        self._dress_heading()

    def _list(self, message: Message) -> None:
        wanted, named = lines_of(message), cited_in(message)
        if [button.source for button in self.buttons] != list(wanted):
            for button in self.buttons:
                self._layout.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.buttons = [self._make_button(source) for source in wanted]
        for button in self.buttons:
            button.is_cited = button.source.number in named
            button.update()

    def _make_button(self, source: Source) -> SourceButton:
        button = SourceButton(source, self)
        button.apply_style(self._style)
        button.setFixedHeight(line_height(self._style))
        button.clicked.connect(_emitter(self.source_clicked.emit, source))
        self._layout.addWidget(button)
        button.show()
        return button

    def _dress_heading(self) -> None:
        style, grounds = self._style, self._message.grounds if self._message else None
        lacks = grounds is not None and grounds.lacks
        colour = style.palette.warning if lacks else style.palette.secondary
        self._heading.setFont(style.small_font)
        self._heading.setStyleSheet(f"color: {colour}; background: transparent;")
        if grounds is not None:
            self._heading.setFixedHeight(heading_height(grounds, style, self.width()))
        for button in self.buttons:
            button.setFixedHeight(line_height(style))


def _name_of(source: Source) -> str:
    return tr("Source {number}: {place}", number=source.number, place=source.where)


def _emitter(emit: Callable[[Source], None], source: Source) -> Callable[[], None]:
    return lambda: emit(source)
