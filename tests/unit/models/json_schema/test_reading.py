import json

import msgspec
import pytest

from models.json_schema.instances import problem_of, smallest
from models.json_schema.nodes import Choice, Either, Items, Member, Number, Shape, Text
from models.json_schema.reading import MOST_CHARACTERS, MOST_ITEMS, read_schema
from models.problems import EngineError

ROWS = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "maxItems": 5,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 40, "description": "who"},
                    "born": {"type": "string", "format": "date"},
                    "age": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 150},
                    "kind": {"enum": ["a", "b", 3, None]},
                },
                "required": ["name", "age"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["rows"],
}


def read(schema: object) -> object:
    return read_schema(json.dumps(schema))


def refusal(schema: object) -> str:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    with pytest.raises(EngineError) as caught:
        read_schema(text)
    assert caught.value.problem.code == "bad_schema"
    return caught.value.problem.title


def test_reads_what_a_table_needs() -> None:
    row = Shape(
        (
            Member("name", Text(0, 40), required=True),
            Member("born", Text(0, 0, "date"), required=False),
            Member("age", Either((Number(0, 149, whole=True), Choice(("null",)))), required=True),
            Member("kind", Choice(('"a"', '"b"', "3", "null")), required=False),
        )
    )
    assert read(ROWS) == Shape((Member("rows", Items(row, 0, 5), required=True),))


def test_bounds_what_has_no_bounds() -> None:
    assert read({"type": "string"}) == Text(0, MOST_CHARACTERS)
    assert read({"type": "array", "items": {"type": "boolean"}}) == Items(
        Choice(("true", "false")), 0, MOST_ITEMS
    )
    assert read({"type": "string", "minLength": 900}) == Text(900, 900)
    assert read({"type": "string", "maxLength": 10**9}) == Text(0, 2_000)


def test_follows_references_within_the_schema() -> None:
    schema = {
        "$defs": {"a/b": {"type": "integer"}},
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/a~1b"}, "y": {"allOf": [{"type": "null"}]}},
    }
    node = read(schema)
    assert isinstance(node, Shape)
    assert isinstance(node.members[0].node, Number)
    assert node.members[1].node == Choice(("null",))


def test_keeps_of_an_enum_what_its_type_allows() -> None:
    assert read({"type": "string", "enum": ["a", 1, "bb"], "maxLength": 1}) == Choice(('"a"',))


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ('{"type": "string", "minLength": NaN}', "not valid JSON"),
        ('{"enum": ["\\ud800"]}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (json.dumps({"enum": ["x" * 300_000]}), "longer than"),
        ([], "no object"),
        ({}, "names no “type”"),
        ({"type": "strin"}, "JSON doesn't know"),
        ({"type": [["string"]]}, "JSON doesn't know"),
        ({"type": "string", "pattern": "^(a+)+$"}, "“pattern”"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "no length between"),
        ({"type": "string", "minLength": 10**9}, "above"),
        ({"type": "string", "minLength": "3"}, "no whole number"),
        ({"type": "number", "multipleOf": 0.1}, "“multipleOf”"),
        ({"type": "number", "exclusiveMinimum": 0}, "exclusive"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "allows no number"),
        ({"type": "array"}, "of what"),
        ({"type": "array", "items": [{"type": "null"}]}, "no object"),
        ({"type": "array", "items": {"type": "null"}, "uniqueItems": True}, "“uniqueItems”"),
        ({"type": "object"}, "names no “properties”"),
        ({"properties": {"a": {"type": "null"}}, "required": ["b"]}, "requires “b”"),
        ({"properties": {"a": {"type": "null"}}, "minProperties": 1}, "“minProperties”"),
        ({"enum": []}, "no list of values"),
        ({"type": "string", "enum": [1, 2]}, "allows no value"),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, "both fit"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "write them as one"),
        ({"$ref": "#"}, "refers to itself"),
        ({"$ref": "https://example.org/schema"}, "outside"),
        ({"$ref": "#/$defs/none"}, "isn't there"),
        ({"not": {"type": "string"}, "type": "string"}, "“not”"),
    ],
)
def test_refuses_what_a_model_cannot_be_held_to(schema: object, why: str) -> None:
    assert why in refusal(schema)


def test_refuses_a_schema_that_unfolds_without_end() -> None:
    defs = {
        f"d{level}": {"properties": {side: {"$ref": f"#/$defs/d{level + 1}"} for side in "ab"}}
        for level in range(11)
    }
    assert "parts" in refusal({"$defs": defs | {"d11": {"type": "null"}}, "$ref": "#/$defs/d0"})


@pytest.mark.parametrize(
    "schema",
    [
        ROWS,
        {"type": "string", "minLength": 3},
        {"type": "integer", "minimum": 7},
        {"type": "number", "maximum": -7},
        {"type": "array", "items": {"type": "string", "format": "date-time"}, "minItems": 2},
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "format": "time"}]},
        {"const": {"a": [1, 'quoted "b"']}},
    ],
)
def test_the_smallest_instance_is_valid(schema: object) -> None:
    node = read_schema(json.dumps(schema))
    assert problem_of(node, msgspec.json.decode(smallest(node))) == ""


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"name": "x", "age": 3, "born": "2024-02-29", "kind": "a"}, ""),
        ({"name": "x"}, "“age” is missing"),
        ({"name": "x" * 41, "age": None}, "“name” has 41 characters"),
        ({"name": 3, "age": None}, "“name” is no text"),
        ({"name": "", "age": 150}, "“age”"),
        ({"name": "", "age": 1.5}, "“age”"),
        ({"name": "", "age": True}, "“age”"),
        ({"name": "", "age": 1, "born": "2023-02-29"}, "“born” is no date"),
        ({"name": "", "age": 1, "kind": "c"}, "“kind” is none of"),
        ([], "is no object"),
    ],
)
def test_tells_what_is_wrong_with_a_value(row: object, problem: str) -> None:
    found = problem_of(read_schema(json.dumps(ROWS)), {"rows": [row]})
    assert problem in found
    assert bool(found) == bool(problem)
