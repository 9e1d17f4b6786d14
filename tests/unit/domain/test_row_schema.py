from __future__ import annotations

import json
from typing import Any

import pytest

from desktop.domain.errors import UserError
from desktop.domain.row_schema import checked_columns, held_to, reply_schema, table_of_schema
from desktop.domain.table import Column
from models.json_schema.instances import problem_of, smallest
from models.json_schema.reading import read_schema

SHIPS = [
    Column(name="Ship", description="its name"),
    Column(name="Built", type="integer"),
    Column(name="State", type="choice", choices=("afloat", "sunk")),
    Column(name="Left", type="date"),
]


def test_columns_become_a_schema_of_rows_that_may_be_empty() -> None:
    node = read_schema(reply_schema(checked_columns(SHIPS), 7))
    good = {"Ship": "Aurora", "Built": 1880, "State": "sunk", "Left": None}
    assert problem_of(node, {"rows": [good]}) == ""
    assert problem_of(node, {"rows": []}) == ""
    assert problem_of(node, {"rows": [good] * 8})
    assert problem_of(node, {"rows": [good | {"State": "lost"}]})
    assert problem_of(node, {"rows": [good | {"Ship": ""}]})
    assert problem_of(node, {"rows": [good | {"Built": "1880"}]})


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([], "no columns"),
        ([Column(name=" ")], "no name"),
        ([Column(name="a\nb")], "can't be"),
        ([Column(name="x" * 61)], "can't be"),
        ([Column(name="Ship"), Column(name=" ship ")], "Two columns"),
        ([Column(name="State", type="choice", choices=("one",))], "needs choices"),
        ([Column(name="State", type="choice", choices=("a", "a"))], "needs choices"),
        ([Column(name="A", type="json")], "no type"),
        ([Column(name="A", description="x" * 301)], "too long"),
        ([Column(name=str(n)) for n in range(31)], "31 columns"),
    ],
)
def test_columns_that_cannot_be_are_refused(columns: list[Column], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        checked_columns(columns)
    assert caught.value.hint
    assert caught.value.code == "bad_schema"


SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 40, "description": "who  it is"},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "role": {"enum": ["captain", "mate", None]},
            "born": {"$ref": "#/$defs/day"},
            "ships": {"type": "array", "items": {"type": "string", "maxLength": 30}},
            "weight": {"type": ["number", "null"]},
            "alive": {"type": "boolean"},
        },
        "required": ["name", "weight"],
    },
    "$defs": {"day": {"type": "string", "format": "date"}},
}


def test_a_schema_becomes_columns_with_their_types() -> None:
    table = table_of_schema(json.dumps(SCHEMA))
    columns = {column.name: column for column in table.columns}
    assert list(columns) == list(SCHEMA["items"]["properties"])
    assert {name: column.type for name, column in columns.items()} == {
        "name": "text", "age": "integer", "role": "choice", "born": "date", "ships": "json",
        "weight": "number", "alive": "boolean",
    }  # fmt: skip
    assert columns["name"].empty == "never"
    assert columns["age"].empty == "absent"
    assert columns["role"].empty == columns["weight"].empty == "null"
    assert columns["role"].choices == ("captain", "mate")
    assert columns["name"].description == "who it is"


def test_each_columns_schema_stands_on_its_own() -> None:
    table = table_of_schema(json.dumps(SCHEMA))
    for column in table.columns:
        node = read_schema(column.schema)
        assert problem_of(node, json.loads(smallest(node))) == ""
    assert json.loads(smallest(read_schema(reply_schema(table, 5)))) == {"rows": []}


@pytest.mark.parametrize(
    "schema",
    [
        "{",
        "[]",
        '{"type": "string"}',
        '{"type": "object"}',
        '{"type": "object", "properties": {"a": {"type": "null"}}}',
        '{"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}',
        '{"type": "object", "properties": {"a": {"$ref": "https://example.org/x.json"}}}',
        '{"type": "object", "properties": {"a": {"$ref": "#"}}}',
        '{"type": "object", "properties": {"a": {"type": "strung"}}}',
        '{"type": "object", "properties": {"": {"type": "string"}}}',
        '{"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}',
        "[" * 100_000,
    ],
)
def test_a_bad_schema_is_refused_with_words(schema: str) -> None:
    with pytest.raises(UserError) as caught:
        table_of_schema(schema)
    assert caught.value.code == "bad_schema"
    assert caught.value.hint


def test_a_value_that_does_not_fit_leaves_and_the_row_stays() -> None:
    table = checked_columns(SHIPS)
    row = {"Ship": "Aurora", "Built": "long ago", "State": None, "Left": "1903-02-30"}
    held, troubles = held_to(row, table)
    assert held == {"Ship": "Aurora", "Built": None, "State": None, "Left": None}
    assert len(troubles) == 2


def test_a_row_without_what_the_schema_wants_is_none() -> None:
    table = table_of_schema(json.dumps(SCHEMA))
    row = dict.fromkeys((column.name for column in table.columns), None)
    assert held_to(row, table)[0] is None
    assert held_to({"name": "Ada"}, table)[0] is None
