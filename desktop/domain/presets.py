"""Presets: settings of a completion under a name, with the examples that show what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Final

import msgspec

from desktop.domain.errors import UserError
from models.records import Turn
from models.wording import tr

LONGEST_NAME: Final = 80
"""In characters."""
MOST_EXAMPLES: Final = 50
LONGEST_EXAMPLE: Final = 20_000
"""Of each of its two sides, in characters."""

_Side = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_EXAMPLE)]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that shows the model what is wanted: what is asked, and the reply to it."""

    user: _Side
    assistant: _Side


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """Settings under a name. ``values`` are plain JSON data by the settings' names."""

    id: int
    name: str
    values: dict[str, object] = {}


class DeletedPreset(msgspec.Struct, frozen=True, kw_only=True):
    """What an undo needs: the preset, and the paths of the models whose default it was."""

    preset: Preset
    model_paths: tuple[str, ...] = ()


def example_turns(examples: Iterable[Example]) -> list[Turn]:
    """Return the turns that stand before the conversation."""
    return [
        turn
        for each in examples
        for turn in (
            Turn(role="user", text=each.user),
            Turn(role="assistant", text=each.assistant),
        )
    ]


def checked_name(name: str) -> str:
    """Return a preset's name on one line. Raises UserError for one that is empty or too long."""
    printable = "".join(each if each.isprintable() else " " for each in name)
    name = " ".join(printable.split())
    if not name:
        raise UserError(tr("A preset needs a name."), tr("Write what it is for."))
    if len(name) > LONGEST_NAME:
        raise UserError(
            tr(
                "A preset's name has at most {most} characters; this one has {length}.",
                most=LONGEST_NAME,
                length=len(name),
            ),
            tr("Shorten it."),
        )
    return name


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number behind it where one like it is ``taken``."""
    folded = {each.casefold() for each in taken}
    if name.casefold() not in folded:
        return name
    numbered = (f"{name[: LONGEST_NAME - 8]} ({number})" for number in range(2, len(taken) + 3))
    return next(each for each in numbered if each.casefold() not in folded)
