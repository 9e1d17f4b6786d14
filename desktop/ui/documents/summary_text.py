"""The text of a summary, with small marks after its sentences that lead to the sources."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QPalette,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QToolTip

from desktop.domain.documents import SourceRef
from desktop.ui import tokens
from desktop.ui.documents.summary_lines import Line, Mark
from desktop.ui.theme import Theme
from desktop.ui.transcript.document import SealedDocument
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import tr

_WIDE: Final = 560
_BULLET: Final = "•\u2002"
_SCHEME: Final = "source:"


class SummaryText(QTextBrowser):
    """Shows lines as tall as they are. ``source_chosen`` carries the ``SourceRef`` of a mark.

    What a model wrote is only ever letters here: nothing in it is markup, nothing is loaded.
    """

    source_chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lines: list[Line] = []
        self._marks: list[Mark] = []
        self._shown: SourceRef | None = None
        self.setObjectName("summaryText")
        self.setAccessibleName(tr("Summary"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.anchorClicked.connect(self._on_anchor_clicked)
        theme.changed.connect(self._dress)
        self.show_lines([])

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return the marks in the text, in its order as long as no line was put between others."""
        return tuple(self._marks)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines and no others."""
        self._lines, self._marks = [], []
        self._style = TranscriptStyle(self._theme.palette, self._theme.text_scale)
        document = SealedDocument(self._style)
        document.setParent(self)
        self.setDocument(document)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        self.setPalette(palette)
        self.insert_lines(0, lines)

    def insert_lines(self, at: int, lines: Sequence[Line]) -> None:
        """Put lines before line number ``at``; what is above stays where it is."""
        document = self.document()
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        for offset, line in enumerate(lines):
            self._write(cursor, at + offset, line)
        cursor.endEditBlock()
        self._lines[at:at] = lines
        self._fit()
        self._select_shown()

    def mark_source(self, source: SourceRef | None) -> None:
        """Lay a tint over the marks that lead to this place."""
        self._shown = source
        self._select_shown()

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing."""
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Grow with the text's lines."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the document's own height."""
        return QSize(_WIDE, max(1, round(self.document().size().height())))

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell in a tip what a mark leads to."""
        if isinstance(event, QHelpEvent):
            mark = self._mark_of(self.anchorAt(event.pos()))
            # Said to be markup, and escaped: a tip would guess.
            tip = f"<qt>{html.escape(mark.tip)}</qt>" if mark else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().viewportEvent(event)

    # --- writing ---------------------------------------------------------------------------------

    def _write(self, cursor: QTextCursor, number: int, line: Line) -> None:
        document = self.document()
        if not self._lines and document.blockCount() == 1 and document.isEmpty():
            cursor.setBlockFormat(self._block_format(line, is_first=True))
        elif number < document.blockCount():
            cursor.setPosition(document.findBlockByNumber(number).position())
            cursor.insertBlock()
            cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
            cursor.setBlockFormat(self._block_format(line, is_first=number == 0))
        else:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertBlock(self._block_format(line, is_first=False))
        letters = self._char_format(line)
        if line.kind == "item":
            cursor.insertText(_BULLET, letters)
        for place, run in enumerate(line.runs):
            cursor.insertText(f" {run.text}" if place else run.text, letters)
            for mark in run.marks:
                cursor.insertText("\u2009 ", letters)
                cursor.insertText(mark.text.replace(" ", "\u00a0"), self._mark_format(mark))
                self._marks.append(mark)

    def _block_format(self, line: Line, *, is_first: bool) -> QTextBlockFormat:
        shape = self._style.paragraph_format()
        above = {"title": tokens.XL, "heading": tokens.L, "item": tokens.XS, "paragraph": tokens.M}
        shape.setTopMargin(0 if is_first else above[line.kind])
        if line.kind == "item":
            shape.setLeftMargin(tokens.L)
            shape.setTextIndent(-tokens.M)
        return shape

    def _char_format(self, line: Line) -> QTextCharFormat:
        letters = self._style.char_format(strong=line.kind in {"title", "heading"})
        if line.kind == "title":
            font = QFont(letters.font())
            font.setPixelSize(self._style.heading_px(2))
            letters.setFont(font)
        return letters

    def _mark_format(self, mark: Mark) -> QTextCharFormat:
        letters = QTextCharFormat()
        letters.setFont(self._style.small_font)
        letters.setForeground(self._theme.colour("accent" if mark.ref else "warning"))
        letters.setAnchor(True)
        letters.setAnchorHref(f"{_SCHEME}{len(self._marks)}")
        return letters

    # --- marks -----------------------------------------------------------------------------------

    def _mark_of(self, address: str) -> Mark | None:
        number = address.removeprefix(_SCHEME)
        return self._marks[int(number)] if number.isdigit() else None

    def _on_anchor_clicked(self, url: QUrl) -> None:
        mark = self._mark_of(url.toString())
        if mark is not None and mark.ref is not None:
            self.source_chosen.emit(mark.ref)

    def _select_shown(self) -> None:
        tint = QTextCharFormat()
        tint.setBackground(self._theme.blend("page", "accent", 0.18))
        selections = []
        for start, length, mark in self._places() if self._shown is not None else ():
            if mark.ref == self._shown:
                cursor = QTextCursor(self.document())
                cursor.setPosition(start)
                cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
                selection = QTextEdit.ExtraSelection()
                selection.format, selection.cursor = tint, cursor
                selections.append(selection)
        self.setExtraSelections(selections)

    def _places(self) -> Iterator[tuple[int, int, Mark]]:
        """Yield where each mark stands."""
        block = self.document().begin()
        while block.isValid():
            pieces = block.begin()
            while not pieces.atEnd():
                fragment = pieces.fragment()
                mark = self._mark_of(fragment.charFormat().anchorHref())
                if mark is not None:
                    yield fragment.position(), fragment.length(), mark
                pieces += 1
            block = block.next()

    def _fit(self) -> None:
        document, width = self.document(), self.viewport().width()
        # To set the width that holds would lay out all of a long text again.
        if document.textWidth() != width:
            document.setTextWidth(width)
        self.setFixedHeight(max(1, round(document.size().height()) + 2))

    def _dress(self) -> None:
        self.show_lines(list(self._lines))
