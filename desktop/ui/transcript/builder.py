"""Markdown tokens to a laid-out document, without HTML in between."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextList,
    QTextListFormat,
)

from desktop.ui import tokens as design
from desktop.ui.transcript import markdown
from desktop.ui.transcript.document import Marker, SealedDocument
from desktop.ui.transcript.formulas import Formula
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import tr

if TYPE_CHECKING:
    from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\] ")
_NUMBERS = re.compile(r"(\d+)")
SOURCE_LINK: Final = "source:"
"""Begins the address of a source's number. No Markdown can make one."""
_LINE_BREAK: Final = "\u2028"

FormulaSource = Callable[[str, bool], Formula | None]
"""A drawing for LaTeX, in display style if the flag is set; None where its source must do."""


@dataclass
class _OpenList:
    style: QTextListFormat
    list: QTextList | None = None


@dataclass
class _Inline:
    """What the text at this point is in."""

    strong: int = 0
    emphasis: int = 0
    struck: int = 0
    address: str = ""
    heading: int = 0
    header: bool = False
    formats: dict[tuple[object, ...], QTextCharFormat] = field(default_factory=dict)


class DocumentBuilder:
    """Writes the tokens of running text at a cursor."""

    def __init__(
        self,
        document: SealedDocument,
        style: TranscriptStyle,
        formulas: FormulaSource,
        sources: Collection[int] = (),
    ) -> None:
        self._document = document
        self._style = style
        self._formulas = formulas
        self._sources = frozenset(map(str, sources))
        self._cursor = QTextCursor(document)
        self._inline = _Inline()
        self._lists: list[_OpenList] = []
        self._quotes = 0
        self._item_opened = False
        self._first = True

    def build(self, tokens: Iterable[Token]) -> None:
        """Write a block's tokens as paragraphs."""
        for token in tokens:
            self._write_block(token)

    def write_inline(self, cursor: QTextCursor, token: Token, *, header: bool = False) -> None:
        """Write one line of text at a cursor, for the cells of a table."""
        self._cursor = cursor
        self._inline.header = header
        self._write_children(token)
        self._inline.header = False

    # --- paragraphs ----------------------------------------------------------------------------

    def _write_block(self, token: Token) -> None:  # noqa: C901, PLR0912 — one case for each kind
        match token.type:
            case "inline":
                self._begin_paragraph(token=token)
                self._write_children(token)
                self._inline.heading = 0
            case "heading_open":
                self._inline.heading = int(token.tag[1])
            case "bullet_list_open" | "ordered_list_open":
                self._lists.append(_OpenList(self._list_format(token)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item_opened = True
            case "list_item_close":
                if self._item_opened:
                    self._begin_paragraph()
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
            case "fence" | "code_block":
                self._write_code(token.content)
            case "math_block":
                self._write_display(token.content.strip(), "$$")
            case "hr":
                self._write_rule()
            case _:
                pass

    def _begin_paragraph(self, line_height: int | None = None, token: Token | None = None) -> None:
        shape = self._style.paragraph_format(line_height)
        # An item's indent comes from its list.
        shape.setIndent(0 if self._lists and self._item_opened else len(self._lists))
        if self._quotes:
            shape.setLeftMargin(design.L * self._quotes)
        if self._inline.heading and not line_height:
            pixels = self._style.heading_px(self._inline.heading)
            shape = self._style.paragraph_format(round(pixels * 1.4))
        if not self._first:
            shape.setTopMargin(design.XS if self._lists else design.S)
        self._insert_block(shape)
        if self._lists and self._item_opened:
            self._mark_item(token)
        self._item_opened = False

    def _insert_block(self, shape: QTextBlockFormat) -> None:
        text = self._char_format()
        if self._first:
            self._cursor.setBlockFormat(shape)
            self._cursor.setBlockCharFormat(text)
            self._first = False
        else:
            self._cursor.insertBlock(shape, text)

    def _mark_item(self, token: Token | None) -> None:
        opened = self._lists[-1]
        task = _TASK.match(token.content) if token else None
        if task:
            marker = Marker.OPEN_TASK if task[1] == " " else Marker.DONE_TASK
            self._document.mark(self._cursor.block(), marker)
        elif opened.style.style() is not QTextListFormat.Style.ListDecimal:
            marker = Marker.BULLET if len(self._lists) % 2 else Marker.RING
            self._document.mark(self._cursor.block(), marker)
        if opened.list is None:
            opened.list = self._cursor.createList(opened.style)
        else:
            opened.list.add(self._cursor.block())

    def _list_format(self, token: Token) -> QTextListFormat:
        result = QTextListFormat()
        depth = len(self._lists)
        result.setIndent(depth + 1)
        if token.type == "ordered_list_open":
            result.setStyle(QTextListFormat.Style.ListDecimal)
            result.setStart(int(token.attrs.get("start", 1)))
        else:
            # The painter draws the marks.
            result.setStyle(QTextListFormat.Style.ListStyleUndefined)
        return result

    def _write_code(self, content: str) -> None:
        for line in content.removesuffix("\n").split("\n"):
            self._begin_paragraph(self._style.code_line_height)
            self._cursor.insertText(line, self._style.code_format())

    def _write_rule(self) -> None:
        self._begin_paragraph()
        thin = self._style.char_format()
        thin.setProperty(QTextCharFormat.Property.FontPixelSize.value, 1)
        self._cursor.setBlockCharFormat(thin)
        shape = self._cursor.blockFormat()
        shape.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        shape.setBackground(QColor(self._style.palette.line))
        shape.setTopMargin(design.S)
        shape.setBottomMargin(design.S)
        self._cursor.setBlockFormat(shape)

    # --- text ----------------------------------------------------------------------------------

    def _write_children(self, token: Token) -> None:
        for number, child in enumerate(token.children or ()):
            if number == 0 and child.type == "text" and self._lists:
                self._write_text(_TASK.sub("", child.content, count=1))
            else:
                self._write_child(child)

    def _write_child(self, token: Token) -> None:  # noqa: C901, PLR0912 — as above
        inline = self._inline
        match token.type:
            case "text":
                self._write_text(token.content)
            case "softbreak" | "hardbreak":
                self._cursor.insertText(_LINE_BREAK, self._char_format())
            case "code_inline":
                self._cursor.insertText(token.content, self._code_format())
            case "strong_open" | "strong_close":
                inline.strong += token.nesting
            case "em_open" | "em_close":
                inline.emphasis += token.nesting
            case "s_open" | "s_close":
                inline.struck += token.nesting
            case "link_open":
                inline.address = str(token.attrs.get("href", ""))
            case "link_close":
                inline.address = ""
            case "image":
                self._write_image(token)
            case markdown.CITATION:
                self._write_citation(token.content)
            case markdown.INLINE_MATH:
                self._write_formula(token.content, token.markup, display=False)
            case kind if kind in markdown.DISPLAY_MATH:
                self._write_display(token.content.strip(), token.markup)
            case _:
                self._write_text(token.content)

    def _write_text(self, text: str) -> None:
        if self._inline.address or "://" not in text:
            self._cursor.insertText(text, self._char_format())
            return
        for part, address in markdown.split_addresses(text):
            self._inline.address = address
            self._cursor.insertText(part, self._char_format())
        self._inline.address = ""

    def _write_citation(self, text: str) -> None:
        """Write ``[1, 3]`` with each number leading to its source. It is never within a link."""
        for part in _NUMBERS.split(text):
            shape = QTextCharFormat(self._char_format())
            shape.setForeground(QColor(self._style.palette.accent))
            if part in self._sources:
                shape.setAnchor(True)
                shape.setAnchorHref(f"{SOURCE_LINK}{part}")
            self._cursor.insertText(part, shape)

    def _write_image(self, token: Token) -> None:
        address = str(token.attrs.get("src", ""))
        name = token.content or tr("image")
        self._cursor.insertText(f"{name} ({address})", self._char_format())

    def _write_display(self, source: str, markup: str) -> None:
        if self._cursor.block().length() > 1 or self._first or not self._cursor.atBlockStart():
            self._begin_paragraph()
        if self._write_formula(source, markup, display=True):
            shape = self._cursor.blockFormat()
            shape.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._cursor.setBlockFormat(shape)

    def _write_formula(self, source: str, markup: str, *, display: bool) -> bool:
        drawing = self._formulas(source, display)
        opening = markup or "$"
        closing = {"\\(": "\\)", "\\[": "\\]"}.get(opening, opening)
        written = f"{opening}{source}{closing}"
        if drawing is None:
            text = written.replace("\n", _LINE_BREAK)
            self._cursor.insertText(text, self._code_format())
        else:
            self._document.insert_formula(self._cursor, drawing, written, self._char_format())
            self._make_room(drawing)
        return drawing is not None

    def _make_room(self, drawing: Formula) -> None:
        shape = self._cursor.blockFormat()
        is_fixed = shape.lineHeightType() == QTextBlockFormat.LineHeightTypes.FixedHeight.value
        fits = self._style.fits_line(drawing.height - drawing.depth, drawing.depth)
        if fits or not is_fixed:
            return
        # Lines now grow with what they hold; this keeps the others as far apart as they were.
        leading = max(0.0, shape.lineHeight() - self._style.body_metrics.height())
        shape.setLineHeight(leading, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
        self._cursor.setBlockFormat(shape)

    # --- formats -------------------------------------------------------------------------------

    def _char_format(self) -> QTextCharFormat:
        inline = self._inline
        strong = bool(inline.strong or inline.heading or inline.header)
        key = (
            strong,
            bool(inline.emphasis),
            bool(inline.struck),
            inline.address,
            inline.heading,
            self._quotes,
        )
        result = inline.formats.get(key)
        if result is None:
            result = self._style.char_format(
                strong=strong, emphasis=bool(inline.emphasis), struck=bool(inline.struck)
            )
            self._adapt(result)
            inline.formats[key] = result
        return result

    def _adapt(self, result: QTextCharFormat) -> None:
        inline, palette = self._inline, self._style.palette
        if inline.heading:
            font = QFont(result.font())
            font.setPixelSize(self._style.heading_px(inline.heading))
            result.setFont(font)
        if inline.address:
            result.setAnchor(True)
            result.setAnchorHref(inline.address)
            result.setForeground(QColor(palette.accent))
            result.setFontUnderline(True)

    def _code_format(self) -> QTextCharFormat:
        result = self._style.code_format()
        result.setBackground(QColor(self._style.palette.panel))
        if self._inline.address:
            result.setAnchor(True)
            result.setAnchorHref(self._inline.address)
            result.setForeground(QColor(self._style.palette.accent))
        return result
