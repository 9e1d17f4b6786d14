"""PDF: text page by page, with the outline as sections; scanned pages are told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import pypdfium2
import pypdfium2.raw as pdfium

from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened, Progress, Unreadable
from desktop.documents.problems import damaged, encrypted
from models.wording import mark, tr

Kind = Literal["paragraph", "item"]
Line = tuple[str, float | None]

_PROGRESS_PAGES: Final = 10
_DEEPEST_OUTLINE: Final = 6
_MOST_BOOKMARKS: Final = 20_000
_SHORT_LINE: Final = 0.75
"""A line that ends before this share of the longest one's length ends its paragraph, where it
ends a sentence."""
_BULLET: Final = re.compile(r"^\s*(?:[•◦▪‣–—*·-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_SENTENCE_ENDS: Final = tuple(".!?:;…")
_CLOSING: Final = "\"'”’)]"
_HYPHENS: Final = ("-", "\u00ad", "\u0002", "\ufffe")
_GAP: Final = 1.4
"""A gap of so many lines' distance parts two paragraphs."""
_SCANNED: Final = mark(
    "it is a scanned picture: Snug reads text, and recognizes no letters in pictures"
)


def read_pdf(path: Path) -> Iterator[DocumentPart]:
    """Read every page's paragraphs. Raises DocumentError: damaged, encrypted."""
    document = open_pdf(path)
    try:
        count = len(document)
        sections = _sections(document)
        yield Opened(
            format_name="PDF", title=_title(document) or path.stem, pages=count, page_word="page"
        )
        outline = Outline()
        for index in range(count):
            outline.page = index + 1
            begun = sections.get(index)
            if begun is not None:
                outline.set_section(begun)
            yield from _read_page(document, index, outline, begun[-1] if begun else "")
            if index % _PROGRESS_PAGES == 0 or index + 1 == count:
                yield Progress(done=index + 1, total=count)
    finally:
        document.close()


def open_pdf(path: Path) -> pypdfium2.PdfDocument:
    """Return the document. Raises DocumentError: damaged, encrypted."""
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise encrypted(path.name) from error
        raise damaged(path.name, tr("it is not a whole PDF"), str(error)) from error


def _title(document: pypdfium2.PdfDocument) -> str:
    return " ".join(document.get_metadata_dict().get("Title", "").split())[:300]


def _sections(document: pypdfium2.PdfDocument) -> dict[int, tuple[str, ...]]:
    """Return the headings of the outline that hold from a page on, by the page's index."""
    sections: dict[int, tuple[str, ...]] = {}
    above: list[str] = []
    for number, bookmark in enumerate(document.get_toc(max_depth=_DEEPEST_OUTLINE)):
        if number >= _MOST_BOOKMARKS:
            break
        target = bookmark.get_dest()
        index = target.get_index() if target is not None else None
        above = [*above[: bookmark.level], " ".join(bookmark.get_title().split())[:300]]
        if index is not None:
            sections.setdefault(index, tuple(above))
    return sections


def _read_page(
    document: pypdfium2.PdfDocument, index: int, outline: Outline, heading: str
) -> Iterator[Block | Unreadable]:
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        yield Unreadable(page=index + 1, reason=mark("it is damaged"))
        return
    text_page = page.get_textpage()
    found = paragraphs(_lines(text_page), heading)
    blocks = [block for each in found for block in outline.blocks(*each)]
    yield from blocks
    if not blocks and _has_picture(page):
        yield Unreadable(page=index + 1, reason=_SCANNED)
    text_page.close()
    page.close()


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4))


def _lines(text_page: pypdfium2.PdfTextPage) -> list[Line]:
    """Return a page's lines with the height that each stands at, in points from below."""
    text = text_page.get_text_range(errors="replace")
    count = text_page.count_chars()
    lines: list[Line] = []
    start = 0
    for raw in text.split("\r\n"):
        first = start + len(raw) - len(raw.lstrip())
        is_there = raw.strip() and first < count
        lines.append((raw, text_page.get_charbox(first, loose=True)[1] if is_there else None))
        start += len(raw) + 2
    return lines


def paragraphs(lines: Sequence[Line], heading: str = "") -> list[tuple[Kind, str]]:
    """Return a page's lines joined to paragraphs and items.

    A PDF knows lines alone. A gap above a line, or the ``heading`` of the outline, or what begins
    an item, begins a paragraph; so does what follows a short line that ends a sentence.
    """
    heights = [height for _, height in lines if height is not None]
    steps = sorted(above - below for above, below in pairwise(heights) if above > below)
    gap = _GAP * steps[len(steps) // 4] if steps else 0.0
    longest = max((len(raw) for raw, _ in lines), default=0)
    found: list[str] = []
    is_open = False
    above: float | None = None
    for raw, height in lines:
        line = " ".join(raw.split())
        if not line:
            is_open = False
            continue
        is_apart = gap and above is not None and height is not None and above - height > gap
        if is_open and not is_apart and line != heading and not _BULLET.match(line):
            found[-1] = _joined(found[-1], line)
        else:
            found.append(line)
        is_short = len(line) < _SHORT_LINE * longest
        ends = is_short and line.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
        is_open = line != heading and not ends
        above = height
    return [("item" if _BULLET.match(text) else "paragraph", text) for text in found]


def _joined(text: str, line: str) -> str:
    """Return a line added to a text; a word that was divided at its end becomes whole."""
    if text.endswith(_HYPHENS) and text[-2:-1].isalpha() and line[:1].islower():
        return text[:-1] + line
    return f"{text} {line}"
