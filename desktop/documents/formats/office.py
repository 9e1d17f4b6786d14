"""Word, OpenDocument text and PowerPoint."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from desktop.documents.archives import Archive, Element, opened
from desktop.documents.formats.plain import row_text
from desktop.documents.limits import MAX_CELLS_IN_ROW
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened, Progress
from desktop.documents.problems import damaged
from models.wording import mark, tr, trn

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SHOW: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_REFERENCE: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_HEADING: Final = re.compile(r"^(?:heading|titre|überschrift|título|titolo)\s*(\d)$", re.IGNORECASE)


# --- Word ----------------------------------------------------------------------------------------


def read_docx(path: Path) -> Iterator[DocumentPart]:
    """Read paragraphs, headings, items and rows; pages as Word counted them when it saved."""
    with opened(path) as archive:
        root = archive.xml("word/document.xml")
        body = root.find(f"{_WORD}body")
        if body is None:
            raise damaged(path.name, tr("it has no text body"))
        styles = _heading_levels(archive)
        has_pages = root.find(f".//{_WORD}lastRenderedPageBreak") is not None
        yield Opened(
            format_name=mark("Word document"),
            title=path.stem,
            page_word="page" if has_pages else "",
        )
        yield from _word_blocks(body, Outline(page=1 if has_pages else 0), styles)
        for name in ("word/footnotes.xml", "word/endnotes.xml"):
            if name in archive:
                yield from _word_notes(archive.xml(name))


def _heading_levels(archive: Archive) -> dict[str, int]:
    """Return the level of each style that makes a heading."""
    levels: dict[str, int] = {}
    if "word/styles.xml" not in archive:
        return levels
    for style in archive.xml("word/styles.xml").iter(f"{_WORD}style"):
        name, identity = _value(style.find(f"{_WORD}name")), style.get(f"{_WORD}styleId", "")
        level = _value(style.find(f"{_WORD}pPr/{_WORD}outlineLvl"))
        if found := _HEADING.match(name):
            levels[identity] = int(found[1])
        elif level.isdigit() and int(level) < 9:
            levels[identity] = int(level) + 1
        elif name.lower() == "title":
            levels[identity] = 1
    return levels


def _word_blocks(parent: Element, outline: Outline, styles: dict[str, int]) -> Iterator[Block]:
    for child in parent:
        if child.tag == f"{_WORD}p":
            yield from _word_paragraph(child, outline, styles)
        elif child.tag == f"{_WORD}tbl":
            yield from _word_table(child, outline)
        elif child.tag == f"{_WORD}sdt":
            content = child.find(f"{_WORD}sdtContent")
            if content is not None:
                yield from _word_blocks(content, outline, styles)


def _word_paragraph(
    paragraph: Element, outline: Outline, styles: dict[str, int]
) -> Iterator[Block]:
    text, breaks = _word_text(paragraph)
    style = _value(paragraph.find(f"{_WORD}pPr/{_WORD}pStyle"))
    is_item = paragraph.find(f"{_WORD}pPr/{_WORD}numPr") is not None or style.startswith("List")
    if style in styles:
        yield from outline.heading(text, styles[style])
    else:
        yield from outline.blocks("item" if is_item else "paragraph", text)
    if outline.page:
        outline.page += breaks


def _word_table(table: Element, outline: Outline) -> Iterator[Block]:
    headers: list[str] = []
    for number, row in enumerate(table.iter(f"{_WORD}tr"), start=1):
        cells, breaks = [], 0
        for cell in list(row.iter(f"{_WORD}tc"))[:MAX_CELLS_IN_ROW]:
            texts = [_word_text(paragraph) for paragraph in cell.iter(f"{_WORD}p")]
            cells.append(" ".join(text for text, _ in texts))
            breaks += sum(count for _, count in texts)
        if number == 1:
            headers = cells
        yield from outline.blocks("row", row_text(cells, [] if number == 1 else headers), number)
        if outline.page:
            outline.page += breaks


def _word_notes(root: Element) -> Iterator[Block]:
    outline = Outline()
    for note in root:
        texts = (_word_text(paragraph)[0] for paragraph in note.iter(f"{_WORD}p"))
        yield from outline.blocks("note", " ".join(texts))


def _word_text(paragraph: Element) -> tuple[str, int]:
    """Return a paragraph's text, without what was deleted, and the pages that end in it."""
    parts, breaks = [], 0
    for node in paragraph.iter():
        match node.tag:
            case t if t == f"{_WORD}t":
                parts.append(node.text or "")
            case t if t == f"{_WORD}tab":
                parts.append("\t")
            case t if t in (f"{_WORD}br", f"{_WORD}cr"):
                parts.append("\n")
            case t if t == f"{_WORD}lastRenderedPageBreak":
                breaks += 1
            case _:
                pass
    return "".join(parts), breaks


def _value(node: Element | None) -> str:
    return "" if node is None else node.get(f"{_WORD}val", "")


# --- OpenDocument --------------------------------------------------------------------------------


def read_odt(path: Path) -> Iterator[DocumentPart]:
    """Read paragraphs, headings, items and rows; pages as the program counted them."""
    with opened(path) as archive:
        root = archive.xml("content.xml")
    has_pages = root.find(f".//{_TEXT}soft-page-break") is not None
    yield Opened(
        format_name=mark("OpenDocument text"),
        title=path.stem,
        page_word="page" if has_pages else "",
    )
    body = root.find(".//{urn:oasis:names:tc:opendocument:xmlns:office:1.0}text")
    if body is None:
        raise damaged(path.name, tr("it has no text body"))
    yield from _odt_blocks(body, Outline(page=1 if has_pages else 0), in_item=False)


