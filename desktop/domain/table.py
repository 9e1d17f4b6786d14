"""A table that is to be filled from documents: its columns, and what may stand in them."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.wording import mark

ColumnType = Literal["text", "integer", "number", "date", "boolean", "choice", "json"]
Empty = Literal["null", "absent", "never"]
Value = object
"""A cell's value as JSON has it; None where the text says nothing."""
Row = dict[str, Value]
"""The values of a row by their columns' names."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for. ``schema`` is the JSON schema of its values, in the checked form.

    ``empty`` is what stands where the text says nothing: null, no entry at all, or neither, since
    a schema wants a value. ``choices`` are those of the type ``choice``.
    """

    name: str
    type: ColumnType = "text"
    description: str = ""
    choices: tuple[str, ...] = ()
    schema: str = ""
    empty: Empty = "null"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The columns, checked; ``source`` is the JSON schema that they were made from, if any."""

    columns: tuple[Column, ...]
    source: str = ""


TYPE_WORDS: dict[ColumnType, str] = {
    "text": mark("Text"),
    "integer": mark("Whole number"),
    "number": mark("Number"),
    "date": mark("Date"),
    "boolean": mark("Yes or no"),
    "choice": mark("One of several"),
    "json": "JSON",
}
"""What people call the types; ``tr`` translates them."""
