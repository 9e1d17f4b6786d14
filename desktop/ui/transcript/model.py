"""The conversation as Qt's item views and screen readers read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

import msgspec
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktop.domain.chat import Message, MessageState
from desktop.domain.path_change import compare
from desktop.ui.transcript.marks import Mark
from desktop.ui.transcript.spoken import spoken_text

_NO_PARENT: Final = QModelIndex()


class TranscriptRole(IntEnum):
    """Roles of our own."""

    MESSAGE = Qt.ItemDataRole.UserRole + 1


class TranscriptModel(QAbstractListModel):
    """The messages from the root to the leaf; a row is a message.

    A reply grows through ``append_text``; ``replace`` brings its end. Growth is told through
    ``text_appended`` alone, so that item views are not asked to lay out again at every token.
    """

    text_appended = Signal(int)
    """A row whose text has grown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._messages: list[Message] = []
        # Rows count on from the one that was first at the reset: those above it are below zero.
        self._rows: dict[int, int] = {}
        self._above = 0
        self._growth: dict[int, list[str]] = {}
        self._marks: dict[int, Mark] = {}
        self._open_thoughts: set[int] = set()

    def set_messages(self, messages: Sequence[Message]) -> None:
        """Show another path. Rows that it shares with the present one stay in place.

        A shared reply that is still being written keeps the text that has come: what was stored
        may be older.
        """
        shared, changed = compare(self._messages, messages)
        if not shared:
            self.beginResetModel()
            self._truncate(0)
            self._extend(messages)
            self.endResetModel()
            return
        if shared < len(self._messages):
            self.beginRemoveRows(_NO_PARENT, shared, len(self._messages) - 1)
            self._truncate(shared)
            self.endRemoveRows()
        for row in changed:
            message = messages[row]
            if not self._messages[row].state is message.state is MessageState.STREAMING:
                self.replace(message)
        if shared < len(messages):
            self.beginInsertRows(_NO_PARENT, shared, len(messages) - 1)
            self._extend(messages[shared:])
            self.endInsertRows()

    def append(self, message: Message) -> None:
        """Add a message at the end."""
        self.put_below((message,))

    def put_above(self, messages: Sequence[Message]) -> None:
        """Add messages before the first one."""
        if not messages:
            return
        self.beginInsertRows(_NO_PARENT, 0, len(messages) - 1)
        self._messages[0:0] = messages
        self._above += len(messages)
        for row, message in enumerate(messages):
            self._rows[message.id] = row - self._above
        self.endInsertRows()

    def put_below(self, messages: Sequence[Message]) -> None:
        """Add messages after the last one."""
        if messages:
            row = len(self._messages)
            self.beginInsertRows(_NO_PARENT, row, row + len(messages) - 1)
            self._extend(messages)
            self.endInsertRows()

    def append_text(self, message_id: int, text: str) -> None:
        """Add to a reply that is being written; a message that is not shown is passed over."""
        row = self.row_of(message_id)
        if row is None or not text:
            return
        self._growth.setdefault(message_id, []).append(text)
        self.text_appended.emit(row)

    def replace(self, message: Message) -> None:
        """Show a message's new state, text and report; its text is now the one given."""
        row = self.row_of(message.id)
        if row is None or (self.message(row) == message):
            return
        self._growth.pop(message.id, None)
        self._messages[row] = message
        index = self.index(row)
        self.dataChanged.emit(index, index)

    def set_marks(self, marks: Mapping[int, Mark]) -> None:
        """Say below which messages others were left out."""
        changed = {key for key in {*marks, *self._marks} if marks.get(key) != self._marks.get(key)}
        self._marks = dict(marks)
        for message_id in changed:
            row = self.row_of(message_id)
            if row is not None:
                self.dataChanged.emit(self.index(row), self.index(row))

    def mark(self, message_id: int) -> Mark | None:
        """Return what is said below a message of those that were left out."""
        return self._marks.get(message_id)

    def set_thought_open(self, message_id: int, *, is_open: bool) -> None:
        """Let a thought be read aloud, or be passed over as it is folded."""
        (self._open_thoughts.add if is_open else self._open_thoughts.discard)(message_id)

    def message(self, row: int) -> Message:
        """Return a row's message with all of the text that has come so far."""
        message = self._messages[row]
        growth = self._growth.get(message.id)
        if growth:
            message = msgspec.structs.replace(message, text=message.text + "".join(growth))
            self._messages[row] = message
            growth.clear()
        return message

    def messages(self) -> Sequence[Message]:
        """Return the rows as they were given; text that is still growing may lack its end."""
        return self._messages

    def message_id(self, row: int) -> int:
        """Return the id of a row's message."""
        return self._messages[row].id

    def row_of(self, message_id: int) -> int | None:
        """Return the row of a message, None when it is not on this path."""
        row = self._rows.get(message_id)
        return None if row is None else row + self._above

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._messages)

    def data(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if not index.isValid() or index.row() >= len(self._messages):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            message = self.message(index.row())
            mark = self._marks.get(message.id)
            said = spoken_text(message, with_thought=message.id in self._open_thoughts)
            return "\n".join([said, *([mark.spoken] if mark else [])])
        if role == TranscriptRole.MESSAGE:
            return self.message(index.row())
        return None

    def _extend(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._rows[message.id] = len(self._messages) - self._above
            self._messages.append(message)

    def _truncate(self, count: int) -> None:
        for message in self._messages[count:]:
            del self._rows[message.id]
            if self._growth:
                self._growth.pop(message.id, None)
        del self._messages[count:]
        if not count:
            self._above = 0
