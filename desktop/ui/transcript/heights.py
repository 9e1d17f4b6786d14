"""Row heights with their running sums: where a row begins, and which row is at a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class _Sums:
    """Heights that more are added to at one end, as a Fenwick tree."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._sums = self._build(self._heights)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, row: int) -> int:
        return self._heights[row]

    @property
    def total(self) -> int:
        """The sum of all heights."""
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


class HeightTree:
    """Heights in pixels of rows.

    Changing one height, the top of a row, the row at a place and a row more at either end all take
    O(log n), so that a reply can grow in a chat of 100,000 messages at every frame, and its
    beginning can come later.
    """

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._above = _Sums()
        """The rows that were put above, the last of them first."""
        self._rows = _Sums(heights)

    def __len__(self) -> int:
        return len(self._above) + len(self._rows)

    def __getitem__(self, row: int) -> int:
        tree, place = self._find(row)
        return tree[place]

    @property
    def total(self) -> int:
        """The height of all rows."""
        return self._above.total + self._rows.total

    def top(self, row: int) -> int:
        """Return the sum of the heights before ``row``, which may be the count of rows."""
        above = len(self._above)
        if row < above:
            return self._above.total - self._above.top(above - row)
        return self._above.total + self._rows.top(row - above)

    def set(self, row: int, height: int) -> None:
        """Change the height of one row."""
        tree, place = self._find(row)
        tree.set(place, height)

    def append(self, height: int) -> None:
        """Add a row at the end."""
        self._rows.append(height)

    def prepend(self, heights: Sequence[int]) -> None:
        """Add rows before the first one; the heights are in the rows' order."""
        for height in reversed(heights):
            self._above.append(height)

    def truncate(self, count: int) -> None:
        """Drop every row from ``count`` on."""
        above = len(self._above)
        if count < above:
            self._rows = _Sums(self[row] for row in range(count))
            self._above = _Sums()
        else:
            self._rows.truncate(count - above)

    def row_at(self, place: int) -> int:
        """Return the row that covers ``place``: clamped to the first and last, -1 without rows."""
        above, height = len(self._above), self._above.total
        if place >= height and len(self._rows):
            return above + self._rows.row_at(place - height)
        if not above:
            return self._rows.row_at(place)
        # Counted from the other end, a row begins where here it ends.
        return above - 1 - self._above.row_at(height - max(0, place) - 1)

    def _find(self, row: int) -> tuple[_Sums, int]:
        above = len(self._above)
        return (self._above, above - 1 - row) if row < above else (self._rows, row - above)
