"""Chats that are dragged within their list: where one may be dropped, and what a drop does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QRect
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QListView

from desktop.domain.chat import Chat, Folder, is_private
from desktop.ui import tokens
from desktop.ui.chat_list_model import (
    CHAT_MIME,
    CHAT_ROLE,
    FILED_ROLE,
    HEADING_ROLE,
    Heading,
)
from desktop.ui.theme import Theme

_TINT: Final = 0.08


@dataclass(frozen=True)
class DropPlace:
    """A group of the list, as a place for a chat: a folder, the pinned ones, or neither.

    ``first`` and ``last`` are the group's rows.
    """

    folder: Folder | None
    pinned: bool
    first: int
    last: int

    def changes(self, chat: Chat) -> bool:
        """Tell whether a chat would lie elsewhere then."""
        if self.pinned:
            return chat.pinned_at is None
        folder_id = None if self.folder is None else self.folder.id
        return chat.pinned_at is not None or chat.folder_id != folder_id


def dragged_chat(data: QMimeData) -> int | None:
    """Return the chat that is dragged; None for anything else."""
    raw = bytes(data.data(CHAT_MIME).data())
    return int(raw) if raw.isdigit() else None


def place_at(view: QListView, point: QPoint) -> DropPlace | None:
    """Return where a chat that is dropped at a point of the viewport would lie."""
    model = view.model()
    index = view.indexAt(point)
    # Below the last row is what the last group is, or without any folder.
    row = index.row() if index.isValid() else model.rowCount() - 1
    if row < 0:
        return None
    first = _head_of(view, row)
    folder = _folder(model.index(first, 0))
    chat: Chat | None = model.index(first + 1, 0).data(CHAT_ROLE)
    if folder is None and chat is not None and _is_loose(model.index(first + 1, 0)):
        return _loose(view)
    if not index.isValid():
        return DropPlace(None, pinned=False, first=-1, last=-1)
    if folder is None and (chat is None or is_private(chat.id)):
        return None
    last = _end_of(view, first)
    return DropPlace(folder, pinned=folder is None, first=first, last=last)


def paint_place(view: QListView, place: DropPlace, theme: Theme) -> None:
    """Draw a ring around the group that a chat would come to."""
    model, area = view.model(), view.viewport().rect()
    if place.first < 0:
        top = view.visualRect(model.index(model.rowCount() - 1, 0)).bottom() + tokens.XS
        rect = QRect(0, top, area.width(), max(tokens.XXL, area.bottom() - top))
    else:
        rect = view.visualRect(model.index(place.first, 0)).united(
            view.visualRect(model.index(place.last, 0))
        )
    painter = QPainter(view.viewport())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tint = theme.colour("accent")
    tint.setAlphaF(_TINT)
    painter.setBrush(tint)
    painter.setPen(QPen(theme.colour("accent"), 2))
    ring = rect.adjusted(1, 1, -1, -1)
    painter.drawRoundedRect(ring, tokens.RADIUS_SMALL, tokens.RADIUS_SMALL)
    painter.end()


def _loose(view: QListView) -> DropPlace:
    """Return the chats that lie in no folder, from the first heading of a time to the end."""
    model = view.model()
    rows = range(model.rowCount() - 1, -1, -1)
    first = next((row + 1 for row in rows if not _is_loose(model.index(row, 0))), 0)
    return DropPlace(None, pinned=False, first=first, last=model.rowCount() - 1)


def _is_loose(index: QModelIndex) -> bool:
    chat: Chat | None = index.data(CHAT_ROLE)
    if chat is not None:
        kept = chat.pinned_at is not None or is_private(chat.id)
        return not kept and not index.data(FILED_ROLE)
    following: Chat | None = index.siblingAtRow(index.row() + 1).data(CHAT_ROLE)
    return _folder(index) is None and (following is None or following.pinned_at is None)


def _head_of(view: QListView, row: int) -> int:
    """Return the heading above a row, or the row where it is one itself."""
    model = view.model()
    while row > 0 and model.index(row, 0).data(HEADING_ROLE) is None:
        row -= 1
    return row


def _end_of(view: QListView, first: int) -> int:
    """Return the last row of the group under a heading."""
    model = view.model()
    row = first
    while row + 1 < model.rowCount() and model.index(row + 1, 0).data(HEADING_ROLE) is None:
        row += 1
    return row


def _folder(index: QModelIndex) -> Folder | None:
    heading: Heading | None = index.data(HEADING_ROLE)
    return None if heading is None else heading.folder
