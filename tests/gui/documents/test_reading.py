"""The reading tab and the source pane: text, pages, marks, and what stands in for a lost file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QTextCursor, QTextFormat

from desktop.domain.documents import Document, SourceRef
from desktop.paths import Paths
from desktop.storage.database import Database
from desktop.storage.document_schema import DOCUMENT_MIGRATIONS
from desktop.storage.documents import DocumentStore
from desktop.ui.documents.page import DocumentsPage
from desktop.ui.documents.read import ReadTab
from desktop.work.intake import take_in
from tests.document_factory import write_docx, write_pdf
from tests.gui.conftest import App, Start

Take = Callable[..., tuple[Document, ...]]
_PAGES = [
    ["The harbour of Vell opened in 1871.", "It held forty ships at low tide."],
    ["Its keeper, Ada Moor, wrote a log for thirty years."],
]


def opened(page: DocumentsPage, document: Document) -> ReadTab:
    page.shelf.list.choose({document.id})
    tab = page.desk.tab("read")
    assert isinstance(tab, ReadTab)
    return tab


def marked(page: DocumentsPage) -> str:
    """Return the words of the source pane that are marked."""
    found = []
    block = page.source.viewer.text.document().begin()
    while block.isValid():
        found += [
            block.text()[part.start : part.start + part.length]
            for part in block.textFormats()
            if part.format.hasProperty(QTextFormat.Property.BackgroundBrush)
        ]
        block = block.next()
    return " | ".join(found)


def test_a_document_is_read_as_text_with_its_headings(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    tab = opened(page, document)
    app.until(lambda: "Ada Moor" in tab.viewer.text.toPlainText())
    cursor = tab.viewer.text.document().find("The harbour", 0)
    assert cursor.charFormat().font().weight() > 400


def test_markup_in_a_document_stays_text(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    path = tmp_path / "evil.txt"
    path.write_text('<h1>big</h1> <img src="http://127.0.0.1:9/x.png"> <a href="file:///etc">x</a>')
    (document,) = take(path)
    tab = opened(page, document)
    app.until(lambda: "<img" in tab.viewer.text.toPlainText())
    assert not tab.viewer.text.document().find("big").charFormat().isAnchor()


def test_a_pdf_turns_its_pages_as_pictures(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_pdf(tmp_path / "vell.pdf", _PAGES))
    tab = opened(page, document)
    tab.looks.chosen.emit("pages")
    assert tab.where.text() == "Page 1 of 2"
    app.until(lambda: not tab.viewer.page.paper._image.isNull())
    tab._turn(1)
    assert tab.where.text() == "Page 2 of 2"
    app.until(lambda: tab.viewer.page.accessibleName() == "Page 2 of vell.pdf")


def test_scanned_pages_are_told(app: App, page: DocumentsPage, take: Take, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "scan.pdf", [["Text."], [], [], ["More."], []], scanned=(1, 2, 4))
    (document,) = take(path)
    tab = opened(page, document)
    app.until(tab.notice.isVisible)
    assert tab.notice.text().startswith("Pages 2–3 and 5 could not be read: it is a scanned")


def test_a_long_document_is_read_in_portions(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    path = tmp_path / "long.md"
    path.write_text("\n\n".join(f"Paragraph {number} " + "word " * 100 for number in range(300)))
    (document,) = take(path)
    tab = opened(page, document)
    app.until(lambda: tab.where.text().startswith("Part 1 of"))
    app.until(lambda: "Paragraph 0 " in tab.viewer.text.toPlainText())
    assert "Paragraph 299 " not in tab.viewer.text.toPlainText()
    tab._turn(1000)
    app.until(lambda: "Paragraph 299 " in tab.viewer.text.toPlainText())


def test_a_source_of_a_pdf_is_shown_on_its_page_and_marked(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_pdf(tmp_path / "vell.pdf", _PAGES))
    ref = SourceRef(document_id=document.id, first=1, last=1, page=2, quote="wrote a log")
    app.window.document_wires.show_source(ref)
    paper = page.source.viewer.page.paper
    app.until(lambda: paper.marks)
    assert page.source.isVisible()
    assert page.source.viewer.shows_picture
    assert page.source.place == "Page 2 of 2"
    (mark,) = paper.marks
    assert 0 < mark.width() < paper.width() / 2
    # A view that is taller than the page moves no mark.
    paper.resize(paper.width(), 3000)
    assert paper.marks == [mark]
    page.source.close_requested.emit()
    assert not page.source.isVisible()


def test_a_source_is_shown_though_the_page_was_never_open(start: Start, tmp_path: Path) -> None:
    database = Database.open(Paths(tmp_path).documents_db, DOCUMENT_MIGRATIONS, "documents")
    document = take_in(write_docx(tmp_path / "log.docx"), DocumentStore(database))
    database.close()
    app = start("--reply-tokens", "6")
    app.until_ready()
    ref = SourceRef(document_id=document.id, first=4, last=4, quote="Ada Moor")
    app.window.document_wires.show_source(ref)
    page = app.window.middle.documents
    app.until(lambda: marked(page) == "Ada Moor")
    app.until(lambda: [each.id for each in page.desk.documents] == [document.id])
    assert page.source.isVisible()


def test_a_source_goes_with_its_document(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    page.show_source(SourceRef(document_id=document.id, first=1, last=1))
    assert page.source.isVisible()
    app.session.document_rooms.documents.delete([document.id])
    assert not page.source.isVisible()


def test_a_source_of_a_text_is_shown_in_the_text_around_it(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    page.show_source(SourceRef(document_id=document.id, first=4, last=4, quote="Ada Moor"))
    app.until(lambda: marked(page) == "Ada Moor")
    page.show_source(SourceRef(document_id=document.id, first=4, last=4, quote="not there"))
    app.until(lambda: marked(page).startswith("Its keeper"))


@pytest.mark.parametrize("lose", ["delete", "change"])
def test_where_the_file_is_gone_or_changed_its_text_stands_in(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path, lose: str
) -> None:
    path = write_pdf(tmp_path / "vell.pdf", _PAGES)
    (document,) = take(path)
    if lose == "delete":
        path.unlink()
    else:
        write_pdf(path, [["Something else."]])
    page.show_source(SourceRef(document_id=document.id, first=1, last=1, page=2))
    app.until(lambda: not page.source.viewer.shows_picture)
    told = "not where" if lose == "delete" else "has changed"
    assert told in page.source.viewer.note.text()
    app.until(lambda: "Ada Moor" in marked(page))


def test_in_a_narrow_window_list_document_and_source_take_turns(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    app.window.resize(720, 560)
    app.until(lambda: page.width() < 760)
    page.shelf.list.choose({document.id})
    page.resize(600, 500)
    assert page.shelf.isVisible()
    page.shelf.list.opened.emit()
    assert page.desk.isVisible()
    assert not page.shelf.isVisible()
    page.show_source(SourceRef(document_id=document.id, first=1, last=1))
    assert page.source.isVisible()
    assert not page.desk.isVisible()
    assert page.go_back()
    assert page.desk.isVisible()
    assert page.go_back()
    assert page.shelf.isVisible()
    assert not page.go_back()


def test_text_can_be_selected_and_copied(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    tab = opened(page, document)
    app.until(lambda: "Ada Moor" in tab.viewer.text.toPlainText())
    cursor = tab.viewer.text.textCursor()
    cursor.select(QTextCursor.SelectionType.Document)
    assert "forty ships" in cursor.selectedText()
