from __future__ import annotations

import random

from desktop.ui.transcript.heights import HeightTree


def test_agrees_with_a_plain_list_through_any_change() -> None:
    chance = random.Random(7)
    heights = [chance.randint(0, 90) for _ in range(300)]
    tree = HeightTree(heights)
    for _ in range(600):
        match chance.randrange(5):
            case 0:
                heights.append(chance.randint(0, 90))
                tree.append(heights[-1])
            case 1 if len(heights) > 1:
                count = len(heights) - chance.randint(0, 3)
                del heights[max(1, count) :]
                tree.truncate(max(1, count))
            case 2:
                above = [chance.randint(0, 90) for _ in range(chance.randint(0, 5))]
                heights[0:0] = above
                tree.prepend(above)
            case _:
                row = chance.randrange(len(heights))
                heights[row] = chance.randint(0, 90)
                tree.set(row, heights[row])
        row = chance.randint(0, len(heights))
        assert tree.top(row) == sum(heights[:row])
        place = chance.randrange(sum(heights))
        covering = tree.row_at(place)
        assert tree.top(covering) <= place < tree.top(covering + 1)
    assert tree.total == sum(heights)


def test_finds_the_row_that_covers_a_place() -> None:
    whole, late, above = HeightTree([10, 0, 30, 5]), HeightTree([30, 5]), HeightTree()
    late.prepend([10, 0])
    above.prepend([10, 0, 30, 5])
    for tree in (whole, late):
        assert [tree.row_at(place) for place in (-4, 0, 9, 10, 39, 40, 44, 45, 999)] == [
            0, 0, 0, 2, 2, 3, 3, 3, 3,
        ]  # fmt: skip
    assert [above.row_at(place) for place in (-4, 0, 9, 10, 40, 44, 999)] == [0, 0, 0, 2, 3, 3, 3]
    assert HeightTree().row_at(0) == -1
