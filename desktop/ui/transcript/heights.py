"""Row heights with their running sums: where a row begins, and which row is at a place."""

from __future__ import annotations

from collections.abc import Iterable


class HeightTree:
    """Heights in pixels of rows, as a Fenwick tree.

    Changing one height, the top of a row and the row at a place all take O(log n), so that a
    reply can grow in a chat of 100,000 messages at every frame.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._sums = self._build(self._heights)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, row: int) -> int:
        return self._heights[row]

    @property
    def total(self) -> int:
        """The height of all rows."""
        return self.top(len(self._heights))

    def top(self, row: int) -> int:
        """Return the sum of the heights before ``row``, which may be the count of rows."""
        total = 0
        while row > 0:
            total += self._sums[row]
            row &= row - 1
        return total

    def set(self, row: int, height: int) -> None:
        """Change the height of one row."""
        change = height - self._heights[row]
        if not change:
            return
        self._heights[row] = height
        node = row + 1
        while node < len(self._sums):
            self._sums[node] += change
            node += node & -node

    def append(self, height: int) -> None:
        """Add a row at the end."""
        self._heights.append(height)
        node = len(self._heights)
        self._sums.append(self.top(node - 1) - self.top(node - (node & -node)) + height)

    def truncate(self, count: int) -> None:
        """Drop every row from ``count`` on."""
        del self._heights[count:]
        del self._sums[count + 1 :]

    def row_at(self, place: int) -> int:
        """Return the row that covers ``place``: clamped to the first and last, -1 without rows."""
        if not self._heights:
            return -1
        row = 0
        step = 1 << (len(self._heights).bit_length() - 1)
        while step:
            following = row + step
            if following < len(self._sums) and self._sums[following] <= place:
                row = following
                place -= self._sums[following]
            step >>= 1
        return min(row, len(self._heights) - 1)

    @staticmethod
    def _build(heights: list[int]) -> list[int]:
        sums = [0, *heights]
        for node in range(1, len(sums)):
            parent = node + (node & -node)
            if parent < len(sums):
                sums[parent] += sums[node]
        return sums
