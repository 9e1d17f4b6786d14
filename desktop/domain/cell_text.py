"""Values of cells as people read and write them."""

from __future__ import annotations

import json
from typing import Final

from desktop.domain.errors import UserError
from desktop.domain.row_schema import cell_trouble
from desktop.domain.table import Column, Value
from models.wording import tr

_YES: Final = frozenset({"yes", "true", "y", "1"})
_NO: Final = frozenset({"no", "false", "n", "0"})


def text_of(value: Value) -> str:
    """Return a value as people read it."""
    match value:
        case None:
            return ""
        case bool():
            return tr("yes") if value else tr("no")
        case str():
            return value
        case list() if all(isinstance(each, str | int | float) for each in value):
            return ", ".join(text_of(each) for each in value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def value_of(text: str, column: Column) -> Value:
    """Return what a person has written into a column. Raises UserError where it can't stand there.

    ``value_of(text_of(value), column)`` is the value again.
    """
    written = text.strip()
    if not written:
        value: Value = None
    else:
        value = _parsed(written, column)
    if trouble := cell_trouble(value, column):
        raise UserError(
            tr(
                "“{text}” can't stand in “{column}”: it {trouble}.",
                text=written[:60],
                column=column.name,
                trouble=trouble,
            )
        )
    return value


def _parsed(text: str, column: Column) -> Value:
    try:
        match column.type:
            case "integer":
                return int(text.replace(",", "").replace("\u202f", "").replace(" ", ""))
            case "number":
                return _number(text)
            case "boolean":
                return _truth(text)
            case "json":
                return _json(text, column)
            case _:
                return text
    except ValueError as error:
        raise UserError(
            tr("“{text}” can't stand in “{column}”.", text=text[:60], column=column.name),
            _hint(column),
            str(error),
        ) from error


def _number(text: str) -> float:
    plain = text.replace(" ", "").replace("\u202f", "")
    if plain.rfind(",") > plain.rfind(".") and ("." in plain or len(plain.rpartition(",")[2]) != 3):
        plain = plain.replace(".", "").replace(",", ".")
    number = float(plain.replace(",", ""))
    return int(number) if number.is_integer() and "." not in plain else number


def _truth(text: str) -> bool:
    word = text.casefold()
    if word in _YES or word == tr("yes").casefold():
        return True
    if word in _NO or word == tr("no").casefold():
        return False
    raise ValueError(f"{word} is neither yes nor no")


def _json(text: str, column: Column) -> Value:
    schema = json.loads(column.schema)
    is_list = schema.get("type") == "array" and not text.startswith("[")
    if not is_list:
        return json.loads(text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    is_text = schema["items"].get("type") == "string"
    return list(parts) if is_text else [json.loads(part) for part in parts]


def _hint(column: Column) -> str:
    match column.type:
        case "integer":
            return tr("Write a whole number.")
        case "number":
            return tr("Write a number.")
        case "boolean":
            return tr("Write yes or no.")
        case _:
            return tr("Write it as JSON.")
