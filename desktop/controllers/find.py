"""Find in the open chat: counts a little of the path at a time, and goes from match to match."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.chat import ChatController
from desktop.domain.finding import Wanted

_SLICE_S: Final = 0.005
_AGAIN_MS: Final = 150


class Match(NamedTuple):
    """The ``number``-th match of a message, from 0."""

    message_id: int
    number: int


class FindController(QObject):
    """Finds in the open chat, and keeps up with it.

    ``changed`` tells that count or place are others, ``moved`` carries the match to be shown.
    """

    changed = Signal()
    moved = Signal(object)

    def __init__(self, chat: ChatController) -> None:
        super().__init__()
        self.wanted: Wanted | None = None
        self.is_counting = False
        self.current: Match | None = None
        self._chat = chat
        self._from_id = 0
        self._goes = False
        """Whether the first match is to be gone to, once it is known."""
        self._ids: list[int] = []
        self._counts: list[int] = []
        self._before: list[int] = [0]
        """How many matches there are before each of the messages, and in all."""
        self._known: dict[int, tuple[str, int]] = {}
        self._scan: Iterator[None] = iter(())
        self._step = QTimer(self, interval=0)
        self._step.timeout.connect(self._on_step)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._begin)
        chat.opened.connect(self._on_opened)
        for signal in (chat.path_changed, chat.messages_added, chat.message_replaced):
            signal.connect(self._on_changed)
        for signal in (chat.messages_put_below, chat.messages_put_above):
            signal.connect(self._on_changed)

    @property
    def total(self) -> int:
        """Return how many matches there are."""
        return self._before[-1]

    @property
    def place(self) -> int:
        """Return which of them is the current one, from 1; 0 for none."""
        if self.current is None:
            return 0
        row = bisect_left(self._ids, self.current.message_id)
        return self._before[row] + self.current.number + 1

    def find(self, query: str, from_id: int) -> None:
        """Look for this from a message on; nothing ends it."""
        self.wanted = Wanted(query) if query.strip() else None
        self._known = {}
        self._from_id = self.current.message_id if self.current else from_id
        self._goes = True
        self._begin()

    def go(self, step: int) -> None:
        """Go so many matches on, round the ends."""
        if not self.total:
            return
        here = self.place - 1 if self.current else self._place_from(self._from_id) - (step > 0)
        self._go_to((here + step) % self.total)

    # --- counting --------------------------------------------------------------------------------

    def _on_opened(self, _chat: object) -> None:
        self._known, self.current, self._goes, self._from_id = {}, None, False, 0
        self._on_changed()

    def _on_changed(self, _change: object = None) -> None:
        # A great chat comes in many bits: it is counted as they come, and not at each.
        if self.wanted is not None and not self._again.isActive():
            self._again.start()

    def _begin(self) -> None:
        self.is_counting = True
        self._scan = self._counting(self.wanted)
        self._step.start()
        self._on_step()

    def _on_step(self) -> None:
        if next(self._scan, self) is self:
            self._step.stop()

    def _counting(self, wanted: Wanted | None) -> Iterator[None]:
        ids, counts, known = [], [], self._known
        end = time.perf_counter() + _SLICE_S
        for message in tuple(self._chat.path) if wanted else ():
            text, count = known.get(message.id, ("", 0))
            if text is not message.text and wanted is not None:
                count = wanted.count_in(message)
                known[message.id] = (message.text, count)
            if count:
                ids.append(message.id)
                counts.append(count)
            if time.perf_counter() > end:
                yield
                end = time.perf_counter() + _SLICE_S
        self._take(ids, counts)

    def _take(self, ids: list[int], counts: list[int]) -> None:
        self._ids, self._counts = ids, counts
        self._before = list(accumulate(counts, initial=0))
        self.is_counting = False
        if self.current is not None:
            row = bisect_left(ids, self.current.message_id)
            is_there = row < len(ids) and ids[row] == self.current.message_id
            if not is_there or self.current.number >= counts[row]:
                self.current = None
        if self._goes and self.total:
            self._goes = False
            self._go_to((self._place_from(self._from_id)) % self.total)
        else:
            self.changed.emit()

    def _place_from(self, message_id: int) -> int:
        return self._before[bisect_left(self._ids, message_id)]

    def _go_to(self, place: int) -> None:
        row = bisect_left(self._before, place + 1) - 1
        self.current = Match(self._ids[row], place - self._before[row])
        self.changed.emit()
        self.moved.emit(self.current)
