"""Exports keep the structure of the source and let no text become more than text."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from markdown_it import MarkdownIt

from desktop.documents.parts import Block
from desktop.documents.reader import read_document
from desktop.domain.documents import StoredPassage
from desktop.domain.segments import segments_of
from desktop.domain.translation import Edit, Reply, Translation, Wish
from desktop.work.docx_export import as_docx
from desktop.work.export_blocks import ExportBlock, export_blocks
from desktop.work.markdown_export import as_markdown, escaped

HOSTILE = (
    "![x](https://evil.example/p.png)",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "# no heading",
    "- no item",
    "1. no item",
    "> no quote",
    "---",
    "===",
    "```",
    "~~~",
    "    no code",
    "a | b",
    "&lt; &#60; &amp;",
    "\\[x]",
    "_so_ *much* `text`",
    "[ref]: https://evil.example",
    "=cmd|'/c calc'!A1",
    "a\n# b\n- c",
    "***",
    "+ plus",
    "12) twelve",
    "| --- | --- |",
)
BLOCKS = (
    ExportBlock(kind="heading", text="The harbour", level=2),
    ExportBlock(kind="paragraph", text="It opened in 1871.\nSecond line."),
    ExportBlock(kind="item", text="Bring a lamp."),
    ExportBlock(kind="item", text="And oil."),
    ExportBlock(kind="code", text="def f():\n    return ```1```"),
    ExportBlock(kind="note", text="See page 2."),
    ExportBlock(kind="table", rows=(("Ship", "Year"), ("Aurora | Bell", "1880"))),
)


def translated(*passages: tuple[str, str], done: bool = True) -> Translation:
    stored = [
        StoredPassage(
            id=at, document_id=1, number=at, kind=kind, level=2 if kind == "heading" else 0,
            page=1, section=(), line=at, text=text,
        )
        for at, (kind, text) in enumerate(passages)
    ]  # fmt: skip
    made = Translation(segments_of(stored), Wish(language="German"))
    for segment in made.to_ask if done else []:
        made.add((0, segment.number), Reply(text=f"Es ist ({segment.text}) und nicht das."))
    return made


# --- blocks --------------------------------------------------------------------------------------


def test_the_structure_of_the_source_is_kept() -> None:
    made = translated(
        ("heading", "The harbour"),
        ("paragraph", "It was big."),
        ("item", "1. a lamp"),
        ("item", "• oil"),
        ("code", "x  =  1"),
        ("row", "Ship | Year"),
        ("row", "Ship: Bell | Year: 1880"),
        ("row", "Port | Depth"),
        ("row", "Port: Vell | Depth: 9"),
    )
    blocks = export_blocks(made.all())
    assert [block.kind for block in blocks] == [
        "heading", "paragraph", "item", "item", "code", "table", "table",
    ]  # fmt: skip
    assert blocks[0].level == 2
    assert blocks[2].text.startswith("1. Es ist")
    assert blocks[3].text.startswith("Es ist")
    assert blocks[4].text == "x  =  1"
    assert blocks[5].rows == (
        ("Es ist (Ship) und nicht das.", "Es ist (Year) und nicht das."),
        ("Es ist (Bell) und nicht das.", "1880"),
    )
    assert blocks[6].rows[1][1] == "9"


def test_a_long_paragraph_is_one_again() -> None:
    text = "The harbour held forty ships at low tide. " * 40
    made = translated(("paragraph", text))
    assert len(made.segments) > 2
    for segment in made.segments:
        made.add((0, segment.number), Reply(text="Es ist nicht das und es war nicht das."))
    [block] = export_blocks(made.all())
    assert block.text.count("Es ist") == len(made.segments)
    assert "das. Es ist" in block.text


def test_what_is_no_translation_says_so_in_the_text() -> None:
    made = translated(
        ("paragraph", "Nobody was lost."), ("paragraph", "The wall of the mill broke.")
    )
    made.add((0, 0), Reply(failure="The engine died."))
    made.add((0, 1), Reply(text="The wall of the mill broke."))
    shown = [block.text for block in export_blocks(made.all())]
    assert shown == [
        "[not translated] Nobody was lost.",
        "[not translated] The wall of the mill broke.",
    ]
    made.add((0, 1), Reply(text="Die Mauer der Mühle ist", truncated=True))
    made.edits[0] = Edit(text="Niemand ging verloren.")
    shown = [block.text for block in export_blocks(made.all())]
    assert shown == ["Niemand ging verloren.", "Die Mauer der Mühle ist [cut off]"]


def test_what_is_not_done_yet_is_not_left_out() -> None:
    made = translated(("paragraph", "Nobody was lost."), done=False)
    assert export_blocks(made.all())[0].text == "[not translated] Nobody was lost."


# --- Markdown ------------------------------------------------------------------------------------


def test_markdown_has_the_structure() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(as_markdown(BLOCKS))
    kinds = [token.type for token in tokens if token.nesting >= 0]
    assert kinds.count("heading_open") == 1
    assert kinds.count("bullet_list_open") == 1
    assert kinds.count("list_item_open") == 2
    assert kinds.count("table_open") == 1
    assert kinds.count("blockquote_open") == 1
    [code] = [token for token in tokens if token.type == "fence"]
    assert code.content == "def f():\n    return ```1```\n"
    cells = [token.content for token in tokens if token.type == "inline"]
    assert "Aurora \\| Bell" in cells or "Aurora | Bell" in cells


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", ["paragraph", "item", "note", "heading"])
def test_text_stays_text_in_markdown(text: str, kind: str) -> None:
    block = ExportBlock(kind=kind, text=text, level=1)  # type: ignore[arg-type]
    plain = ExportBlock(kind=kind, text="word", level=1)  # type: ignore[arg-type]
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(as_markdown([block]))
    assert [token.type for token in tokens] == [
        token.type for token in parser.parse(as_markdown([plain]))
    ]
    inline = next(token for token in tokens if token.type == "inline")
    kinds = {child.type for child in inline.children or ()}
    assert kinds <= {"text", "text_special", "softbreak", "hardbreak"}
    shown = "".join(
        "\n" if child.type.endswith("break") else child.content for child in inline.children or ()
    )
    assert shown.split() == text.split()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text_in_a_table(text: str) -> None:
    block = ExportBlock(kind="table", rows=(("Head", "Two"), (text, "2")))
    tokens = MarkdownIt("commonmark").enable("table").parse(as_markdown([block]))
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    kinds = {child.type for cell in cells for child in cell.children or ()}
    assert kinds <= {"text", "text_special", "softbreak"}


def test_letters_that_mean_nothing_are_left_alone() -> None:
    assert (
        escaped("snake_case, 5-3 = 2, a.b, 1.5 (x) #1!") == "snake_case, 5-3 = 2, a.b, 1.5 (x) #1!"
    )


# --- Word ----------------------------------------------------------------------------------------


def test_word_has_the_structure(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(as_docx(BLOCKS, title="Vell", language="de"))
    made = docx.Document(str(path))
    styles = [paragraph.style.name for paragraph in made.paragraphs if paragraph.text]
    assert styles == ["Heading 2", "Normal", "List Bullet", "List Bullet", "Code", "Quote"]
    assert made.paragraphs[1].text == "It opened in 1871.\nSecond line."
    assert made.paragraphs[4].text == "def f():\n    return ```1```"
    [table] = made.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Ship", "Year"], ["Aurora | Bell", "1880"],
    ]  # fmt: skip
    assert (made.core_properties.title, made.core_properties.language) == ("Vell", "de")


def test_our_own_reader_finds_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(as_docx(BLOCKS))
    blocks = [part for part in read_document(path) if isinstance(part, Block)]
    assert [(block.kind, block.level) for block in blocks] == [
        ("heading", 2), ("paragraph", 0), ("item", 0), ("item", 0), ("paragraph", 0),
        ("paragraph", 0), ("row", 0), ("row", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [*HOSTILE, "a\x00b\x0bc\ud800d\ufffee", "<w:p/>", "]]>", "&amp;"])
def test_text_stays_text_in_word(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(as_docx([ExportBlock(kind="paragraph", text=text)], title=text))
    [paragraph] = docx.Document(str(path)).paragraphs
    kept = "".join(letter for letter in text if letter not in "\x00\x0b\ud800\ufffe")
    assert paragraph.text == kept
    with zipfile.ZipFile(path) as archive:
        relations = archive.read("word/_rels/document.xml.rels").decode()
    assert "External" not in relations


def test_arabic_runs_from_right_to_left() -> None:
    data = as_docx(BLOCKS, language="ar", right_to_left=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("word/document.xml").decode()
    assert text.count("<w:bidi/>") == 9
    assert "<w:bidiVisual/>" in text


def test_the_same_blocks_are_the_same_file() -> None:
    assert as_docx(BLOCKS, title="a") == as_docx(BLOCKS, title="a")
