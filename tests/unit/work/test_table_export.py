"""Tables as files: what spreadsheets read, and nothing that they run."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from desktop.domain.documents import SourceRef
from desktop.domain.errors import UserError
from desktop.domain.evidence import Cell
from desktop.domain.row_schema import checked_columns, table_of_schema
from desktop.domain.rows import TableRow
from desktop.domain.table import Column, Table, Value
from desktop.work.extraction import ExtractionResult, ReadDocument
from desktop.work.table_export import as_csv, as_json, defused, export, exported, format_of

FORMULAS = (
    "=1+1",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "\n=HYPERLINK(1)",
    "\uff1d1+1",
    "%0A=1",
)
TABLE = checked_columns(
    [
        Column(name="Name"),
        Column(name="Number", type="number"),
        Column(name="Day", type="date"),
        Column(name="Kept", type="boolean"),
    ]
)


def result(*rows: tuple[Value, ...], table: Table = TABLE, documents: int = 1) -> ExtractionResult:
    refs = (SourceRef(document_id=1, first=3, last=3, page=7, quote="=quoted"),)
    return ExtractionResult(
        table=table,
        documents=tuple(
            ReadDocument(id=number, name=f"log{number}.pdf", page_word="page")
            for number in range(1, documents + 1)
        ),
        rows=tuple(
            TableRow(
                document_id=1,
                cells=tuple(
                    Cell() if value is None else Cell(value=value, found="quoted", sources=refs)
                    for value in row
                ),
            )
            for row in rows
        ),
        sections=(),
        joined=0,
        calls=0,
        tokens_in=0,
        tokens_out=0,
        failures=(),
        resumed=0,
        seconds=0,
    )


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_reaches_csv_as_a_formula(text: str) -> None:
    table = checked_columns([Column(name="=Name")])
    made = as_csv(result((text,), table=table))
    heads, values = csv.reader(io.StringIO(made, newline=""))
    assert heads[0] == "'=Name"
    assert values[0] == f"'{text}"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_reaches_xlsx_as_a_formula(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported(result((text, 1, None, True)), "xlsx")))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert book["Table"]["A2"].data_type == "s"
    assert book["Table"]["A2"].quotePrefix


def test_numbers_stay_numbers_and_plain_text_is_left_alone() -> None:
    made = as_csv(result(("Ada-Moor = 1", -2.5, "1903-03-03", True)))
    _, values = csv.reader(io.StringIO(made, newline=""))
    assert values == ["Ada-Moor = 1", "-2.5", "1903-03-03", "yes", "page 7"]
    assert defused("plain") == "plain"


def test_a_spreadsheet_gets_values_it_can_count_and_their_places() -> None:
    made = exported(
        result(("Ada", 12.5, "1903-03-03", False), (None, 3, "1903-02-30", None)), "xlsx"
    )
    book = openpyxl.load_workbook(io.BytesIO(made))
    lines = list(book["Table"].values)
    assert lines[0] == ("Name", "Number", "Day", "Kept", "Source")
    assert lines[1] == ("Ada", 12.5, datetime(1903, 3, 3), False, "page 7")  # noqa: DTZ001
    assert lines[2] == (None, 3, "1903-02-30", None, "page 7")
    sources = list(book["Sources"].values)
    assert sources[1] == (1, "Name", "Ada", "log1.pdf", 7, "=quoted", "quoted")


def test_what_a_spreadsheet_cannot_hold_is_replaced_and_shortened() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(exported(result(("a\x00\x0bb" + "x" * 40_000, 1, None, None)), "xlsx"))
    )
    value = book["Table"]["A2"].value
    assert isinstance(value, str)
    assert value.startswith("a\ufffd\ufffdb")
    assert len(value) == 32_767


def test_json_holds_to_the_schema_that_it_was_asked_by() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "role": {"type": ["string", "null"]},
        },
        "required": ["name"],
    }
    made = json.loads(
        as_json(result(("Ada", None, None), table=table_of_schema(json.dumps(schema))))
    )
    assert made["rows"] == [{"name": "Ada", "role": None}]
    [place] = made["sources"][0]["name"]["places"]
    assert place == {"document": "log1.pdf", "page": 7, "passages": [3, 3], "quote": "=quoted"}


def test_a_table_of_several_documents_names_them() -> None:
    made = as_csv(result(("Ada", 1, None, None), documents=2))
    heads, values = csv.reader(io.StringIO(made, newline=""))
    assert heads[-2:] == ["Document", "Source"]
    assert values[-2:] == ["log1.pdf", "page 7"]


def test_the_name_of_the_file_says_the_format(tmp_path: Path) -> None:
    export(result(("Ä", 1, None, None)), tmp_path / "Table.CSV")
    content = (tmp_path / "Table.CSV").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Ä" in content.decode("utf-8-sig")
    with pytest.raises(UserError, match="no format"):
        format_of(tmp_path / "table.doc")


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "table.csv"
    folder.mkdir()
    with pytest.raises(UserError, match="can't be written"):
        export(result(("Ada", 1, None, None)), folder)
    assert list(tmp_path.iterdir()) == [folder]
