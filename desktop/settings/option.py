"""What an option is: its words for people, its effect, and what its declaration implies.

A field's type says what it holds, its ``Meta`` the range, its ``Option`` what people read, its
default is the default. The words are marked for translation: who shows them calls ``tr``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta


class Effect(Enum):
    """When a change takes effect."""

    NEXT_TOKEN = "next token"  # noqa: S105 - a token of text
    NEXT_REPLY = "next reply"
    RELOAD = "reloads the model"


@dataclass(frozen=True)
class Option:
    """What people read of an option. ``step`` is the slider's; ``flag`` overrides ``--name``."""

    label: str
    help: str
    step: float = 1
    effect: Effect = Effect.NEXT_TOKEN
    more: bool = False
    multiline: bool = False
    flag: str = ""
    unit: str = ""
    zero: str = ""
    """The word for the value 0 (or None), where it has a meaning of its own."""


@dataclass(frozen=True)
class OptionInfo:
    """An option with what its declaration implies.

    ``minimum`` and ``maximum`` are inclusive. ``longest`` is how many parts or characters there may
    be; ``item`` is the type of a tuple's parts, ``item_longest`` how many characters each may have.
    """

    name: str
    kind: type
    default: Any
    minimum: float | None
    maximum: float | None
    multiple: int | None
    optional: bool
    option: Option
    item: type = str
    longest: int | None = None
    item_longest: int | None = None

    @property
    def flag(self) -> str:
        """Return the command-line flag."""
        return self.option.flag or f"--{self.name.replace('_', '-')}"


def _describe(name: str, hint: Any, default: Any) -> OptionInfo | None:  # noqa: ANN401
    if get_origin(hint) is not Annotated:
        return None
    base, *notes = get_args(hint)
    option = next((note for note in notes if isinstance(note, Option)), None)
    if option is None:
        return None
    optional = type(None) in get_args(base)
    if optional:
        base = next(part for part in get_args(base) if part is not type(None))
        if get_origin(base) is Annotated:
            base, *inner = get_args(base)
            notes += inner
    meta = next((note for note in notes if isinstance(note, Meta)), Meta())
    kind = get_origin(base) or base
    item, item_longest = _item(base) if kind is tuple else (str, None)
    return OptionInfo(
        name=name,
        kind=kind,
        default=default,
        minimum=meta.ge,
        maximum=meta.le,
        multiple=int(meta.multiple_of) if meta.multiple_of else None,
        optional=optional,
        option=option,
        item=item,
        longest=meta.max_length,
        item_longest=item_longest,
    )


def _item(hint: Any) -> tuple[type, int | None]:  # noqa: ANN401 - a type with its notes
    """Return the type of the parts of ``tuple[part, ...]``, and their greatest length."""
    part, *notes = get_args(get_args(hint)[0]) or (get_args(hint)[0],)
    lengths = [note.max_length for note in notes if isinstance(note, Meta)]
    return part, lengths[0] if lengths else None


def options_of(struct: type[msgspec.Struct]) -> tuple[OptionInfo, ...]:
    """Return the options among a struct's fields, in their order."""
    hints = get_type_hints(struct, include_extras=True)
    fields = msgspec.structs.fields(struct)
    found = (_describe(field.name, hints[field.name], field.default) for field in fields)
    return tuple(info for info in found if info is not None)
