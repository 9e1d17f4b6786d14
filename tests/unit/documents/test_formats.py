"""Every format, as real programs and libraries write it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from desktop.documents.parts import Block, DocumentPart, Opened, Unreadable
from desktop.documents.problems import DocumentError
from desktop.documents.reader import read_document
from tests.document_factory import (
    CHAPTERS,
    message,
    write_csv,
    write_docx,
    write_epub,
    write_mbox,
    write_odt,
    write_pdf,
    write_pptx,
    write_xlsx,
)

_GERMAN = "Über den Dächern läutet die Glocke, und alle hören für Minuten zu."
_RUSSIAN = "Маяк стоит на берегу моря, и смотритель пишет журнал каждую ночь."  # noqa: RUF001


def parts_of(path: Path) -> list[DocumentPart]:
    return list(read_document(path))


def opened(parts: list[DocumentPart]) -> Opened:
    assert isinstance(parts[0], Opened)
    return parts[0]


def blocks(parts: list[DocumentPart]) -> list[Block]:
    return [part for part in parts if isinstance(part, Block)]


def test_a_pdf_has_pages_sections_and_paragraphs(tmp_path: Path) -> None:
    long = "The keeper wrote a log of every night and of every ship that passed. " * 4
    path = write_pdf(tmp_path / "log.pdf", [[long, "It ends."], ["Second page."]], headings=["One"])
    parts = parts_of(path)
    assert opened(parts).pages == 2
    found = [(block.text[:10], block.place.page, block.place.section) for block in blocks(parts)]
    assert found == [
        ("One", 1, ("One",)),
        ("The keeper", 1, ("One",)),
        ("It ends.", 1, ("One",)),
        ("Second pag", 2, ("One",)),
    ]
    assert blocks(parts)[1].text == long.strip()


def test_a_scanned_page_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "scan.pdf", [["Text."], [], ["More."]], scanned=[1])
    parts = parts_of(path)
    assert [block.text for block in blocks(parts)] == ["Text.", "More."]
    [unreadable] = [part for part in parts if isinstance(part, Unreadable)]
    assert unreadable.page == 2
    assert "scanned" in unreadable.reason


@pytest.mark.parametrize("write", [write_docx, write_odt])
def test_a_text_document_has_headings_items_and_rows(tmp_path: Path, write: type) -> None:
    path = write(tmp_path / ("a.docx" if write is write_docx else "a.odt"))
    found = blocks(parts_of(path))
    assert [block.text for block in found if block.kind == "heading"] == [
        heading for heading, _ in CHAPTERS
    ]
    assert [block.text for block in found if block.kind == "item"] == ["Bring a lamp."]
    assert [block.text for block in found if block.kind == "row"] == [
        "Ship | Year",
        "Ship: Aurora | Year: 1880",
    ]
    storm = next(block for block in found if "eastern wall" in block.text)
    assert storm.place.section == ("The storm",)


def test_slides_keep_their_order_and_notes(tmp_path: Path) -> None:
    parts = parts_of(write_pptx(tmp_path / "a.pptx"))
    assert opened(parts).pages == 3
    assert opened(parts).page_word == "slide"
    second = [(block.kind, block.text) for block in blocks(parts) if block.place.page == 2]
    assert second == [
        ("heading", "The lighthouse"),
        ("paragraph", "Its keeper, Ada Moor, wrote a log for thirty years."),
        ("note", "Speak slowly about the lighthouse."),
    ]


def test_a_workbook_gives_named_values_by_sheet(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "Ships": [["Ship", "Year"], ["Aurora", 1880]],
        "Notes": [["only one cell"]],
    }
    parts = parts_of(write_xlsx(tmp_path / "a.xlsx", sheets))
    found = [(block.text, block.place.section, block.place.line) for block in blocks(parts)]
    assert found == [
        ("Ship | Year", ("Ships",), 1),
        ("Ship: Aurora | Year: 1880", ("Ships",), 2),
        ("only one cell", ("Notes",), 1),
    ]


def test_a_book_has_chapters(tmp_path: Path) -> None:
    parts = parts_of(write_epub(tmp_path / "book.epub"))
    assert opened(parts).title == "book"
    texts = [(block.text, block.place.page) for block in blocks(parts)]
    assert ("The harbour", 1) in texts
    assert ("Nobody was lost.", 3) in texts


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_finds_its_delimiter_and_headers(tmp_path: Path, delimiter: str) -> None:
    rows = [["Ship", "Year"], ["Aurora", "1880"], ["Bel; la, x", "1901"]]
    found = blocks(parts_of(write_csv(tmp_path / "a.csv", rows, delimiter)))
    assert [block.text for block in found][1:] == [
        "Ship: Aurora | Year: 1880",
        "Ship: Bel; la, x | Year: 1901",
    ]


def test_mail_names_its_people_and_what_is_attached(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(bytes(message("Storm", "It broke.", attachment="plan.pdf")))
    texts = [block.text for block in blocks(parts_of(path))]
    assert texts[0] == "Storm"
    assert "From: Ada Moor <ada@example.org>" in texts[1]
    assert texts[2:] == ["It broke.", "Attached, and not read: plan.pdf"]


def test_a_mailbox_counts_its_messages(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "box.mbox", [message("One", "a"), message("Two", "b")])
    parts = parts_of(path)
    assert opened(parts).pages == 2
    assert [block.place.page for block in blocks(parts) if block.kind == "heading"] == [1, 2]


def test_a_web_page_is_its_text_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<html><head><title>T</title><style>x{}</style></head><body><h1>H</h1>"
        "<p>Hello <b>you</b><img src='http://x/y.png' alt='no'></p><script>evil()</script>"
        "<p hidden>unseen</p><ul><li>one</li></ul>loose<div>deep</div>"
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>"
    )
    found = [(block.kind, block.text) for block in blocks(parts_of(path))]
    assert found == [
        ("heading", "H"),
        ("paragraph", "Hello you"),
        ("item", "one"),
        ("paragraph", "loose"),
        ("paragraph", "deep"),
        ("row", "A | B"),
        ("row", "A: 1 | B: 2"),
    ]


def test_markdown_keeps_structure_and_drops_html_and_images(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "# Top\n\nText with *stars* ![p](http://x/p.png).\n\n- item\n\n```py\nx = 1\n```\n\n"
        "| A | B |\n|---|---|\n| 1 | 2 |\n"
    )
    found = [(block.kind, block.text, block.place.line) for block in blocks(parts_of(path))]
    assert found == [
        ("heading", "Top", 1),
        ("paragraph", "Text with stars .", 3),
        ("item", "item", 5),
        ("code", "x = 1", 7),
        ("row", "A | B", 11),
        ("row", "A: 1 | B: 2", 13),
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "cp1251"]
)
def test_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = _RUSSIAN if encoding == "cp1251" else _GERMAN
    path = tmp_path / "a.txt"
    path.write_bytes(f"{text}\n\nend".encode(encoding))
    assert [block.text for block in blocks(parts_of(path))] == [text, "end"]


def test_of_encodings_that_fit_alike_the_western_one_is_taken(tmp_path: Path) -> None:
    text = "El niño comió piñas en el jardín, según dijo la señora Ángela."
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("cp1252"))
    assert [block.text for block in blocks(parts_of(path))] == [text]


@pytest.mark.parametrize(("kind", "better"), [("spreadsheet", ".xlsx"), ("presentation", ".pptx")])
def test_an_open_document_that_is_no_text_is_named(tmp_path: Path, kind: str, better: str) -> None:
    path = tmp_path / "a.od"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<a/>")
    with pytest.raises(DocumentError, match=kind) as raised:
        parts_of(path)
    assert better in raised.value.hint


def test_code_is_cut_between_functions(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    body = "\n".join(f"def f{n}():\n    a = {n}\n    b = a\n    return b\n\n" for n in range(40))
    path.write_text(body)
    found = blocks(parts_of(path))
    assert opened(parts_of(path)).format_name == "source code"
    assert len(found) > 3
    assert all(block.text.lstrip("\n").startswith("def ") for block in found)
    assert found[1].place.line > 1


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("empty.txt", b"", "empty", "no text"),
        ("blank.txt", b"  \n \n", "empty", "no text"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0", "unknown_format", "no format"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj\n<<", "damaged", "not a whole PDF"),
        ("cut.docx", b"PK\x03\x04rest", "damaged", "archive"),
        ("rich.rtf", b"{\\rtf1\\ansi Hello}", "unknown_format", "rich text"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unknown_format", "2007"),
        ("locked.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted", "password"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_remedy(
    tmp_path: Path, name: str, content: bytes, code: str, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentError) as raised:
        parts_of(path)
    assert raised.value.code == code
    assert words in raised.value.title + raised.value.hint
    assert raised.value.hint


def test_a_locked_pdf_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        parts_of(write_pdf(tmp_path / "a.pdf", [["secret"]], password="pass"))
    assert raised.value.code == "encrypted"
