"""What a schema comes to: few kinds of values, each with its bounds."""

from __future__ import annotations

from typing import Literal

import msgspec

Form = Literal["", "date", "time", "date-time", "uuid"]


class Text(msgspec.Struct, frozen=True, tag=True):
    """A string of ``least`` to ``most`` characters, or one of a ``form``, which has its own."""

    least: int
    most: int
    form: Form = ""


class Number(msgspec.Struct, frozen=True, tag=True):
    """A number from ``least`` to ``most``; ``whole`` ones have no fraction."""

    least: int
    most: int
    whole: bool


class Choice(msgspec.Struct, frozen=True, tag=True):
    """One of these values, each as its JSON text."""

    literals: tuple[str, ...]


class Items(msgspec.Struct, frozen=True, tag=True):
    """A list of ``least`` to ``most`` items of one kind."""

    item: Node
    least: int
    most: int


class Member(msgspec.Struct, frozen=True):
    """A named value of an object; it may be left out unless it is ``required``."""

    name: str
    node: Node
    required: bool


class Shape(msgspec.Struct, frozen=True, tag=True):
    """An object with these members and no others, in this order."""

    members: tuple[Member, ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    """A value of one of several kinds."""

    options: tuple[Node, ...]


Node = Text | Number | Choice | Items | Shape | Either
