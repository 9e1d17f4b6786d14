"""HTML and EPUB: text alone; scripts, styles, images and addresses stay out."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from desktop.documents.archives import Element, opened
from desktop.documents.formats.plain import decoded, row_text
from desktop.documents.limits import MAX_CELLS_IN_ROW
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, BlockKind, DocumentPart, Opened, Progress, Unreadable
from desktop.documents.problems import DocumentError, damaged
from models.wording import mark, tr

_SKIPPED: Final = frozenset((
    "script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object",
    "embed", "canvas", "audio", "video", "select", "option", "button", "form", "input",
    "textarea",
))  # fmt: skip
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_BLOCKS: Final[dict[str, BlockKind]] = {
    "p": "paragraph",
    "li": "item",
    "dt": "item",
    "dd": "paragraph",
    "pre": "code",
    "blockquote": "paragraph",
    "figcaption": "note",
    "caption": "note",
    "address": "paragraph",
}
_INLINE: Final = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
))  # fmt: skip
_DEEPEST: Final = 400
_OPF: Final = "{http://www.idpf.org/2007/opf}"
_CONTAINER: Final = "META-INF/container.xml"
_ROOTFILE: Final = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"


def read_html(path: Path) -> Iterator[DocumentPart]:
    """Read headings, paragraphs, items, rows and code."""
    root = parse_html(decoded(path), path.name)
    title = " ".join((root.findtext(".//title") or "").split())[:300]
    yield Opened(format_name=mark("web page"), title=title or path.stem)
    yield from html_blocks(root, Outline())


def read_epub(path: Path) -> Iterator[DocumentPart]:
    """Read the chapters in their order; a chapter that is missing or broken is told."""
    with opened(path) as archive:
        if "META-INF/encryption.xml" in archive and b"EncryptedData" in archive.read(
            "META-INF/encryption.xml"
        ):
            raise DocumentError(
                "encrypted",
                tr("“{name}” is locked by the shop that sold it.", name=path.name),
                tr("Choose a copy without copy protection."),
            )
        package = archive.xml(_CONTAINER).find(f".//{_ROOTFILE}")
        if package is None:
            raise damaged(path.name, tr("it names no contents"))
        name = package.get("full-path", "")
        root = archive.xml(name)
        chapters = _spine(root, posixpath.dirname(name))
        title = " ".join((root.findtext(f".//{_TITLE}") or "").split())[:300]
        yield Opened(
            format_name="EPUB", title=title or path.stem, pages=len(chapters), page_word="chapter"
        )
        outline = Outline()
        for number, chapter in enumerate(chapters, start=1):
            outline.page = number
            outline.set_section(())
            try:
                text = archive.read(chapter).decode("utf-8", errors="replace")
                yield from html_blocks(parse_html(text, path.name), outline)
            except DocumentError as error:
                yield Unreadable(page=number, reason=error.title)
            yield Progress(done=number, total=len(chapters))


def parse_html(text: str, name: str) -> Element:
    """Return the root of an HTML text, mended where it is broken. Raises DocumentError."""
    # The text was decoded before: what the page says of its encoding no longer holds.
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(text.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise damaged(name, tr("its HTML can't be read"), str(error)) from error


def html_blocks(root: Element, outline: Outline) -> Iterator[Block]:
    """Yield the blocks of an HTML tree."""
    loose: list[str] = []

    def flush() -> Iterator[Block]:
        if loose:
            yield from outline.blocks("paragraph", " ".join("".join(loose).split()))
            loose.clear()

    def walk(node: Element, depth: int) -> Iterator[Block]:
        tag = node.tag if isinstance(node.tag, str) else ""
        if tag in _SKIPPED or node.get("hidden") is not None or depth > _DEEPEST:
            return
        if tag in _INLINE or tag in ("br", "img"):
            loose.append(_text(node) if tag in _INLINE else "\n")
        elif tag in _HEADINGS:
            yield from flush()
            yield from outline.heading(_text(node), _HEADINGS[tag])
        elif tag == "table" and not node.xpath(".//table"):
            yield from flush()
            yield from _table(node, outline)
        elif tag in _BLOCKS and not _has_blocks(node):
            yield from flush()
            text = _text(node)
            kind = _BLOCKS[tag]
            yield from outline.blocks(kind, text if kind == "code" else " ".join(text.split()))
        else:
            yield from flush()
            loose.append(node.text or "")
            for child in node:
                yield from walk(child, depth + 1)
                loose.append(child.tail or "")
            yield from flush()

    yield from walk(root, 0)
    yield from flush()


def _has_blocks(node: Element) -> bool:
    return any(
        isinstance(child.tag, str) and (child.tag in _BLOCKS or child.tag in ("ul", "ol", "table"))
        for child in node.iterdescendants()
    )


def _table(table: Element, outline: Outline) -> Iterator[Block]:
    headers: list[str] = []
    for number, row in enumerate(table.iter("tr"), start=1):
        nodes = [cell for cell in row if cell.tag in ("td", "th")][:MAX_CELLS_IN_ROW]
        cells = [" ".join(_text(cell).split()) for cell in nodes]
        is_head = number == 1 and all(cell.tag == "th" for cell in nodes)
        if is_head:
            headers = cells
        yield from outline.blocks("row", row_text(cells, [] if is_head else headers), number)


def _text(node: Element) -> str:
    """Return the text below a node, without what is never shown."""
    parts = [node.text or ""]
    for child in node:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag == "br":
            parts.append("\n")
        elif tag and tag not in _SKIPPED:
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _spine(root: Element, folder: str) -> list[str]:
    hrefs = {item.get("id", ""): item.get("href", "") for item in root.iter(f"{_OPF}item")}
    return [
        posixpath.normpath(posixpath.join(folder, unquote(hrefs[reference])))
        for node in root.iter(f"{_OPF}itemref")
        if (reference := node.get("idref", "")) in hrefs
    ]
