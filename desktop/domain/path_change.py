"""What is different about a chat's path since it was read: so that nobody compares all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from desktop.domain.chat import Message

_AT_ONCE: Final = 1000
"""Lists are compared without looking at messages that both hold, and in a moment each time."""


class PathChange(msgspec.Struct, frozen=True, kw_only=True):
    """From the path that is shown to the path that there is.

    The first ``shared`` messages stay, but for those that are ``replaced``, by their places. The
    ``tail`` follows them, and then the messages whose ids are ``below``, which are yet to be read.
    """

    shared: int
    replaced: dict[int, Message]
    tail: tuple[Message, ...]
    below: tuple[int, ...]


def path_change(shown: Sequence[Message], path: Sequence[Message], at_once: int) -> PathChange:
    """Return how to get from what is ``shown`` of a path to the present ``path``, which is whole.

    What is shown may begin below the root and end above the leaf. The tail has at most
    ``at_once`` messages.
    """
    start = _place_of(shown[0].id, path) if shown else 0
    shared, others = compare(shown, path[start:])
    replaced = {place: path[start + place] for place in others}
    end = start + shared
    return PathChange(
        shared=shared,
        replaced=replaced,
        tail=tuple(path[end : end + at_once]),
        below=tuple(message.id for message in path[end + at_once :]),
    )


def compare(shown: Sequence[Message], path: Sequence[Message]) -> tuple[int, list[int]]:
    """Return how many first messages two lists share, and the places of those that have changed."""
    changed: list[int] = []
    shared = min(len(shown), len(path))
    for start in range(0, shared, _AT_ONCE):
        olds, news = list(shown[start : start + _AT_ONCE]), list(path[start : start + _AT_ONCE])
        if olds == news:
            continue
        for place, (old, new) in enumerate(zip(olds, news, strict=False), start):
            if old.id != new.id:
                return place, changed
            if old != new:
                changed.append(place)
    return shared, changed


def _place_of(message_id: int, path: Sequence[Message]) -> int:
    return next((place for place, each in enumerate(path) if each.id == message_id), 0)
