from __future__ import annotations

import random

from desktop.ui.transcript.heights import HeightTree


def test_agrees_with_a_plain_list_through_any_change() -> None:
    chance = random.Random(7)
    heights = [chance.randint(0, 90) for _ in range(300)]
    tree = HeightTree(heights)
    for _ in range(600):
        match chance.randrange(4):
            case 0:
                heights.append(chance.randint(0, 90))
                tree.append(heights[-1])
            case 1 if len(heights) > 1:
                count = len(heights) - chance.randint(0, 3)
                del heights[max(1, count) :]
                tree.truncate(max(1, count))
            case _:
                row = chance.randrange(len(heights))
                heights[row] = chance.randint(0, 90)
                tree.set(row, heights[row])
        row = chance.randint(0, len(heights))
        assert tree.top(row) == sum(heights[:row])
    assert tree.total == sum(heights)


def test_finds_the_row_that_covers_a_place() -> None:
    tree = HeightTree([10, 0, 30, 5])
    assert [tree.row_at(place) for place in (-4, 0, 9, 10, 39, 40, 44, 45, 999)] == [
        0, 0, 0, 2, 2, 3, 3, 3, 3,
    ]  # fmt: skip
    assert HeightTree().row_at(0) == -1
