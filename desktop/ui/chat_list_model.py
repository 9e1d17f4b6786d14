"""The chats as a list with headings: private, pinned, folders, and when they were last used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktop.domain.chat import Chat, Folder, is_private
from models.wording import mark, tr, trn

CHAT_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``Chat`` of a row, None for a heading."""
WRITING_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""Whether a reply is being written in the row's chat."""
HEADING_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""The ``Heading`` of a row, None for a chat."""
FILED_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""Whether the row's chat stands below its folder."""
CHAT_MIME: Final = "application/x-snug-chat"
"""What is dragged of a chat within the list: its id. Elsewhere it is its title."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
UNTITLED: Final = mark("Untitled chat")
UNTITLED_PRIVATE: Final = mark("Private chat")


@dataclass(frozen=True)
class Heading:
    """The line over a group. One of a folder can be opened, folded and renamed.

    ``count`` is how many chats lie in the folder.
    """

    text: str
    folder: Folder | None = None
    is_open: bool = True
    count: int = 0


Row = Chat | Heading


class ChatListModel(QAbstractListModel):
    """Chats under headings.

    ``renamed`` and ``folder_renamed`` carry what a person typed in the list.
    """

    renamed = Signal(int, str)
    folder_renamed = Signal(int, str)
    folded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._chats: Sequence[Chat] = ()
        self._folders: Sequence[Folder] = ()
        self._closed: frozenset[int] = frozenset()
        self._writing: set[int] = set()
        self._rows: list[Row] = []

    @property
    def closed_folders(self) -> frozenset[int]:
        """Return the folders that are folded."""
        return self._closed

    def set_chats(self, chats: Sequence[Chat], folders: Sequence[Folder] = ()) -> None:
        """Show these chats, newest first, in these folders."""
        self._chats, self._folders = chats, folders
        self._rebuild()

    def set_closed_folders(self, closed: frozenset[int]) -> None:
        """Fold these folders, and open all others."""
        if closed != self._closed:
            self._closed = closed
            self._rebuild()
            self.folded.emit()

    def set_writing(self, chat_ids: set[int]) -> None:
        """Mark the chats in which a reply is being written."""
        if chat_ids != self._writing:
            self._writing = set(chat_ids)
            self._rebuild_marks()

    def row_of(self, chat_id: int | None) -> int:
        """Return the row of a chat, -1 where it isn't shown."""
        return self._row(lambda row: isinstance(row, Chat) and row.id == chat_id)

    def row_of_folder(self, folder_id: int) -> int:
        """Return the row of a folder's heading, -1 where it isn't shown."""
        return self._row(
            lambda row: (
                isinstance(row, Heading) and row.folder is not None and row.folder.id == folder_id
            )
        )

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of chats and headings."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a chat or a heading."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        return self._chat_data(row, role) if isinstance(row, Chat) else _heading_data(row, role)

    def _chat_data(self, chat: Chat, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return shown_title(chat)
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(self._said(chat))
            case _:
                return {
                    CHAT_ROLE: chat,
                    WRITING_ROLE: chat.id in self._writing,
                    FILED_ROLE: self._is_filed(chat),
                }.get(role)

    def _is_filed(self, chat: Chat) -> bool:
        known = any(folder.id == chat.folder_id for folder in self._folders)
        return known and chat.pinned_at is None

    def _said(self, chat: Chat) -> Iterator[str]:
        yield shown_title(chat)
        if is_private(chat.id):
            yield tr("private")
        if chat.pinned_at is not None:
            yield tr("pinned")
        if chat.id in self._writing:
            yield tr("a reply is being written")

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Let chats and folders be opened and renamed, and other headings be only seen."""
        row = self._rows[index.row()] if index.isValid() else None
        if isinstance(row, Chat) or (row is not None and row.folder is not None):
            flag = Qt.ItemFlag
            flags = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsEditable
            is_filable = isinstance(row, Chat) and not is_private(row.id)
            return flags | flag.ItemIsDragEnabled if is_filable else flags
        return Qt.ItemFlag.NoItemFlags

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """Return what a dragged row may be read as."""
        return [CHAT_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """Return a chat as it is dragged."""
        data = QMimeData()
        chat: Chat | None = indexes[0].data(CHAT_ROLE) if indexes else None
        if chat is not None:
            data.setData(CHAT_MIME, str(chat.id).encode())
            data.setText(shown_title(chat))
        return data

    def setData(
        self,
        index: AnyIndex,
        value: Any,  # noqa: ANN401
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Ask for a new title or name; the list shows it once the store has it."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        row, text = self._rows[index.row()], str(value).strip()
        if not text or text == index.data(Qt.ItemDataRole.EditRole):
            return False
        if isinstance(row, Chat):
            self.renamed.emit(row.id, text)
        elif row.folder is not None:
            self.folder_renamed.emit(row.folder.id, text)
        return True

    def _row(self, is_it: Callable[[Row], bool]) -> int:
        return next((number for number, row in enumerate(self._rows) if is_it(row)), -1)

    def _rebuild(self) -> None:
        now = dt.datetime.now().astimezone()
        rows = arranged(self._chats, self._folders, self._closed, now)
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def _rebuild_marks(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [WRITING_ROLE])


def shown_title(chat: Chat) -> str:
    """Return what a chat is called."""
    return chat.title or (tr(UNTITLED_PRIVATE) if is_private(chat.id) else tr(UNTITLED))


def arranged(
    chats: Sequence[Chat],
    folders: Sequence[Folder],
    closed: frozenset[int],
    now: dt.datetime,
) -> list[Row]:
    """Return the chats, which are in order, under the headings of their groups.

    A pinned chat stands at the head, whatever folder it lies in; one of a folder that isn't there
    stands among those without.
    """
    private = [chat for chat in chats if is_private(chat.id)]
    pinned = [chat for chat in chats if chat.pinned_at is not None and not is_private(chat.id)]
    taken = {chat.id for chat in (*private, *pinned)}
    rows: list[Row] = []
    for title, group in ((tr("Private"), private), (tr("Pinned"), pinned)):
        rows += [Heading(title), *group] if group else []
    for folder in folders:
        inside = [c for c in chats if c.folder_id == folder.id and c.id not in taken]
        taken.update(chat.id for chat in inside)
        is_open = folder.id not in closed
        rows.append(Heading(folder.name, folder, is_open=is_open, count=len(inside)))
        rows += inside if is_open else []
    return rows + _by_time([chat for chat in chats if chat.id not in taken], now)


def _by_time(chats: Sequence[Chat], now: dt.datetime) -> list[Row]:
    rows: list[Row] = []
    last = ""
    for chat in chats:
        used = dt.datetime.fromtimestamp(chat.updated_at, now.tzinfo).date()
        heading = _when((now.date() - used).days)
        if heading != last:
            rows.append(Heading(heading))
            last = heading
        rows.append(chat)
    return rows


def _heading_data(heading: Heading, role: int) -> object:
    match role:
        case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
            return heading.text
        case Qt.ItemDataRole.AccessibleTextRole if heading.folder is not None:
            state = tr("open") if heading.is_open else tr("folded")
            return trn(
                "Folder {name}, {count} chat, {state}",
                "Folder {name}, {count} chats, {state}",
                heading.count,
                name=heading.text,
                state=state,
            )
        case _:
            return heading if role == HEADING_ROLE else None


def _when(days: int) -> str:
    if days <= 0:
        return tr("Today")
    return tr("Yesterday") if days == 1 else tr("Earlier")
