"""What was found as a list: chats by their titles, then messages."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.domain.search import Found, SearchResults
from desktop.ui.dates import in_words
from models.wording import mark, tr

FOUND_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``Found`` of a row, None for a line of words."""
HEADING_ROLE: Final = FOUND_ROLE + 2
"""Whether a line of words stands over what follows it."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_MORE: Final = mark("More messages have this. Another word narrows it down.")


class SearchModel(QAbstractListModel):
    """Hits, with a heading before each kind where there are both."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Found | str] = []

    def set_results(self, results: SearchResults) -> None:
        """Show what was found."""
        rows: list[Found | str] = []
        if results.chats:
            rows += [tr("Chats"), *results.chats]
        if results.messages:
            rows += [tr("Messages"), *results.messages]
        if results.more:
            rows.append(tr(_MORE))
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def first(self) -> QModelIndex:
        """Return the best hit; an invalid index without any."""
        places = (row for row, each in enumerate(self._rows) if isinstance(each, Found))
        return self.index(next(places, -1))

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of hits and headings."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a hit or a heading."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if isinstance(row, str):
            if role == HEADING_ROLE:
                return index.row() + 1 < len(self._rows)
            return row if role == Qt.ItemDataRole.DisplayRole else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(row)
        return row if role == FOUND_ROLE else None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let hits be opened, and headings be only seen."""
        if index.isValid() and isinstance(self._rows[index.row()], Found):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags


def spoken(found: Found) -> str:
    """Return what a screen reader says for a hit."""
    text = "".join(part.text for part in found.excerpt)
    if found.message_id is None:
        return text
    who = tr("You") if found.role == "user" else tr("Model")
    return f"{found.title}, {day_of(found.at)}. {who}: {text}"


def day_of(at: float) -> str:
    """Return a day as people name it: the time today, else the date."""
    now = dt.datetime.now().astimezone()
    then = dt.datetime.fromtimestamp(at, now.tzinfo)
    if then.date() == now.date():
        return in_words(then, tr("HH:mm"))
    return in_words(then, tr("d MMM") if then.year == now.year else tr("yyyy-MM-dd"))
