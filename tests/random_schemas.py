"""Random JSON schemas, with names and values that would break a grammar that takes them as text."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

Schema = dict[str, Any]

_NAMES: Final = (
    'quote " and \\ backslash',
    "root ::= [",
    "]}) | (\n\troot",
    '"\\u0000"',
    "\x00\x01\x7f",
    "<|im_end|>",
    "naïve 北京 😀",
    "char{0,99999}",
    "# a comment",
    "-",
    "",
    "name",
    "x" * 40,
)
_LEAVES: Final[tuple[Callable[[random.Random], Schema], ...]] = (
    lambda draw: {"type": "string", "minLength": draw.randint(0, 3), "maxLength": 8},
    lambda draw: {"type": "string", "format": draw.choice(["date", "time", "date-time", "uuid"])},
    lambda draw: {
        "type": draw.choice(["integer", "number"]),
        "minimum": (least := draw.randint(-2000, 2000)),
        "maximum": least + draw.choice([0, 1, 9, 10, 99, 12345]),
    },
    lambda draw: {"type": draw.choice(["boolean", "null", "integer", "number"])},
    lambda draw: {"enum": draw.sample([*_NAMES, 1, 12, 123, None, True, 1.5], draw.randint(1, 9))},
    lambda draw: {"const": {draw.choice(_NAMES): [draw.choice(_NAMES), 0.25]}},
    lambda _draw: {"type": ["string", "null"], "maxLength": 4},
)


def random_schema(draw: random.Random, depth: int = 0) -> Schema:
    """Return a schema that can be followed, nested some levels deep."""
    kind = draw.random() if depth < 3 else 0.0
    if kind < 0.5 and depth:
        return draw.choice(_LEAVES)(draw)
    if kind < 0.65:
        least = draw.randint(0, 2)
        most = least + draw.randint(0, 2)
        item = random_schema(draw, depth + 1)
        return {"type": "array", "items": item, "minItems": least, "maxItems": most}
    if kind < 0.75:
        return {"anyOf": [random_schema(draw, depth + 1) for _ in range(draw.randint(1, 3))]}
    names = draw.sample(_NAMES, draw.randint(1, 4))
    return {
        "type": "object",
        "title": draw.choice(_NAMES),
        "properties": {name: random_schema(draw, depth + 1) for name in names},
        "required": [name for name in names if draw.random() < 0.5],
    }


HOSTILE: Final = (
    "",
    " ",
    "null",
    "{",
    "[" * 50_000,
    '{"a":' * 50_000,
    '{"type": "string", "pattern": "' + "(" * 20_000 + '"}',
    '{"type": "string", "minLength": 1e308}',
    '{"type": "string", "minLength": -1}',
    '{"type": "array", "items": {"$ref": "#"}}',
    '{"$ref": "#/$ref"}',
    '{"$ref": {"$ref": 1}}',
    '{"enum": [NaN]}',
    '{"enum": ["\\ud83d"]}',
    '{"type": "object", "properties": {}}',
    '{"type": "object", "properties": []}',
    '{"type": 7}',
    '{"type": "string", "format": "date", "minLength": 5}',
    '{"type": "integer", "minimum": 1e30}',
    '{"anyOf": []}',
    '{"oneOf": [{"type": "string"}, {"type": "string"}]}',
    # Sound, and too much for a grammar.
    '{"type": "object", "properties": {'
    + ",".join(f'"m{number}": {{"type": "null"}}' for number in range(100))
    + "}}",
    '{"type": "object", "properties": {'
    + ",".join(
        f'"m{number}": {{"type": "string", "maxLength": {1000 + number}}}' for number in range(50)
    )
    + "}}",
)
"""Schemas that are to be refused; some of them end llama.cpp's own grammars."""