def _odt_blocks(parent: Element, outline: Outline, *, in_item: bool) -> Iterator[Block]:
    for child in parent:
        match child.tag:
            case t if t == f"{_TEXT}h":
                level = child.get(f"{_TEXT}outline-level", "1")
                yield from outline.heading(_odt_text(child), int(level) if level.isdigit() else 1)
            case t if t == f"{_TEXT}p":
                yield from outline.blocks("item" if in_item else "paragraph", _odt_text(child))
            case t if t == f"{_TEXT}list":
                for item in child.iterchildren(f"{_TEXT}list-item", f"{_TEXT}list-header"):
                    yield from _odt_blocks(item, outline, in_item=True)
            case t if t == f"{_TABLE}table":
                yield from _odt_table(child, outline)
            case t if t == f"{_TEXT}section":
                yield from _odt_blocks(child, outline, in_item=False)
            case t if t == f"{_TEXT}soft-page-break" and outline.page:
                outline.page += 1
            case _:
                pass
        if outline.page and child.tag != f"{_TEXT}soft-page-break":
            outline.page += sum(1 for _ in child.iter(f"{_TEXT}soft-page-break"))


def _odt_table(table: Element, outline: Outline) -> Iterator[Block]:
    headers: list[str] = []
    for number, row in enumerate(table.iter(f"{_TABLE}table-row"), start=1):
        cells = [
            " ".join(_odt_text(paragraph) for paragraph in cell.iter(f"{_TEXT}p"))
            for cell in list(row.iterchildren(f"{_TABLE}table-cell"))[:MAX_CELLS_IN_ROW]
        ]
        if number == 1:
            headers = cells
        yield from outline.blocks("row", row_text(cells, [] if number == 1 else headers), number)


def _odt_text(node: Element) -> str:
    parts = [node.text or ""]
    for child in node:
        if child.tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c", "1")
            parts.append(" " * (min(int(count), 100) if count.isdigit() else 1))
        elif child.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif child.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif isinstance(child.tag, str) and not child.tag.endswith("}annotation"):
            parts.append(_odt_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


# --- PowerPoint ----------------------------------------------------------------------------------


def read_pptx(path: Path) -> Iterator[DocumentPart]:
    """Read the slides in their order: titles as headings, text, tables, notes."""
    with opened(path) as archive:
        slides = _slide_order(archive, path.name)
        yield Opened(
            format_name=mark("PowerPoint presentation"),
            title=path.stem,
            pages=len(slides),
            page_word="slide",
        )
        outline = Outline()
        for number, name in enumerate(slides, start=1):
            outline.page = number
            outline.set_section(())
            yield from _slide_blocks(archive.xml(name), outline)
            yield from _slide_notes(archive, name, outline)
            yield Progress(done=number, total=len(slides))


def _slide_order(archive: Archive, name: str) -> list[str]:
    targets = _relations(archive, "ppt/presentation.xml")
    order = [
        targets.get(slide.get(f"{_REFERENCE}id", ""), "")
        for slide in archive.xml("ppt/presentation.xml").iter(f"{_SHOW}sldId")
    ]
    slides = [target for target in order if target in archive]
    if missing := len(order) - len(slides):
        raise damaged(
            name,
            trn("{count} of its slides is missing", "{count} of its slides are missing", missing),
        )
    return slides


def _relations(archive: Archive, part: str) -> dict[str, str]:
    """Return the parts that a part refers to, by the reference's id."""
    folder, file = posixpath.split(part)
    name = f"{folder}/_rels/{file}.rels"
    if name not in archive:
        return {}
    return {
        node.get("Id", ""): posixpath.normpath(
            posixpath.join(folder, node.get("Target", "")).lstrip("/")
            if not node.get("Target", "").startswith("/")
            else node.get("Target", "").lstrip("/")
        )
        for node in archive.xml(name)
    }


def _slide_blocks(root: Element, outline: Outline) -> Iterator[Block]:
    for shape in root.iter(f"{_SHOW}sp", f"{_SHOW}graphicFrame"):
        kind = shape.find(f"{_SHOW}nvSpPr/{_SHOW}nvPr/{_SHOW}ph")
        is_title = kind is not None and kind.get("type", "") in ("title", "ctrTitle")
        texts = [
            "".join(node.text or "" for node in paragraph.iter(f"{_DRAWING}t"))
            for paragraph in shape.iter(f"{_DRAWING}p")
        ]
        if is_title:
            yield from outline.heading(" ".join(texts), 1)
        elif shape.find(f".//{_DRAWING}tbl") is not None:
            yield from _slide_table(shape, outline)
        else:
            for text in texts:
                yield from outline.blocks("paragraph", text)


def _slide_table(shape: Element, outline: Outline) -> Iterator[Block]:
    headers: list[str] = []
    for number, row in enumerate(shape.iter(f"{_DRAWING}tr"), start=1):
        cells = [
            "".join(node.text or "" for node in cell.iter(f"{_DRAWING}t"))
            for cell in list(row.iter(f"{_DRAWING}tc"))[:MAX_CELLS_IN_ROW]
        ]
        if number == 1:
            headers = cells
        yield from outline.blocks("row", row_text(cells, [] if number == 1 else headers), number)


def _slide_notes(archive: Archive, slide: str, outline: Outline) -> Iterator[Block]:
    for target in _relations(archive, slide).values():
        if "notesSlides/" in target and target in archive:
            for shape in archive.xml(target).iter(f"{_SHOW}sp"):
                kind = shape.find(f"{_SHOW}nvSpPr/{_SHOW}nvPr/{_SHOW}ph")
                if kind is not None and kind.get("type") == "body":
                    text = " ".join(node.text or "" for node in shape.iter(f"{_DRAWING}t"))
                    yield from outline.blocks("note", text)
