"""All rows' geometry: heights estimated until seen, and a reading place that does not move."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from desktop.domain.chat import Message
from desktop.ui.transcript import metrics
from desktop.ui.transcript.heights import HeightTree
from desktop.ui.transcript.looks import Looks
from desktop.ui.transcript.model import TranscriptModel
from desktop.ui.transcript.rendering import BlockRenderer
from desktop.ui.transcript.row import RowLayout
from models.reasoning import answer_in

_KEPT_ROWS: Final = 200
_PASSES: Final = 12
_BUDGET_S: Final = 0.020


class Place(NamedTuple):
    """A block (or, without one, a row) and where its top is in the viewport."""

    message_id: int
    block: int
    y: int


class TranscriptLayout:
    """Knows where each message is, in pixels from the top of the conversation."""

    def __init__(self, renderer: BlockRenderer) -> None:
        self._model = TranscriptModel()
        self._renderer = renderer
        self._width = metrics.column_width(0)
        self._rows: OrderedDict[int, RowLayout] = OrderedDict()
        self._heights = HeightTree()
        self._looks: dict[int, Looks] = {}

    @property
    def model(self) -> TranscriptModel:
        """The model whose rows are laid out."""
        return self._model

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._heights)

    @property
    def total(self) -> int:
        """The height of the whole conversation."""
        return self._heights.total + metrics.END_MARGIN

    @property
    def width(self) -> int:
        """The reading column's width."""
        return self._width

    def row_top(self, row: int) -> int:
        """Return where a row begins."""
        return self._heights.top(row)

    def row_at(self, y: int) -> int:
        """Return the row at a place; -1 without rows."""
        return self._heights.row_at(y)

    def row_height(self, row: int) -> int:
        """Return a row's height, which may be an estimate."""
        return self._heights[row]

    def row(self, row: int) -> RowLayout:
        """Return a row's blocks and their places."""
        message_id = self._model.message_id(row)
        layout = self._rows.get(message_id)
        if layout is None:
            layout = RowLayout(
                self._model.message(row),
                self._renderer,
                self._width,
                self._model.mark(message_id),
                self.looks(message_id),
            )
            self._rows[message_id] = layout
            if len(self._rows) > _KEPT_ROWS:
                self._rows.popitem(last=False)
        else:
            self._rows.move_to_end(message_id)
            layout.set_width(self._width)
        return layout

    def looks(self, message_id: int) -> Looks:
        """Return how a person wants to see a message."""
        return self._looks.setdefault(message_id, Looks())

    def row_changed(self, row: int) -> None:
        """Take in that a row has another height now, and maybe a thought that is read aloud."""
        layout = self.row(row)
        self._heights.set(row, layout.height)
        self._model.set_thought_open(layout.message.id, is_open=not layout.is_folded)

    def visible_rows(self, top: int, height: int) -> Iterator[int]:
        """Iterate over the rows that are at least partly in a viewport."""
        row = max(0, self._heights.row_at(top))
        bottom = top + height
        while row < len(self._heights) and self._heights.top(row) < bottom:
            yield row
            row += 1

    # --- changes -------------------------------------------------------------------------------

    def set_model(self, model: TranscriptModel) -> None:
        """Lay out the messages of a model."""
        self._model = model
        self.reset()

    def set_renderer(self, renderer: BlockRenderer) -> None:
        """Lay out for another appearance."""
        self._renderer = renderer
        self.reset()

    def reset(self) -> None:
        """Begin anew: all messages are others, or look different."""
        self._rows.clear()
        self._heights = HeightTree(map(self._estimate, self._model.messages()))

    def rows_appended(self) -> None:
        """Take in rows that were added at the end."""
        for message in self._model.messages()[len(self._heights) :]:
            self._heights.append(self._estimate(message))

    def rows_put_above(self, count: int) -> None:
        """Take in rows that were added before the first one."""
        self._heights.prepend([self._estimate(each) for each in self._model.messages()[:count]])

    def rows_removed(self) -> None:
        """Take note that rows at the end are gone."""
        self._heights.truncate(len(self._model.messages()))

    def row_replaced(self, row: int) -> None:
        """Lay a message out again from its beginning."""
        known = self._rows.pop(self._model.message_id(row), None)
        if known is None:
            self._heights.set(row, self._estimate(self._model.message(row)))
        else:
            self._heights.set(row, self.row(row).height)

    def row_grown(self, row: int) -> int:
        """Take in text that was added to a message; return from where on it looks different."""
        layout = self.row(row)
        changed_from = layout.grow(self._model.message(row))
        self._heights.set(row, layout.height)
        return self._heights.top(row) + changed_from

    def set_width(self, width: int) -> bool:
        """Take the viewport's width; tell whether the column's changed."""
        column = metrics.column_width(width)
        if column == self._width:
            return False
        self._width = column
        return True

    def estimate_again(self) -> None:
        """Estimate the rows that were not seen yet for the present width."""
        rows = self._rows
        heights = (
            rows[message.id].height if message.id in rows else self._estimate(message)
            for message in self._model.messages()
        )
        self._heights = HeightTree(heights)

    # --- the reading place ---------------------------------------------------------------------

    def settle(self, top: int, height: int, *, following: bool) -> int:
        """Lay out what a viewport shows; return the top at which nothing that is read moves.

        What was laid out before keeps its place in the viewport, so that heights that become
        known above it push upwards. With ``following`` the end stays at the bottom.
        """
        place = None if following else self.place_at(top, height)
        deadline = time.perf_counter() + _BUDGET_S
        for _ in range(_PASSES):
            if following:
                top = self.total - height
            top = max(0, min(top, self.total - height))
            changed = self._measure(top, height, deadline)
            if place is not None:
                top = self.top_for(place)
            if not changed:
                break
        return max(0, min(top, self.total - height))

    def is_unsettled(self, top: int, height: int) -> bool:
        """Tell whether something in a viewport is not laid out yet for want of time."""
        for row in self.visible_rows(top, height):
            y = top - self._heights.top(row)
            if self.row(row).unmeasured(y, y + height):
                return True
        return False

    def place_at(self, top: int, height: int) -> Place | None:
        """Return the first block in a viewport that is laid out, else the first of all."""
        first: Place | None = None
        for row in self.visible_rows(top, height):
            layout, row_top = self.row(row), self._heights.top(row)
            message_id = layout.message.id
            if not layout.blocks:
                return first or Place(message_id, -1, row_top - top)
            for index in range(layout.block_at(top - row_top), len(layout.blocks)):
                y = row_top + layout.block_top(index) - top
                if y > height:
                    break
                if layout.is_measured(index):
                    return Place(message_id, index, y)
                first = first or Place(message_id, index, y)
        return first

    def top_for(self, place: Place) -> int:
        """Return the top at which a place is where it was."""
        row = self._model.row_of(place.message_id)
        if row is None:
            return self.total
        inner = 0
        if place.block >= 0:
            layout = self.row(row)
            inner = layout.block_top(min(place.block, len(layout.blocks) - 1))
        return self._heights.top(row) + inner - place.y

    def measure_row(self, row: int, depth: int) -> None:
        """Lay out a row's blocks down to so many pixels, as far as there is time."""
        layout = self.row(row)
        layout.measure(0, depth, time.perf_counter() + 2 * _BUDGET_S)
        self._heights.set(row, layout.height)

    def _measure(self, top: int, height: int, deadline: float) -> bool:
        changed = False
        for row in self.visible_rows(top, height):
            layout = self.row(row)
            y = top - self._heights.top(row)
            if layout.measure(y, y + height, deadline):
                changed = True
            if layout.height != self._heights[row]:
                self._heights.set(row, layout.height)
                changed = True
        return changed

    def _estimate(self, message: Message) -> int:
        style = self._renderer.style
        text = answer_in(message.text) if message.role == "assistant" else message.text
        wrapped = len(text) * style.average_char / self._width
        lines = wrapped + text.count("\n") * 0.6 + 1
        return round(lines * style.line_height) + metrics.ACTIONS_HEIGHT + 3 * metrics.ROW_TOP
