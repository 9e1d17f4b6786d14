"""Reads a JSON schema, and refuses what a model can't be held to.

Keywords that only widen or describe are passed over. A keyword that narrows, and that the grammar
can't express, is refused by name: a row that breaks it would be called valid. Strings, lists and
numbers without bounds get some, so that no reply goes on for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, cast, get_args

import msgspec

from models.json_schema.instances import problem_of
from models.json_schema.nodes import Choice, Either, Form, Items, Member, Node, Number, Shape, Text
from models.problems import EngineError

MOST_CHARACTERS: Final = 400
"""Of a string whose schema names no limit."""
MOST_ITEMS: Final = 100
"""Of a list whose schema names no limit."""
_LARGEST_TEXT: Final = 2_000
_LARGEST_LIST: Final = 1_000
_LARGEST_NUMBER: Final = 10**15 - 1
_SCHEMA_BYTES: Final = 256 * 1024
_NODES: Final = 2_000
"""References can repeat a part of a schema any number of times."""
_DEPTH: Final = 24
_DESCRIBING: Final = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$comment", "$anchor", "$defs", "definitions"),
        *("format", "contentEncoding", "contentMediaType", "additionalProperties"),
    }
)
_BY_KIND: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset(("minLength", "maxLength")),
    "integer": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset(("items", "minItems", "maxItems")),
    "object": frozenset(("properties", "required")),
}
_BOUNDING: Final = frozenset(("type", "enum", "const")).union(*_BY_KIND.values())


def read_schema(text: str) -> Node:
    """Return what a schema asks for. Raises EngineError (``bad_schema``)."""
    if len(text.encode("utf-8", errors="replace")) > _SCHEMA_BYTES:
        raise bad_schema("It is longer than 256 KB.")
    try:
        schema = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
        raise bad_schema(f"It is not valid JSON: {error}.") from error
    return _Reader(schema).read(schema, "the schema", 0)


def bad_schema(why: str, hint: str = "Change the schema there.") -> EngineError:
    """Return the refusal of a schema."""
    return EngineError("bad_schema", f"The schema can't be used. {why}", hint)


class _Reader:
    """Reads one schema; ``where`` says in words which part of it is meant."""

    def __init__(self, whole: object) -> None:
        self._whole = whole
        self._nodes = 0

    def read(self, schema: object, where: str, depth: int) -> Node:
        self._nodes += 1
        if self._nodes > _NODES:
            raise bad_schema(f"It has more than {_NODES:,} parts, with what it refers to.")
        if depth > _DEPTH:
            raise bad_schema(f"It is nested deeper than {_DEPTH} levels, or refers to itself.")
        if not isinstance(schema, dict):
            _refuse(where, "is no object with a “type”")
        for combined in ("anyOf", "oneOf"):
            if combined in schema:
                return self._either(schema, combined, where, depth)
        if "$ref" in schema or "allOf" in schema:
            return self._same_as(schema, where, depth)
        if "enum" in schema or "const" in schema:
            return self._choice(schema, where, depth)
        kinds = _kinds(schema, where)
        nodes = [self._of_kind(kind, schema, where, depth) for kind in kinds]
        _check_keywords(
            schema, _DESCRIBING | {"type"}.union(*map(_BY_KIND.__getitem__, kinds)), where
        )
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))

    def _of_kind(self, kind: str, schema: dict[str, Any], where: str, depth: int) -> Node:
        match kind:
            case "string":
                return _text(schema, where)
            case "integer" | "number":
                return _number(schema, where, whole=kind == "integer")
            case "boolean":
                return Choice(("true", "false"))
            case "null":
                return Choice(("null",))
            case "array":
                return self._items(schema, where, depth)
            case _:
                return self._shape(schema, where, depth)

    def _items(self, schema: dict[str, Any], where: str, depth: int) -> Items:
        if "items" not in schema:
            _refuse(where, "is a list and doesn't say of what (“items”)")
        least, most = _bounds(schema, "Items", MOST_ITEMS, _LARGEST_LIST, where)
        return Items(self.read(schema["items"], f"an item of {where}", depth + 1), least, most)

    def _shape(self, schema: dict[str, Any], where: str, depth: int) -> Shape:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            _refuse(where, "is an object and names no “properties”")
        required = schema.get("required", [])
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            _refuse(where, "has a “required” that is no list of names")
        if missing := [name for name in required if name not in properties]:
            _refuse(where, f"requires “{missing[0][:80]}”, which its “properties” don't describe")
        members = (
            Member(name, self.read(part, f"“{name[:80]}”", depth + 1), name in required)
            for name, part in properties.items()
        )
        return Shape(tuple(members))

    def _either(self, schema: dict[str, Any], keyword: str, where: str, depth: int) -> Node:
        options = schema[keyword]
        if not isinstance(options, list) or not options:
            _refuse(where, f"has an “{keyword}” that is no list of schemas")
        _check_keywords(schema, _DESCRIBING | {keyword}, where)
        nodes = tuple(self.read(option, where, depth + 1) for option in options)
        if keyword == "oneOf" and len(set(map(_json_kinds, nodes))) < len(nodes):
            _refuse(where, "has a “oneOf” whose parts may both fit one value; use “anyOf”")
        return nodes[0] if len(nodes) == 1 else Either(nodes)

    def _same_as(self, schema: dict[str, Any], where: str, depth: int) -> Node:
        if "$ref" in schema:
            _check_keywords(schema, _DESCRIBING | {"$ref"}, where)
            return self.read(self._find(schema["$ref"], where), where, depth + 1)
        parts = schema["allOf"]
        if not isinstance(parts, list) or len(parts) != 1:
            _refuse(where, "has an “allOf” of several schemas; write them as one")
        _check_keywords(schema, _DESCRIBING | {"allOf"}, where)
        return self.read(parts[0], where, depth + 1)

    def _find(self, reference: object, where: str) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            _refuse(where, "refers to something outside of the schema")
        found = self._whole
        for step in reference.lstrip("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                _refuse(where, f"refers to “{reference[:80]}”, which isn't there")
            found = found[name]
        return found

    def _choice(self, schema: dict[str, Any], where: str, depth: int) -> Choice:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        if not isinstance(values, list) or not values:
            _refuse(where, "has an “enum” that is no list of values")
        if "enum" in schema and "const" in schema:
            _refuse(where, "has both an “enum” and a “const”")
        _check_keywords(schema, _DESCRIBING | _BOUNDING, where)
        self._nodes += len(values)
        rest = {key: schema[key] for key in schema if key not in {"enum", "const"}}
        if "type" in rest or _BOUNDING & rest.keys():
            node = self.read(rest, where, depth + 1)
            values = [value for value in values if not problem_of(node, value)]
            if not values:
                _refuse(where, "allows no value: none of its “enum” is of its own “type”")
        texts = (msgspec.json.encode(value).decode() for value in values)
        return Choice(tuple(dict.fromkeys(texts)))


def _kinds(schema: dict[str, Any], where: str) -> list[str]:
    """Return the types that a schema allows; those it only hints at by its other keywords too."""
    kinds = schema.get("type")
    if kinds is None:
        kinds = [kind for kind in ("object", "array") if _BY_KIND[kind] & schema.keys()]
    if isinstance(kinds, str):
        kinds = [kinds]
    if not isinstance(kinds, list) or not kinds:
        _refuse(where, "names no “type”")
    for kind in kinds:
        if not isinstance(kind, str) or kind not in _BY_KIND:
            _refuse(where, f"has a “type” that JSON doesn't know: {str(kind)[:80]}")
    # A whole number is a number: as two options they would only be ambiguous.
    return [kind for kind in dict.fromkeys(kinds) if not (kind == "integer" and "number" in kinds)]


def _text(schema: dict[str, Any], where: str) -> Text:
    least, most = _bounds(schema, "Length", MOST_CHARACTERS, _LARGEST_TEXT, where)
    form = schema.get("format")
    if form not in get_args(Form):
        return Text(least, most)
    if schema.keys() & {"minLength", "maxLength"}:
        _refuse(where, f"has a length although its “format” is “{form}”")
    return Text(0, 0, cast("Form", form))


def _number(schema: dict[str, Any], where: str, *, whole: bool) -> Number:
    least, most = -_LARGEST_NUMBER, _LARGEST_NUMBER
    for keyword, step in (("minimum", 0), ("exclusiveMinimum", 1)):
        if keyword in schema:
            least = max(least, _whole(schema[keyword], keyword, where) + step)
    for keyword, step in (("maximum", 0), ("exclusiveMaximum", 1)):
        if keyword in schema:
            most = min(most, _whole(schema[keyword], keyword, where) - step)
    if not whole and schema.keys() & {"exclusiveMinimum", "exclusiveMaximum"}:
        _refuse(where, "has an exclusive bound, which only whole numbers may have")
    if least > most:
        _refuse(where, "allows no number: its least is above its most")
    return Number(least, most, whole)


def _whole(value: object, keyword: str, where: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(where, f"has a “{keyword}” that is no whole number")
    return value


def _bounds(
    schema: dict[str, Any], measure: str, usual: int, limit: int, where: str
) -> tuple[int, int]:
    """Return the bounds of a length: what is valid below ``limit`` is enough."""
    lower, upper = f"min{measure}", f"max{measure}"
    least = _whole(schema.get(lower, 0), lower, where)
    most = _whole(schema.get(upper, max(usual, least)), upper, where)
    if not 0 <= least <= most:
        _refuse(where, f"has no length between its “{lower}” and its “{upper}”")
    if least > limit:
        _refuse(where, f"has a “{lower}” above {limit:,}")
    return least, min(most, limit)


def _json_kinds(node: Node) -> object:
    """Return what tells apart the values of two options: their kind, or themselves."""
    return type(node) if isinstance(node, (Text, Number, Items, Shape)) else node


def _check_keywords(schema: dict[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse a keyword that narrows what is valid and that is not among the known ones."""
    others = [key for key in schema if key not in known and not key.startswith("x-")]
    if others:
        _refuse(where, f"has “{others[0][:80]}”, which a model can't be held to")


def _refuse(where: str, what: str) -> NoReturn:
    raise bad_schema(f"{where[:1].upper()}{where[1:]} {what}.")
