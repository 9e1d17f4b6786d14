"""Blocks to documents, with a bounded cache of what was rendered."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import partial
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QObject, QPointF, QTimer, Signal
from PySide6.QtGui import QColor, QTextCursor

from desktop.ui import tokens as design
from desktop.ui.transcript import markdown
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.builder import DocumentBuilder
from desktop.ui.transcript.code import Highlighter, Lexers, role_colour
from desktop.ui.transcript.document import SealedDocument
from desktop.ui.transcript.formulas import Formula, FormulaKey, FormulaSetter
from desktop.ui.transcript.style import LIST_INDENT, TranscriptStyle
from desktop.ui.transcript.tables import column_widths, insert_table, rows_of

CACHE_SIZE: Final = 200
CODE_HEADER: Final = design.XXL
THOUGHT_HEADER: Final = design.XL + design.XS
THOUGHT_INDENT: Final = design.L
_REFRESH_MS: Final = 30
_KEPT_TABLES: Final = 32


class Piece(NamedTuple):
    """A block, and what of its surroundings decides how it looks.

    ``whole`` is the text of the whole fence, or of a table's first part. ``first_line`` counts the
    lines of the fence before this part. ``last`` tells that nothing follows of what was cut.
    """

    block: Block
    whole: str = ""
    first_line: int = 0
    last: bool = True
    references: tuple[tuple[str, str, str], ...] = ()
    """Link definitions as (label, address, title)."""
    sources: tuple[int, ...] = ()
    """The numbers that lead to a source where the text names them."""
    wrap: bool = True
    """Whether long lines of code are wrapped."""


class RenderedBlock:
    """A document and its place within the block's rectangle."""

    def __init__(self, piece: Piece, document: SealedDocument, origin: QPointF, below: int) -> None:
        self.piece = piece
        self.document = document
        self.origin = origin
        """Where the document's upper left corner is in the block."""
        self._below = below
        self._width = -1
        self.height = 0

    @property
    def kind(self) -> BlockKind:
        """What it is drawn as."""
        return self.piece.block.kind

    def set_width(self, width: int) -> None:
        """Lay out for a width of the block, in pixels."""
        if width == self._width:
            return
        self._width = width
        right = design.M if self.kind is BlockKind.CODE else 0
        self.document.setTextWidth(max(16, width - self.origin.x() - right))
        height = 0 if self.document.isEmpty() else self.document.size().height()
        around = self.origin.y() + self._below
        self.height = math.ceil(height + around) if height or around else 0

    def ideal_width(self) -> int:
        """Return the width that the text needs when nothing wraps that did not."""
        return math.ceil(self.document.idealWidth() + self.origin.x())

    def plain_text(self) -> str:
        """Return the block's text for the clipboard."""
        if self.kind is BlockKind.TABLE:
            block = self.piece.block
            head = f"{block.info}\n" if block.part == 0 else ""
            return head + block.source
        return self.document.plain_text()


