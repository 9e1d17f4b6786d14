"""Columns and JSON schemas, checked before anything runs, and rows held against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, assert_never

import msgspec

from desktop.domain.errors import UserError
from desktop.domain.table import Column, ColumnType, Empty, Row, Table, Value
from models.json_schema.instances import problem_of
from models.json_schema.nodes import Choice, Either, Items, Member, Node, Number, Shape, Text
from models.json_schema.reading import read_schema
from models.problems import EngineError
from models.wording import tr, trn

MOST_COLUMNS: Final = 30
MOST_NAME: Final = 60
MOST_DESCRIPTION: Final = 300
MOST_CHOICES: Final = 50
MOST_TEXT: Final = 200
"""Characters of a text in a column that a person named."""
_NULL: Final = Choice(("null",))
_SIMPLE: Final[Mapping[ColumnType, dict[str, Any]]] = {
    "text": {"type": "string", "minLength": 1, "maxLength": MOST_TEXT},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "boolean": {"type": "boolean"},
}


def checked_columns(columns: Sequence[Column]) -> Table:
    """Return the table of columns that a person named. Raises UserError for what can't be done."""
    _check_names([column.name for column in columns])
    checked = []
    for column in columns:
        if len(column.description) > MOST_DESCRIPTION:
            raise _bad(
                tr("The description of “{column}” is too long.", column=column.name),
                tr("Keep it below {most} characters.", most=MOST_DESCRIPTION),
            )
        schema = _choice_schema(column) if column.type == "choice" else _SIMPLE.get(column.type)
        if schema is None:
            raise _bad(
                tr("“{column}” has no type that a column can have.", column=column.name),
                tr("Choose another."),
            )
        checked.append(msgspec.structs.replace(column, schema=json.dumps(schema), empty="null"))
    return Table(columns=tuple(checked))


def table_of_schema(text: str) -> Table:
    """Return the table of a JSON schema: that of a row, or of a list of rows. Raises UserError."""
    try:
        node = read_schema(text)
    except EngineError as error:
        problem = error.problem
        raise UserError(problem.title, problem.hint, problem.detail, problem.code) from error
    if isinstance(node, Items):
        node = node.item
    if not isinstance(node, Shape):
        raise _bad(
            tr("The schema describes neither a row nor a list of rows."),
            tr("Give it the type “object”, with the columns as its properties."),
        )
    _check_names([member.name for member in node.members])
    about = _descriptions(json.loads(text))
    columns = tuple(_column(member, about.get(member.name, "")) for member in node.members)
    return Table(columns=columns, source=text)


def reply_schema(table: Table, most_rows: int) -> str:
    """Return the JSON schema of a reply: an object with at most so many rows of the table."""
    row = _object({column.name: _cell_schema(column) for column in table.columns})
    return json.dumps(_object({"rows": {"type": "array", "items": row, "maxItems": most_rows}}))


def held_to(row: Mapping[str, Value], table: Table) -> tuple[Row | None, list[str]]:
    """Return a row as the table takes it, and in words what is wrong with it.

    A value that is none of its column's is left out where the column may be empty; a row that
    can't do without it is None.
    """
    if set(row) != {column.name for column in table.columns}:
        return None, [tr("Its columns are others.")]
    held: Row = {}
    troubles = []
    for column in table.columns:
        value = row[column.name]
        trouble = cell_trouble(value, column)
        if trouble:
            troubles.append(tr("“{column}” {trouble}.", column=column.name, trouble=trouble))
            if column.empty == "never":
                return None, troubles
        held[column.name] = None if trouble else value
    return held, troubles


def cell_trouble(value: Value, column: Column) -> str:
    """Return in words what keeps a value from standing in the column, empty where nothing does."""
    if value is None and column.empty != "never":
        return ""
    return problem_of(_node(column.schema), value)


@lru_cache(maxsize=256)
def _node(schema: str) -> Node:
    return read_schema(schema)


