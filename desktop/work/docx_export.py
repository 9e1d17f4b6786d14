"""Blocks as a Word document: the few parts that every program needs, and no more.

Text goes in as text alone: no fields, links, macros or anything outside the file.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree
from lxml.builder import ElementMaker

from desktop.work.export_blocks import ExportBlock

_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_CORE: Final = f"{_PACKAGE}/metadata/core-properties"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_W: Final = ElementMaker(namespace=_MAIN, nsmap={"w": _MAIN})
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML has no way to write."""
_WHEN: Final = (2000, 1, 1, 0, 0, 0)
"""Of each part: the same blocks make the same file, byte for byte."""
_DEEPEST: Final = 6
_STYLES: Final = {"paragraph": "", "item": "ListBullet", "code": "Code", "note": "Quote"}
_HALF_POINTS: Final = (40, 32, 28, 26, 24, 24)
"""Sizes of the headings, in half points."""

Element = etree._Element  # noqa: SLF001 - lxml's own name for its elements


def as_docx(
    blocks: Sequence[ExportBlock],
    *,
    title: str = "",
    language: str = "",
    right_to_left: bool = False,
) -> bytes:
    """Return the blocks as the bytes of a .docx file; ``language`` is its two letters."""
    body = _W.body(
        *(part for block in blocks for part in _block(block, right_to_left)), _W.sectPr()
    )
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            (f"{_OFFICE}/officeDocument", "word/document.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core(title, language),
        "word/document.xml": _W.document(body),
        "word/styles.xml": _styles(language),
        "word/numbering.xml": _numbering(),
        "word/_rels/document.xml.rels": _relations(
            (f"{_OFFICE}/styles", "styles.xml"), (f"{_OFFICE}/numbering", "numbering.xml")
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in parts.items():
            info = zipfile.ZipInfo(name, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(
                info, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
            )
    return buffer.getvalue()


# --- the text ------------------------------------------------------------------------------------


def _block(block: ExportBlock, right_to_left: bool) -> Iterator[Element]:  # noqa: FBT001 - private
    if block.kind == "table":
        yield _table(block.rows, right_to_left)
        # Tables that touch would be one.
        yield _W.p()
    elif block.kind == "heading":
        level = min(max(1, block.level), _DEEPEST)
        yield _paragraph(block.text, f"Heading{level}", right_to_left)
    else:
        yield _paragraph(block.text, _STYLES[block.kind], right_to_left and block.kind != "code")


def _paragraph(text: str, style: str, right_to_left: bool) -> Element:  # noqa: FBT001 - private
    properties = _W.pPr()
    if style:
        properties.append(_W.pStyle(_named(style)))
    if right_to_left:
        properties.append(_W.bidi())
    run = _W.r(*([_W.rPr(_W.rtl())] if right_to_left else []), *_letters(text))
    return _W.p(*([properties] if len(properties) else []), run)


def _letters(text: str) -> Iterator[Element]:
    """Yield a run's text, its lines and tabs."""
    for number, line in enumerate(_clean(text).split("\n")):
        if number:
            yield _W.br()
        for place, part in enumerate(line.split("\t")):
            if place:
                yield _W.tab()
            if part:
                yield _W.t(part, {"{http://www.w3.org/XML/1998/namespace}space": "preserve"})


def _table(rows: Sequence[Sequence[str]], right_to_left: bool) -> Element:  # noqa: FBT001 - private
    width = 9_000 // max(1, len(rows[0]))
    table = _W.tbl(
        _W.tblPr(
            _W.tblStyle(_named("TableGrid")),
            *([_W.bidiVisual()] if right_to_left else []),
            _W.tblW(_attributes(w="0", type="auto")),
        ),
        _W.tblGrid(*(_W.gridCol(_attributes(w=str(width))) for _ in rows[0])),
    )
    for number, row in enumerate(rows):
        line = _W.tr(*([_W.trPr(_W.tblHeader())] if number == 0 else []))
        for cell in row:
            style = "TableHeading" if number == 0 else ""
            paragraph = _paragraph(cell, style, right_to_left)
            line.append(_W.tc(_W.tcPr(_W.tcW(_attributes(w=str(width), type="dxa"))), paragraph))
        table.append(line)
    return table


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


# --- the parts around it -------------------------------------------------------------------------


def _styles(language: str) -> Element:
    words = _W.rPr(
        _W.rFonts(_attributes(ascii="Calibri", hAnsi="Calibri", cs="Calibri")),
        _W.sz(_named("22")),
        *([_W.lang(_attributes(val=language, bidi=language))] if language else []),
    )
    space = _W.pPr(_W.spacing(_attributes(after="120", line="276", lineRule="auto")))
    root = _W.styles(
        _W.docDefaults(_W.rPrDefault(words), _W.pPrDefault(space)),
        _style("Normal", "Normal", default=True),
    )
    for level, size in enumerate(_HALF_POINTS, start=1):
        outline = _W.pPr(
            _W.keepNext(),
            _W.spacing(_attributes(before="240", after="80")),
            _W.outlineLvl(_named(str(level - 1))),
        )
        bold = _W.rPr(_W.b(), _W.sz(_named(str(size))))
        root.append(_style(f"Heading{level}", f"heading {level}", outline, bold))
    bullet = _W.pPr(_W.numPr(_W.numId(_named("1"))), _W.contextualSpacing())
    root.append(_style("ListBullet", "List Bullet", bullet))
    mono = _W.rPr(_W.rFonts(_attributes(ascii="Courier New", hAnsi="Courier New")), _W.noProof())
    root.append(_style("Code", "Code", _W.pPr(_W.keepLines()), mono))
    root.append(_style("Quote", "Quote", _W.pPr(_W.ind(_attributes(left="420")))))
    root.append(_style("TableHeading", "Table Heading", _W.rPr(_W.b())))
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    line = _attributes(val="single", sz="4", space="0", color="auto")
    borders = _W.tblBorders(*(_W(side, line) for side in sides))
    root.append(_style("TableGrid", "Table Grid", _W.tblPr(borders), kind="table"))
    return root


def _style(
    identity: str, name: str, *parts: Element, kind: str = "paragraph", default: bool = False
) -> Element:
    given = {"type": kind, "styleId": identity, **({"default": "1"} if default else {})}
    based = [] if default or kind == "table" else [_W.basedOn(_named("Normal"))]
    return _W.style(_attributes(**given), _W.name(_named(name)), *based, *parts)


def _numbering() -> Element:
    level = _W.lvl(
        _attributes(ilvl="0"),
        _W.numFmt(_named("bullet")),
        _W.lvlText(_named("•")),
        _W.pPr(_W.ind(_attributes(left="420", hanging="280"))),
    )
    return _W.numbering(
        _W.abstractNum(_attributes(abstractNumId="0"), level),
        _W.num(_attributes(numId="1"), _W.abstractNumId(_named("0"))),
    )


def _core(title: str, language: str) -> Element:
    make = ElementMaker(namespace=_CORE, nsmap={"cp": _CORE, "dc": _DC})
    told = ElementMaker(namespace=_DC)
    return make.coreProperties(told.title(_clean(title)), told.language(language))


def _content_types() -> Element:
    make = ElementMaker(
        namespace=f"{_PACKAGE}/content-types", nsmap={None: f"{_PACKAGE}/content-types"}
    )
    types = {
        "/word/document.xml": f"{_TYPES}.document.main+xml",
        "/word/styles.xml": f"{_TYPES}.styles+xml",
        "/word/numbering.xml": f"{_TYPES}.numbering+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return make.Types(
        make.Default(Extension="rels", ContentType=relations),
        make.Default(Extension="xml", ContentType="application/xml"),
        *(make.Override(PartName=name, ContentType=kind) for name, kind in types.items()),
    )


def _relations(*targets: tuple[str, str]) -> Element:
    namespace = f"{_PACKAGE}/relationships"
    make = ElementMaker(namespace=namespace, nsmap={None: namespace})
    return make.Relationships(
        *(
            make.Relationship(Id=f"rId{number}", Type=kind, Target=target)
            for number, (kind, target) in enumerate(targets, start=1)
        )
    )


def _attributes(**given: str) -> dict[str, str]:
    return {f"{{{_MAIN}}}{name}": value for name, value in given.items()}


def _named(value: str) -> dict[str, str]:
    return _attributes(val=value)
