"""Values of a schema: the smallest one, and whether a given one is valid."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Final, assert_never

import msgspec

from models.json_schema.nodes import Choice, Either, Form, Items, Node, Number, Shape, Text

_SAMPLES: Final[Mapping[Form, str]] = {
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "date-time": "2000-01-01T00:00:00Z",
    "uuid": "00000000-0000-0000-0000-000000000000",
}
_PARSERS: Final[Mapping[Form, Callable[[str], object]]] = {
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "date-time": dt.datetime.fromisoformat,
    "uuid": uuid.UUID,
}


def smallest(node: Node) -> str:
    """Return the shortest JSON text that is valid."""
    match node:
        case Text(least, _, form):
            return f'"{_SAMPLES[form] if form else "x" * least}"'
        case Number(least, most):
            return str(min(max(0, least), most))
        case Choice(literals):
            return min(literals, key=len)
        case Items(item, least):
            return f"[{','.join([smallest(item)] * least)}]"
        case Shape(members):
            parts = (
                f"{msgspec.json.encode(member.name).decode()}:{smallest(member.node)}"
                for member in members
                if member.required
            )
            return f"{{{','.join(parts)}}}"
        case Either(options):
            return min(map(smallest, options), key=len)
        case _:
            assert_never(node)


def problem_of(node: Node, value: object) -> str:
    """Return what is wrong with a decoded value, in words; empty where it is valid."""
    match node:
        case Text():
            return _problem_of_text(node, value)
        case Number():
            return _problem_of_number(node, value)
        case Choice(literals):
            fits = msgspec.json.encode(value).decode() in literals
            return "" if fits else f"is none of the {len(literals)} values that are allowed"
        case Items():
            return _problem_of_items(node, value)
        case Shape():
            return _problem_of_shape(node, value)
        case Either(options):
            problems = [problem_of(option, value) for option in options]
            return "" if "" in problems else problems[-1]
        case _:
            assert_never(node)


def _problem_of_text(node: Text, value: object) -> str:
    if not isinstance(value, str):
        return "is no text"
    if node.form:
        try:
            _PARSERS[node.form](value)
        except ValueError:
            return f"is no {node.form}"
        return ""
    return "" if node.least <= len(value) <= node.most else f"has {len(value)} characters"


def _problem_of_number(node: Number, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "is no number"
    if node.whole and value != int(value):
        return "is no whole number"
    return "" if node.least <= value <= node.most else "is out of bounds"


def _problem_of_items(node: Items, value: object) -> str:
    if not isinstance(value, list):
        return "is no list"
    if not node.least <= len(value) <= node.most:
        return f"has {len(value)} items"
    problems = ((number, problem_of(node.item, item)) for number, item in enumerate(value, 1))
    return next((f"item {number} {problem}" for number, problem in problems if problem), "")


def _problem_of_shape(node: Shape, value: object) -> str:
    if not isinstance(value, dict):
        return "is no object"
    for member in node.members:
        if member.name in value:
            if problem := problem_of(member.node, value[member.name]):
                return f"“{member.name}” {problem}"
        elif member.required:
            return f"“{member.name}” is missing"
    return ""
