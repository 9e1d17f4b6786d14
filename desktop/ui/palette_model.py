"""The lines of the palette: actions that are meant, then chats and messages that were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.domain.matching import match_name
from desktop.domain.search import Found, Part, SearchResults
from desktop.ui.palette_entries import Entry
from desktop.ui.search_model import FOUND_ROLE, spoken
from models.wording import mark, tr

LINE_ROLE: Final = FOUND_ROLE + 1
"""The ``Line`` of a row that is an action."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_MOST_ACTIONS: Final = 12
_MOST_CHATS: Final = 5
_MOST_MESSAGES: Final = 12
_MOST_RECENT: Final = 5
_RECENT: Final = mark("Recent")
_ACTIONS: Final = mark("Actions")
_CHATS: Final = mark("Chats")
_MESSAGES: Final = mark("Messages")


@dataclass(frozen=True)
class Line:
    """An action, and the parts of its name: those that were typed are matches."""

    entry: Entry
    parts: tuple[Part, ...]


class PaletteModel(QAbstractListModel):
    """Headings, actions and hits; what was searched for comes a little after what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._recent: tuple[str, ...] = ()
        self._actions: list[Line | str] = []
        self._found: list[Line | Found | str] = []

    def set_entries(self, entries: Sequence[Entry], recent: tuple[str, ...]) -> None:
        """Take what can be done now, and the ids of what was done last."""
        self._entries, self._recent = entries, recent

    def set_query(self, query: str) -> None:
        """Show the actions that are meant; without a query all, those of late first."""
        self.beginResetModel()
        if query.strip():
            self._actions = _headed(_ACTIONS, _meant(query, self._entries, self._recent))
        else:
            self._actions, self._found = _all(self._entries, self._recent), []
        self.endResetModel()

    def set_results(self, results: SearchResults, more: Entry) -> None:
        """Show what was found below the actions; ``more`` where there is more of it."""
        chats, messages = results.chats[:_MOST_CHATS], results.messages[:_MOST_MESSAGES]
        found: list[Line | Found | str] = []
        if chats:
            found += [tr(_CHATS), *chats]
        if messages:
            found += [tr(_MESSAGES), *messages]
        if results.more or len(chats) + len(messages) < len(results.chats) + len(results.messages):
            found.append(Line(more, (Part(more.name),)))
        if found != self._found:
            first = len(self._actions)
            if self._found:
                self.beginRemoveRows(_NO_PARENT, first, first + len(self._found) - 1)
                self._found = []
                self.endRemoveRows()
            if found:
                self.beginInsertRows(_NO_PARENT, first, first + len(found) - 1)
                self._found = found
                self.endInsertRows()

    def step(self, row: int, step: int) -> int:
        """Return the next row that can be chosen, round the ends; -1 without any."""
        count = self.rowCount()
        rows = ((row + step * distance) % count for distance in range(1, count + 1))
        return next((each for each in rows if not isinstance(self._row(each), str)), -1)

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self._actions) + len(self._found)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a line."""
        if not index.isValid():
            return None
        row = self._row(index.row())
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return _said(row)
        if role == FOUND_ROLE:
            return row if isinstance(row, Found) else None
        return row if role == LINE_ROLE and isinstance(row, Line) else None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let all but headings be chosen."""
        if index.isValid() and not isinstance(self._row(index.row()), str):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def _row(self, row: int) -> Line | Found | str:
        actions = len(self._actions)
        return self._actions[row] if row < actions else self._found[row - actions]


def _said(row: Line | Found | str) -> str:
    if isinstance(row, str):
        return row
    if isinstance(row, Found):
        return spoken(row)
    entry = row.entry
    return ", ".join(each for each in (entry.name, entry.where, entry.keys) if each)


def _all(entries: Sequence[Entry], recent: tuple[str, ...]) -> list[Line | str]:
    by_id = {entry.id: entry for entry in entries}
    late = [by_id[each] for each in recent if each in by_id][:_MOST_RECENT]
    # Those with a key are what is done most.
    others = sorted((each for each in entries if each not in late), key=lambda each: not each.keys)
    return [*_headed(_RECENT, map(_plain, late)), *_headed(_ACTIONS, map(_plain, others))]


def _headed(heading: str, lines: Iterable[Line]) -> list[Line | str]:
    below = list(lines)
    return [tr(heading), *below] if below else []


def _plain(entry: Entry) -> Line:
    return Line(entry, (Part(entry.name),))


def _meant(query: str, entries: Sequence[Entry], recent: tuple[str, ...]) -> list[Line]:
    """Return the actions that a query means, the surest first; those of late win a draw."""
    late = {each: len(recent) - at for at, each in enumerate(recent)}
    found = []
    for place, entry in enumerate(entries):
        match = match_name(query, entry.name, entry.where)
        if match is not None:
            found.append((match.score, late.get(entry.id, 0), -place, match.places, entry))
    best = nlargest(_MOST_ACTIONS, found, key=lambda each: each[:3])
    return [Line(entry, _parts(entry.name, places)) for *_, places, entry in best]


def _parts(name: str, places: tuple[int, ...]) -> tuple[Part, ...]:
    meant = set(places)
    groups = groupby(enumerate(name), key=lambda pair: pair[0] in meant)
    return tuple(Part("".join(letter for _, letter in group), is_) for is_, group in groups)
