from __future__ import annotations

import pytest

from desktop.domain.documents import SourceRef, StoredPassage
from desktop.domain.evidence import Cell, located
from desktop.domain.row_schema import checked_columns
from desktop.domain.rows import Merger, TableRow, same_value
from desktop.domain.table import Column, ColumnType, Value


def passage(number: int, text: str) -> StoredPassage:
    return StoredPassage(
        id=number + 100, document_id=1, number=number, kind="paragraph", level=0, page=number + 1,
        section=(), line=0, text=text,
    )  # fmt: skip


PASSAGES = [
    passage(0, "The harbour opened in 1871. Ada Moor was there."),
    passage(1, "Ada  Moor, the keeper, kept the light from 3 March 1903 for £12,500.50 a year."),
    passage(2, "Nobody was lost. In 1871 it rained, 18713 drops."),
]
KEEPERS = checked_columns(
    [
        Column(name="Name"),
        Column(name="From", type="date"),
        Column(name="Pay", type="number"),
        Column(name="Kept", type="boolean"),
    ]
)


def test_each_value_leads_to_the_passage_that_holds_most_of_its_row() -> None:
    row = {"Name": "ada moor", "From": "1903-03-03", "Pay": 12500.5, "Kept": True}
    cells = located(row, KEEPERS, PASSAGES, 0, 2)
    assert [cell.found for cell in cells] == ["quoted", "quoted", "quoted", "beside"]
    assert {cell.sources[0].page for cell in cells} == {2}
    assert [cell.sources[0].quote for cell in cells] == [
        "Ada  Moor",
        "3 March 1903",
        "12,500.50",
        "",
    ]


def test_a_value_from_another_passage_than_its_row_is_told_apart() -> None:
    row = {"Name": "ada moor", "From": "1903-03-03", "Pay": 18713, "Kept": None}
    cells = located(row, KEEPERS, PASSAGES, 0, 2)
    assert [cell.found for cell in cells] == ["quoted", "quoted", "apart", ""]
    assert cells[2].sources[0].page == 3


def test_a_value_that_stands_nowhere_says_so() -> None:
    row = {"Name": "Captain Nemo", "From": None, "Pay": None, "Kept": None}
    cells = located(row, KEEPERS, PASSAGES, 1, 2)
    assert cells[0].found == "nowhere"
    assert cells[0].sources == (SourceRef(document_id=1, first=1, last=2, page=2),)
    assert cells[1] == Cell()


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("integer", 1871, "in 1871,"),
        ("integer", 12500, "of 12,500 men"),
        ("integer", 12500, "of 12 500 men"),
        ("integer", 12500, "of 12.500 men"),
        ("integer", -4, "at −4 degrees"),
        ("number", 3.5, "3,50 metres"),
        ("number", 0.25, "about 0.25."),
        ("date", "1903-03-03", "on March 3rd, 1903"),
        ("date", "1903-03-12", "12.03.1903"),
        ("date", "1903-03-12", "12/3/1903"),
        ("date", "1903-03-12", "1903-03-12"),
        ("text", "St. Mary's Lane 4", "st  mary’s lane, 4"),
        ("text", "中文", "中文"),
        ("text", "C++", "in C++ and"),
        ("text", "+", "a + b"),
    ],
)  # fmt: skip
def test_the_ways_a_value_is_written_are_found(kind: ColumnType, value: Value, text: str) -> None:
    table = checked_columns([Column(name="a", type=kind)])
    assert located({"a": value}, table, [passage(0, text)], 0, 0)[0].found == "quoted"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("integer", 187, "in 1871"),
        ("integer", 871, "in 1,871"),
        ("integer", 3, "3.5 metres"),
        ("text", "harbour", "the harbours"),
        ("date", "1903-03-12", "1903-03-13"),
    ],
)
def test_a_part_of_something_else_is_not_the_value(
    kind: ColumnType, value: Value, text: str
) -> None:
    table = checked_columns([Column(name="a", type=kind)])
    assert located({"a": value}, table, [passage(0, text)], 0, 0)[0].found == "nowhere"


def test_a_text_that_met_its_limit_is_marked() -> None:
    table = checked_columns([Column(name="a")])
    text = "x" * 200
    assert located({"a": text}, table, [passage(0, text)], 0, 0)[0].is_cut


def row(*values: Value, page: int = 1, document_id: int = 1, found: str = "quoted") -> TableRow:
    return TableRow(
        document_id=document_id,
        cells=tuple(
            Cell()
            if value is None
            else Cell(
                value=value,
                found=found,  # type: ignore[arg-type]
                sources=(SourceRef(document_id=document_id, first=page, last=page, page=page),),
            )
            for value in values
        ),
    )


def merged(*rows: TableRow) -> list[list[Value]]:
    merger = Merger()
    merger.add(rows)
    return [[cell.value for cell in each.cells] for each in merger.rows]


def test_the_same_row_of_two_sections_is_one_with_both_sources() -> None:
    merger = Merger()
    merger.add([row("Aurora", 1880, page=2), row("Vega", 1881, page=3)])
    merger.add([row("AURORA.", 1880, page=9)])
    assert merger.joined == 1
    assert len(merger.rows) == 2
    assert [source.page for source in merger.rows[0].cells[0].sources] == [2, 9]


def test_what_one_row_leaves_open_the_other_fills() -> None:
    assert merged(row("Aurora", None), row("Aurora", 1880)) == [["Aurora", 1880]]


def test_rows_that_differ_in_anything_stay_apart() -> None:
    apart = [row("Aurora", 1880), row("Aurora", 1881), row("Vega", 1880)]
    assert len(merged(*apart)) == 3


def test_rows_of_two_documents_are_not_joined() -> None:
    assert len(merged(row("Aurora", 1880), row("Aurora", 1880, document_id=2))) == 2


def test_rows_without_a_first_value_are_joined_by_the_next() -> None:
    assert merged(row(None, 1880), row(None, 1880), row(None, 1881)) == [[None, 1880], [None, 1881]]
    assert merged(row(None, None)) == []


def test_a_quote_leads_back_before_a_guess() -> None:
    merger = Merger()
    merger.add([row("Aurora", page=2, found="nowhere"), row("Aurora", page=7)])
    [only] = merger.rows
    assert only.cells[0].found == "quoted"
    assert [source.page for source in only.cells[0].sources] == [7]


def test_a_row_is_borne_out_by_one_value_in_the_text() -> None:
    assert row("Aurora", 1880).is_borne_out
    assert not row("Nemo", None, found="nowhere").is_borne_out
    assert row(True, False, found="beside").is_borne_out


def test_values_are_the_same_whatever_their_case_and_marks() -> None:
    assert same_value("  ADA-Moor. ") == same_value("Ada Moor")
    assert same_value(3.0) == same_value(3)
    assert same_value("3") == same_value("\uff13")
    assert same_value("+") != same_value("-")
    assert same_value(True) != same_value(1)
