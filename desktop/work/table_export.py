"""A finished table as a file for other programs: CSV, JSON or XLSX.

A spreadsheet takes a text that begins with ``=`` for a formula and runs it, whoever wrote it. So in
CSV such a text begins with an apostrophe, as spreadsheets themselves write it, and in XLSX every
text is stored as one.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path, PurePath
from typing import Any, Final, Literal, get_args

from desktop.domain.cell_text import text_of
from desktop.domain.errors import UserError
from desktop.domain.evidence import Cell
from desktop.domain.rows import TableRow
from desktop.domain.table import Column, Value
from desktop.work.extraction import ExtractionResult, pages_in_words
from models.files import write_atomically
from models.wording import tr

Format = Literal["csv", "json", "xlsx"]
_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MOST_CELL: Final = 32_767
"""Characters that a cell of XLSX can hold."""
_MOST_ROWS: Final = 1_048_575
_WIDEST: Final = 60


def export(result: ExtractionResult, path: Path) -> None:
    """Write the table to a file in the format that its name ends with. Raises UserError."""
    content = exported(result, format_of(path))
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UserError(
            tr("“{name}” can't be written: {why}.", name=path.name, why=error.strerror or error),
            tr("Choose another folder, or close the program that has the file open."),
            str(error),
        ) from error


def format_of(path: PurePath) -> Format:
    """Return the format that a file's name asks for. Raises UserError."""
    ending = path.suffix.lower().lstrip(".")
    for known in get_args(Format):
        if ending == known:
            found: Format = known
            return found
    raise UserError(
        tr("“{name}” has no format that a table is written in.", name=path.name),
        tr("End its name with .csv, .json or .xlsx."),
    )


def exported(result: ExtractionResult, form: Format) -> bytes:
    """Return the table in a format."""
    match form:
        case "csv":
            # The mark at its head lets spreadsheets read it as UTF-8.
            return as_csv(result).encode("utf-8-sig")
        case "json":
            return as_json(result).encode()
        case "xlsx":
            return _as_xlsx(result)


def as_csv(result: ExtractionResult) -> str:
    """Return the table as CSV: a line for the names, a line for each row, its pages last."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([defused(column.name) for column in _columns(result)])
    for row in result.rows:
        values = [_plain(cell.value) for cell in row.cells]
        writer.writerow([*values, *map(defused, _place(row, result))])
    return file.getvalue()


def as_json(result: ExtractionResult) -> str:
    """Return the rows as JSON that holds to the columns' schema, and where each value is from."""
    rows = [values_of(row, result.table.columns) for row in result.rows]
    sources = [
        {
            column.name: _source(cell, result)
            for column, cell in zip(result.table.columns, row.cells, strict=True)
            if cell.value is not None
        }
        for row in result.rows
    ]
    whole = {
        "rows": rows,
        "sources": sources,
        "documents": [document.name for document in result.documents],
        "failures": list(result.failures),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def values_of(row: TableRow, columns: Sequence[Column]) -> dict[str, Value]:
    """Return a row as JSON has it; a column that a schema lets be absent is, where it is empty."""
    return {
        column.name: cell.value
        for column, cell in zip(columns, row.cells, strict=True)
        if cell.value is not None or column.empty != "absent"
    }


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(value: Value) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    return defused(text_of(value))


def _columns(result: ExtractionResult) -> list[Column]:
    several = [Column(name=tr("Document"))] if len(result.documents) > 1 else []
    return [*result.table.columns, *several, Column(name=tr("Source"))]


def _place(row: TableRow, result: ExtractionResult) -> Iterator[str]:
    """Yield the document of a row, where there are several, and its pages."""
    document = next(each for each in result.documents if each.id == row.document_id)
    if len(result.documents) > 1:
        yield document.name
    yield pages_in_words(document.page_word, row.pages)


def _source(cell: Cell, result: ExtractionResult) -> dict[str, Any]:
    names = {document.id: document.name for document in result.documents}
    return {
        "found": cell.found,
        "places": [
            {"document": names.get(ref.document_id, ""), "page": ref.page or None,
             "passages": [ref.first, ref.last], "quote": ref.quote}
            for ref in cell.sources
        ],
    }  # fmt: skip


def _as_xlsx(result: ExtractionResult) -> bytes:
    import openpyxl  # noqa: PLC0415 - slow, and only for this format

    if len(result.rows) > _MOST_ROWS:
        raise UserError(tr("The table has too many rows for XLSX."), tr("Export it as CSV."))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = tr("Table")
    columns = _columns(result)
    _write_line(sheet, 1, [column.name for column in columns])
    for number, row in enumerate(result.rows, start=2):
        values = [
            _native(cell.value, column)
            for cell, column in zip(row.cells, result.table.columns, strict=True)
        ]
        _write_line(sheet, number, [*values, *_place(row, result)])
    _finish(sheet, columns)
    _write_sources(book.create_sheet(tr("Sources")), result)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_sources(sheet: Any, result: ExtractionResult) -> None:  # noqa: ANN401 - a worksheet
    """Write where each value is from, a line each."""
    names = {document.id: document.name for document in result.documents}
    heads = (
        tr("Row"), tr("Column"), tr("Value"), tr("Document"), tr("Page"), tr("Quote"), tr("Found"),
    )  # fmt: skip
    _write_line(sheet, 1, heads)
    line = 2
    for number, row in enumerate(result.rows, start=1):
        for column, cell in zip(result.table.columns, row.cells, strict=True):
            for ref in cell.sources:
                found = [number, column.name, text_of(cell.value), names.get(ref.document_id, "")]
                _write_line(sheet, line, [*found, ref.page or None, ref.quote, cell.found])
                line += 1
    _finish(sheet, [Column(name=head) for head in heads])


def _write_line(sheet: Any, number: int, values: Sequence[object]) -> None:  # noqa: ANN401
    for place, value in enumerate(values, start=1):
        cell = sheet.cell(row=number, column=place)
        if isinstance(value, str):
            # Assigned as a value, a text that begins with "=" would become a formula.
            cell.value = _FORBIDDEN.sub("\ufffd", value)[:_MOST_CELL]
            cell.data_type = "s"
            cell.quotePrefix = bool(_FORMULA.match(value))
        else:
            cell.value = value


def _finish(sheet: Any, columns: Sequence[Column]) -> None:  # noqa: ANN401
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for place, _ in enumerate(columns, start=1):
        sheet.cell(row=1, column=place).font = Font(bold=True)
        letter = get_column_letter(place)
        longest = max((len(str(cell.value or "")) for cell in sheet[letter][:200]), default=0)
        sheet.column_dimensions[letter].width = min(_WIDEST, max(10, longest + 2))


def _native(value: Value, column: Column) -> object:
    """Return a value as a spreadsheet counts and sorts it."""
    if isinstance(value, str) and column.type == "date":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value if isinstance(value, int | float | bool) else text_of(value) or None
