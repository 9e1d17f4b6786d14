"""Spreadsheets and CSV: every row a block, each value after its column's header."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from desktop.documents.archives import check_archive
from desktop.documents.formats.plain import decoded, row_text
from desktop.documents.limits import MAX_BLOCK_CHARS, MAX_CELLS_IN_ROW
from desktop.documents.outline import Outline
from desktop.documents.parts import Block, DocumentPart, Opened, Progress
from desktop.documents.problems import damaged
from models.wording import mark, tr

_SAMPLE_CHARS: Final = 16_384
_DELIMITERS: Final = ",;\t|"
_PROGRESS_ROWS: Final = 2_000


def read_xlsx(path: Path) -> Iterator[DocumentPart]:
    """Read the rows of every sheet, as the values that were last computed."""
    check_archive(path)
    try:
        with warnings.catch_warnings():
            # It warns of what it leaves out, such as styles and validations.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
        raise damaged(path.name, tr("it is not a whole workbook"), str(error)) from error
    try:
        sheets = book.worksheets
        yield Opened(
            format_name=mark("Excel workbook"),
            title=path.stem,
            pages=len(sheets),
            page_word="sheet",
        )
        for number, sheet in enumerate(sheets, start=1):
            outline = Outline(page=number)
            outline.set_section((sheet.title,))
            rows = (
                ["" if value is None else str(value) for value in row[:MAX_CELLS_IN_ROW]]
                for row in sheet.iter_rows(values_only=True)
            )
            yield from _row_blocks(rows, outline)
            yield Progress(done=number, total=len(sheets))
    finally:
        book.close()


def read_csv(path: Path) -> Iterator[DocumentPart]:
    """Read the rows; the delimiter and whether there are headers are found out."""
    text = decoded(path)
    yield Opened(format_name=mark("table"), title=path.stem)
    sample = text[:_SAMPLE_CHARS]
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(sample, _DELIMITERS)
    except csv.Error:
        dialect = "excel-tab" if path.suffix.lower() == ".tsv" else "excel"
    csv.field_size_limit(MAX_BLOCK_CHARS)
    try:
        yield from _row_blocks(csv.reader(io.StringIO(text), dialect), Outline())
    except csv.Error as error:
        raise damaged(path.name, tr("its table can't be read"), str(error)) from error


def _row_blocks(rows: Iterator[Sequence[str]], outline: Outline) -> Iterator[Block | Progress]:
    """Yield the rows; the first that has text in two cells or more names the columns."""
    headers: list[str] = []
    for number, row in enumerate(rows, start=1):
        cells = list(row[:MAX_CELLS_IN_ROW])
        filled = [cell for cell in cells if cell.strip()]
        is_head = not headers and len(filled) > 1 and not any(map(_is_number, filled))
        yield from outline.blocks("row", row_text(cells, [] if is_head else headers), number)
        if is_head:
            headers = [" ".join(cell.split()) for cell in cells]
        if number % _PROGRESS_ROWS == 0:
            yield Progress(done=number, total=0)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