class BlockRenderer(QObject):
    """Makes documents of blocks for one appearance."""

    changed = Signal()
    """Something that was shown plain can now be shown with its colours or formulas."""

    def __init__(
        self,
        style: TranscriptStyle,
        formulas: FormulaSetter,
        lexers: Lexers,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.style = style
        self._formulas = formulas
        self._lexers = lexers
        self._highlighter = Highlighter(lexers)
        self._cache: OrderedDict[Piece, RenderedBlock] = OrderedDict()
        self._waiting: dict[FormulaKey, set[Piece]] = {}
        self._awaited: set[FormulaKey] = set()
        self._uncoloured: set[Piece] = set()
        self._column_widths: dict[tuple[str, float], list[int]] = {}
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._on_refresh_due)
        formulas.finished.connect(self._on_formula_finished)
        lexers.loaded.connect(self._on_lexer_loaded)

    def render(self, piece: Piece, width: int) -> RenderedBlock:
        """Return a block laid out for a width in pixels, which includes its list indent."""
        rendered = self._cache.get(piece)
        if rendered is None:
            rendered = self._cache[piece] = self._build(piece, width)
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(piece)
        rendered.set_width(width)
        return rendered

    def close(self) -> None:
        """End: another appearance takes over."""
        self._formulas.finished.disconnect(self._on_formula_finished)
        self._lexers.loaded.disconnect(self._on_lexer_loaded)
        self._refresh.stop()
        self.deleteLater()

    def is_cached(self, piece: Piece) -> bool:
        """Tell whether rendering costs next to nothing."""
        return piece in self._cache

    # --- kinds of blocks -----------------------------------------------------------------------

    def _build(self, piece: Piece, width: int) -> RenderedBlock:
        self._awaited = set()
        document = SealedDocument(self.style)
        left = float(piece.block.level * LIST_INDENT)
        top = below = 0
        match piece.block.kind:
            case BlockKind.CODE:
                self._write_code(document, piece)
                left += design.M
                top = CODE_HEADER if piece.block.part == 0 else 0
                below = design.M if piece.last else 0
            case BlockKind.TABLE:
                self._write_table(document, piece, width - left)
            case BlockKind.THOUGHT:
                self._write_text(document, piece, self.style.quiet)
                left += THOUGHT_INDENT
                top = THOUGHT_HEADER if piece.block.part == 0 else 0
                below = 0 if piece.last else design.S
            case BlockKind.PLAIN:
                self._write_plain(document, piece.block.source)
            case kind:
                self._write_text(document, piece)
                left += design.L if kind is BlockKind.QUOTE else 0
        for key in self._awaited:
            self._waiting.setdefault(key, set()).add(piece)
        return RenderedBlock(piece, document, QPointF(left, top), below)

    def _write_text(
        self, document: SealedDocument, piece: Piece, style: TranscriptStyle | None = None
    ) -> None:
        references = _as_references(piece.references)
        tokens = markdown.parse(piece.block.source, references, piece.sources)
        self._builder(document, piece, style).build(tokens)

    def _write_plain(self, document: SealedDocument, source: str) -> None:
        cursor = QTextCursor(document)
        cursor.setBlockFormat(self.style.paragraph_format())
        cursor.insertText(source.replace("\n", "\u2028"), self.style.char_format())

    def _write_table(self, document: SealedDocument, piece: Piece, width: float) -> None:
        block = piece.block
        rows = rows_of(markdown.parse(f"{block.info}\n{block.source}", sources=piece.sources))
        builder = self._builder(document, piece)
        if block.part:
            widths = self._columns(f"{block.info}\n{piece.whole}", width)
            rows = rows[1:]
        else:
            widths = column_widths(rows, self.style, width)
        if rows:
            insert_table(
                QTextCursor(document), rows, widths, builder, self.style, header=block.part == 0
            )

    def _builder(
        self, document: SealedDocument, piece: Piece, style: TranscriptStyle | None = None
    ) -> DocumentBuilder:
        style = style or self.style
        formulas = partial(self._formula, style)
        return DocumentBuilder(document, style, formulas, piece.sources)

    def _columns(self, first_part: str, width: float) -> list[int]:
        """Return the columns that a table's first part has, measured once for all its parts."""
        key = (first_part, width)
        if key not in self._column_widths:
            if len(self._column_widths) >= _KEPT_TABLES:
                self._column_widths.clear()
            rows = rows_of(markdown.parse(first_part))
            self._column_widths[key] = column_widths(rows, self.style, width)
        return self._column_widths[key]

    def _write_code(self, document: SealedDocument, piece: Piece) -> None:
        document.setDefaultFont(self.style.code_font)
        option = document.defaultTextOption()
        mode = option.WrapMode
        option.setWrapMode(mode.WrapAtWordBoundaryOrAnywhere if piece.wrap else mode.NoWrap)
        option.setTabStopDistance(self.style.code_char * 4)
        document.setDefaultTextOption(option)
        source = piece.block.source.removesuffix("\n")
        lines = source.split("\n")
        whole, first = (piece.whole, piece.first_line) if piece.block.closed else (source, 0)
        coloured, unready = self._highlighter.highlight(
            piece.block.info.split(" ")[0], whole, first, len(lines)
        )
        if unready:
            self._uncoloured.add(piece)
            self._refresh.start()
        self._insert_lines(QTextCursor(document), lines, coloured)

    def _insert_lines(
        self, cursor: QTextCursor, lines: list[str], coloured: list[list[tuple[str, str]]]
    ) -> None:
        plain = self.style.code_format()
        formats = {"": plain}
        shape = self.style.paragraph_format(self.style.code_line_height)
        cursor.setBlockFormat(shape)
        for number, line in enumerate(lines):
            if number:
                cursor.insertBlock(shape, plain)
            spans = coloured[number] if number < len(coloured) else [(line, "")]
            if "".join(text for text, _ in spans) != line:
                spans = [(line, "")]
            for text, role in spans:
                if role not in formats:
                    colour = role_colour(self.style.palette, role)
                    formats[role] = self.style.code_format(colour)
                cursor.insertText(text, formats[role])

    def _formula(
        self,
        style: TranscriptStyle,
        source: str,
        display: bool,  # noqa: FBT001
    ) -> Formula | None:
        size = round(style.body_px * (1.15 if display else 1.05))
        key = FormulaKey(source, size, QColor(style.palette.text).name(), display)
        drawing = self._formulas.get(key)
        if drawing is None and self._formulas.is_pending(key):
            self._awaited.add(key)
        return drawing

    # --- what comes later ----------------------------------------------------------------------

    def _on_formula_finished(self, key: FormulaKey) -> None:
        for piece in self._waiting.pop(key, ()):
            self._cache.pop(piece, None)
        self._refresh.start()

    def _on_lexer_loaded(self, language: str) -> None:
        for piece in list(self._cache):
            if piece.block.kind is BlockKind.CODE and piece.block.info.lower().startswith(language):
                del self._cache[piece]
        self._refresh.start()

    def _on_refresh_due(self) -> None:
        for piece in self._uncoloured:
            self._cache.pop(piece, None)
        self._uncoloured.clear()
        self.changed.emit()


def _as_references(references: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    return {label: {"href": address, "title": title} for label, address, title in references}
