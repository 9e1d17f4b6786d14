from __future__ import annotations

import json

import pytest

from desktop.domain.cell_text import text_of, value_of
from desktop.domain.errors import UserError
from desktop.domain.row_schema import checked_columns, table_of_schema
from desktop.domain.table import Column, ColumnType, Value


def column(kind: ColumnType) -> Column:
    return checked_columns([Column(name="a", type=kind, choices=("x", "y"))]).columns[0]


def listed() -> Column:
    items = {"type": "array", "items": {"type": "string", "maxLength": 9}}
    return table_of_schema(json.dumps({"type": "object", "properties": {"a": items}})).columns[0]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "Ada, Moor"),
        ("integer", 12500),
        ("number", 0.25),
        ("number", -3),
        ("date", "1903-03-03"),
        ("boolean", True),
        ("boolean", False),
        ("choice", "y"),
        ("text", None),
    ],
)
def test_what_is_shown_is_read_as_the_value_again(kind: ColumnType, value: Value) -> None:
    assert value_of(text_of(value), column(kind)) == value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", " 12,500 ", 12500),
        ("number", "3,5", 3.5),
        ("number", "1,250.5", 1250.5),
        ("number", "1,250", 1250),
        ("number", "1.250,5", 1250.5),
        ("boolean", "No", False),
    ],
)
def test_people_write_values_in_their_ways(kind: ColumnType, text: str, value: Value) -> None:
    assert value_of(text, column(kind)) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "three"),
        ("integer", "3.5"),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("date", "1903-02-30"),
        ("date", "yesterday"),
        ("boolean", "maybe"),
        ("choice", "z"),
        ("text", "x" * 201),
    ],
)
def test_what_cannot_stand_in_the_column_is_refused(kind: ColumnType, text: str) -> None:
    with pytest.raises(UserError, match="can't stand in “a”"):
        value_of(text, column(kind))


def test_lists_are_written_with_commas() -> None:
    assert value_of("Aurora, Vega", listed()) == ["Aurora", "Vega"]
    assert text_of(["Aurora", "Vega"]) == "Aurora, Vega"
    assert value_of('["a, b"]', listed()) == ["a, b"]
    with pytest.raises(UserError):
        value_of('["a"', listed())
