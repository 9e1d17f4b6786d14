"""Writes real documents of every format that Snug reads, for tests and benchmarks."""

from __future__ import annotations

import csv
import mailbox
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
from docx.enum.text import WD_BREAK
from ebooklib import epub
from fpdf import FPDF
from odf import opendocument, style, table
from odf import text as odf_text
from PIL import Image
from pptx import Presentation

Chapter = tuple[str, Sequence[str]]
"""A heading and the paragraphs below it."""

CHAPTERS: Sequence[Chapter] = (
    ("The harbour", ("The harbour of Vell opened in 1871.", "It held forty ships at low tide.")),
    ("The lighthouse", ("Its keeper, Ada Moor, wrote a log for thirty years.",)),
    ("The storm", ("On 3 March 1903 the eastern wall broke.", "Nobody was lost.")),
)


def write_pdf(
    path: Path,
    pages: Sequence[Sequence[str]],
    *,
    headings: Sequence[str] = (),
    password: str = "",
    scanned: Sequence[int] = (),
) -> Path:
    """Write a PDF with a list of paragraphs per page; ``headings`` become its outline.

    ``scanned`` are the indices of pages that hold a picture and no text.
    """
    pdf = FPDF()
    pdf.set_title(path.stem)
    if password:
        pdf.set_encryption(owner_password=password, user_password=password)
    for index, paragraphs in enumerate(pages):
        pdf.add_page()
        pdf.set_font("Helvetica", size=12)
        if index < len(headings):
            pdf.start_section(headings[index])
            pdf.multi_cell(0, 10, headings[index], new_x="LMARGIN", new_y="NEXT")
        if index in scanned:
            pdf.image(Image.new("L", (200, 280), 128), x=10, y=40, w=100)
            continue
        for paragraph in paragraphs:
            pdf.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
    pdf.output(str(path))
    return path


def write_docx(path: Path, chapters: Sequence[Chapter] = CHAPTERS) -> Path:
    """Write a Word document: headings, paragraphs, a list and a table."""
    document = docx.Document()
    for heading, paragraphs in chapters:
        document.add_heading(heading, level=1)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
    document.add_paragraph("Bring a lamp.", style="List Bullet")
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    rows = document.add_table(rows=2, cols=2)
    for row, values in zip(rows.rows, (("Ship", "Year"), ("Aurora", "1880")), strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.save(str(path))
    return path


def write_odt(path: Path, chapters: Sequence[Chapter] = CHAPTERS) -> Path:
    """Write an OpenDocument text: headings, paragraphs, a list and a table."""
    document = opendocument.OpenDocumentText()
    document.styles.addElement(style.Style(name="Heading", family="paragraph"))
    for heading, paragraphs in chapters:
        document.text.addElement(odf_text.H(outlinelevel=1, text=heading))
        for paragraph in paragraphs:
            document.text.addElement(odf_text.P(text=paragraph))
    items = odf_text.List()
    item = odf_text.ListItem()
    item.addElement(odf_text.P(text="Bring a lamp."))
    items.addElement(item)
    document.text.addElement(items)
    rows = table.Table()
    for values in (("Ship", "Year"), ("Aurora", "1880")):
        row = table.TableRow()
        for value in values:
            cell = table.TableCell()
            cell.addElement(odf_text.P(text=value))
            row.addElement(cell)
        rows.addElement(row)
    document.text.addElement(rows)
    document.save(str(path))
    return path


def write_pptx(path: Path, chapters: Sequence[Chapter] = CHAPTERS) -> Path:
    """Write a presentation: a slide per chapter, with notes."""
    presentation = Presentation()
    for heading, paragraphs in chapters:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(paragraphs)
        slide.notes_slide.notes_text_frame.text = f"Speak slowly about {heading.lower()}."
    presentation.save(str(path))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """Write a workbook with these sheets of rows."""
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def write_epub(path: Path, chapters: Sequence[Chapter] = CHAPTERS) -> Path:
    """Write a book with a chapter for each."""
    book = epub.EpubBook()
    book.set_identifier("snug")
    book.set_title(path.stem)
    book.set_language("en")
    made = []
    for number, (heading, paragraphs) in enumerate(chapters):
        chapter = epub.EpubHtml(title=heading, file_name=f"chapter {number}.xhtml")
        body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        chapter.content = f"<h1>{heading}</h1>{body}"
        book.add_item(chapter)
        made.append(chapter)
    book.toc = made
    book.spine = made
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    epub.write_epub(str(path), book)
    return path


def write_csv(path: Path, rows: Sequence[Sequence[object]], delimiter: str = ",") -> Path:
    """Write a table as text."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def message(subject: str, body: str, *, html: str = "", attachment: str = "") -> EmailMessage:
    """Return an e-mail."""
    made = EmailMessage()
    made["From"] = "Ada Moor <ada@example.org>"
    made["To"] = "harbour@example.org"
    made["Date"] = "Tue, 03 Mar 1903 10:00:00 +0000"
    made["Subject"] = subject
    made.set_content(body)
    if html:
        made.add_alternative(html, subtype="html")
    if attachment:
        made.add_attachment(b"data", maintype="application", subtype="pdf", filename=attachment)
    return made


def write_mbox(path: Path, messages: Sequence[EmailMessage]) -> Path:
    """Write a mailbox."""
    box = mailbox.mbox(path)
    for each in messages:
        box.add(each)
    box.close()
    return path
