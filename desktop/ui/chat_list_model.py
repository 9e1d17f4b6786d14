"""The chats as a list with headings: Today, Yesterday, Earlier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from desktop.domain.chat import Chat

CHAT_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``Chat`` of a row, None for a heading."""
WRITING_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""Whether a reply is being written in the row's chat."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
UNTITLED: Final = "Untitled chat"


class ChatListModel(QAbstractListModel):
    """Chats whose titles hold the filter's words, under headings of when they were last used."""

    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self._chats: Sequence[Chat] = ()
        self._writing: set[int] = set()
        self._filter = ""
        self._rows: list[Chat | str] = []

    def set_chats(self, chats: Sequence[Chat]) -> None:
        """Show these chats, newest first."""
        self._chats = chats
        self._rebuild()

    def set_filter(self, text: str) -> None:
        """Show only chats with all of these words in their titles."""
        self._filter = text
        self._rebuild()

    def set_writing(self, chat_ids: set[int]) -> None:
        """Mark the chats in which a reply is being written."""
        if chat_ids != self._writing:
            self._writing = set(chat_ids)
            self._rebuild_marks()

    def row_of(self, chat_id: int | None) -> int:
        """Return the row of a chat, -1 where it isn't shown."""
        rows = (
            row
            for row, each in enumerate(self._rows)
            if isinstance(each, Chat) and each.id == chat_id
        )
        return next(rows, -1)

    def first_chat(self) -> Chat | None:
        """Return the first chat that is shown."""
        return next((each for each in self._rows if isinstance(each, Chat)), None)

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of chats and headings."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a chat or a heading."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if isinstance(row, str):
            return row if role == Qt.ItemDataRole.DisplayRole else None
        return self._chat_data(row, role)

    def _chat_data(self, chat: Chat, role: int) -> object:
        title = chat.title or UNTITLED
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return title
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{title}, a reply is being written" if chat.id in self._writing else title
            case _:
                return {CHAT_ROLE: chat, WRITING_ROLE: chat.id in self._writing}.get(role)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let chats be opened and renamed, and headings be only seen."""
        if index.isValid() and isinstance(self._rows[index.row()], Chat):
            flag = Qt.ItemFlag
            return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsEditable
        return Qt.ItemFlag.NoItemFlags

    def setData(
        self,
        index: AnyIndex,
        value: Any,  # noqa: ANN401
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Ask for a new title; the list shows it once the store has it."""
        chat = self.data(index, CHAT_ROLE)
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or chat is None or title in ("", chat.title):
            return False
        self.renamed.emit(chat.id, title)
        return True

    def _rebuild(self) -> None:
        words = self._filter.casefold().split()
        found = [chat for chat in self._chats if _matches(chat, words)]
        rows = grouped(found, dt.datetime.now().astimezone())
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def _rebuild_marks(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [WRITING_ROLE])


def grouped(chats: Sequence[Chat], now: dt.datetime) -> list[Chat | str]:
    """Return the chats, which are in order, with a heading before each group."""
    rows: list[Chat | str] = []
    last = ""
    for chat in chats:
        used = dt.datetime.fromtimestamp(chat.updated_at, now.tzinfo).date()
        heading = _heading((now.date() - used).days)
        if heading != last:
            rows.append(heading)
            last = heading
        rows.append(chat)
    return rows


def _heading(days: int) -> str:
    if days <= 0:
        return "Today"
    return "Yesterday" if days == 1 else "Earlier"


def _matches(chat: Chat, words: list[str]) -> bool:
    title = chat.title.casefold()
    return all(word in title for word in words)