def _bad(title: str, hint: str) -> UserError:
    return UserError(title, hint, code="bad_schema")


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise _bad(tr("There are no columns."), tr("Name at least one thing to look for."))
    if len(names) > MOST_COLUMNS:
        raise _bad(
            trn("There is {count} column.", "There are {count} columns.", len(names)),
            tr("Take {most} at a time.", most=MOST_COLUMNS),
        )
    for name in names:
        if not name.strip():
            raise _bad(tr("A column has no name."), tr("Name what it looks for, in a word or two."))
        if len(name) > MOST_NAME or not name.isprintable():
            raise _bad(
                tr("“{name}” can't be a column's name.", name=name[:MOST_NAME]),
                tr("Keep to {most} characters on one line.", most=MOST_NAME),
            )
    folded = [" ".join(name.casefold().split()) for name in names]
    for name, key in zip(names, folded, strict=True):
        if folded.count(key) > 1:
            raise _bad(
                tr("Two columns are called “{name}”.", name=name),
                tr("Give each a name of its own."),
            )


def _choice_schema(column: Column) -> dict[str, Any]:
    choices = [choice.strip() for choice in column.choices if choice.strip()]
    if len(choices) < 2 or len(choices) > MOST_CHOICES or len(set(choices)) < len(choices):
        raise _bad(
            tr("“{column}” needs choices.", column=column.name),
            tr("Give two to {most} different ones, with commas between them.", most=MOST_CHOICES),
        )
    if any(len(choice) > MOST_TEXT or not choice.isprintable() for choice in choices):
        raise _bad(
            tr("A choice of “{column}” is too long.", column=column.name),
            tr("Keep each to a few words."),
        )
    return {"enum": choices}


def _column(member: Member, description: str) -> Column:
    # Null is written apart, since every column but a required one may be empty.
    node, is_nullable = _without_null(member.node)
    empty: Empty = "null" if is_nullable else "never" if member.required else "absent"
    choices: tuple[str, ...] = ()
    if isinstance(node, Choice) and all(literal.startswith('"') for literal in node.literals):
        choices = tuple(json.loads(literal) for literal in node.literals)
    return Column(
        name=member.name,
        type="choice" if choices else _column_type(node),
        description=description[:MOST_DESCRIPTION],
        choices=choices,
        schema=json.dumps(_schema_of(node)),
        empty=empty,
    )


def _without_null(node: Node) -> tuple[Node, bool]:
    if isinstance(node, Choice) and "null" in node.literals:
        rest = tuple(literal for literal in node.literals if literal != "null")
        if not rest:
            raise _bad(tr("A column of the schema can only be null."), tr("Give it a type."))
        return Choice(rest), True
    if isinstance(node, Either) and _NULL in node.options:
        options = tuple(option for option in node.options if option != _NULL)
        return (options[0] if len(options) == 1 else Either(options)), True
    return node, False


def _column_type(node: Node) -> ColumnType:
    match node:
        case Text(form="date"):
            return "date"
        case Text():
            return "text"
        case Number(whole=is_whole):
            return "integer" if is_whole else "number"
        case Choice(literals) if set(literals) <= {"true", "false"}:
            return "boolean"
        case _:
            return "json"


def _schema_of(node: Node) -> dict[str, Any]:
    """Return a schema that comes to the same values, with nothing in it that refers elsewhere."""
    match node:
        case Text(least, most, form):
            return {"type": "string", "format": form} if form else {
                "type": "string", "minLength": least, "maxLength": most,
            }  # fmt: skip
        case Number(least, most, is_whole):
            kind = "integer" if is_whole else "number"
            return {"type": kind, "minimum": least, "maximum": most}
        case Choice(literals):
            return {"enum": [json.loads(literal) for literal in literals]}
        case Items(item, least, most):
            return {
                "type": "array", "items": _schema_of(item), "minItems": least, "maxItems": most,
            }  # fmt: skip
        case Shape(members):
            made = _object({member.name: _schema_of(member.node) for member in members})
            return {**made, "required": [member.name for member in members if member.required]}
        case Either(options):
            return {"anyOf": [_schema_of(option) for option in options]}
        case _:
            assert_never(node)


def _object(properties: Mapping[str, object]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _cell_schema(column: Column) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(column.schema)
    return schema if column.empty == "never" else {"anyOf": [schema, {"type": "null"}]}


def _descriptions(schema: object) -> dict[str, str]:
    """Return what a schema says of its columns in words."""
    if isinstance(schema, dict) and "items" in schema:
        schema = schema["items"]
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return {
        name: " ".join(str(part.get("description", "")).split())
        for name, part in properties.items()
        if isinstance(part, dict)
    }
