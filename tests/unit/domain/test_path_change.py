"""What is different about a path, found by comparing it once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from desktop.domain.chat import Message
from desktop.domain.path_change import PathChange, path_change


def path_of(*ids: int) -> list[Message]:
    parents = (None, *ids)
    return [
        Message(id=each, chat_id=1, parent_id=parent, role="user", text=f"m{each}")
        for each, parent in zip(ids, parents, strict=False)
    ]


def applied(shown: Sequence[Message], change: PathChange) -> list[int]:
    kept = [each.id for each in shown[: change.shared]]
    return [*kept, *(each.id for each in change.tail), *change.below]


def test_a_path_that_is_the_same_has_no_change() -> None:
    path = path_of(1, 2, 3)
    assert path_change(path, path_of(1, 2, 3), 10) == PathChange(
        shared=3, replaced={}, tail=(), below=()
    )


def test_a_message_that_was_pinned_is_replaced_at_its_place() -> None:
    shown, path = path_of(1, 2, 3), path_of(1, 2, 3)
    path[1] = msgspec.structs.replace(path[1], pinned=True)
    change = path_change(shown, path, 10)
    assert change.replaced == {1: path[1]}
    assert (change.shared, change.tail) == (3, ())


@pytest.mark.parametrize(
    ("shown", "path"),
    [
        ((1, 2, 3), (1, 4, 5)),
        ((1, 2, 3), (1,)),
        ((1, 2, 3), (7, 8)),
        ((1, 2, 3), ()),
        ((), (1, 2)),
        ((1, 2), (1, 2, *range(10, 60))),
        ((1, 2, 3), (1, *range(10, 60))),
    ],
)
def test_what_is_shown_becomes_the_path_a_bit_at_a_time(
    shown: tuple[int, ...], path: tuple[int, ...]
) -> None:
    change = path_change(path_of(*shown), path_of(*path), 10)
    assert applied(path_of(*shown), change) == list(path)
    assert len(change.tail) <= 10


def test_a_part_of_a_path_keeps_its_place() -> None:
    whole = path_of(*range(1, 41))
    change = path_change(whole[20:30], whole, 5)
    assert (change.shared, change.replaced) == (10, {})
    assert applied(whole[20:30], change) == list(range(21, 41))
