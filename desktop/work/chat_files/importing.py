"""Chats from files into the store: first a list of what would come, then each in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from desktop.domain.archive import ArchivedChat
from desktop.domain.titles import title_from
from desktop.work.chat_files.reading import Read, Step, Unread, read_chats
from desktop.work.chat_files.writing import UNTITLED
from models.wording import tr

_MOST_LINES: Final = 20_000
"""What a list holds; what is more is counted."""


class Line(NamedTuple):
    """A chat as a list shows it. ``is_here`` says that it is in the store already."""

    title: str
    product: str
    messages: int
    created_at: float
    is_here: bool = False
    left_out: str = ""


class Preview(NamedTuple):
    """What an import would bring, and what it could not."""

    lines: tuple[Line, ...]
    unread: tuple[Unread, ...]
    more: int = 0
    """How many chats the list has no room for."""

    @property
    def coming(self) -> int:
        """Return how many chats would be added."""
        return sum(not line.is_here for line in self.lines) + self.more


class Outcome(NamedTuple):
    """What an import did."""

    added: int
    already_here: int
    unread: tuple[Unread, ...]
    was_stopped: bool = False


class Target(Protocol):
    """Where chats go: the store, on whatever thread it lives."""

    def has_archived(self, chat: ArchivedChat) -> bool:
        """Return whether the chat is here already."""
        ...

    def add_archived(self, chat: ArchivedChat) -> int:
        """Write the chat, whole or not at all."""
        ...


def look_through(
    path: Path, target: Target, stopped: Callable[[], bool]
) -> Iterator[Step | Preview]:
    """Yield how far the reading is, and at its end what would come; nothing where stopped."""
    lines: list[Line] = []
    unread: list[Unread] = []
    more = 0
    for told in read_chats(path):
        if stopped():
            return
        match told:
            case Step():
                yield told
            case Unread():
                unread.append(told)
            case Read() if len(lines) < _MOST_LINES:
                lines.append(_line(told, is_here=target.has_archived(told.chat)))
            case _:
                more += 1
    yield Preview(tuple(lines), tuple(unread), more)


def take_in(path: Path, target: Target, stopped: Callable[[], bool]) -> Iterator[Step | Outcome]:
    """Add the chats of a file, each whole; yield how far it is, and at its end what was done.

    What was added stays where one stops in between or a later part of the file is broken.
    """
    added = already_here = 0
    unread: list[Unread] = []
    was_stopped = False
    for told in read_chats(path):
        if was_stopped := stopped():
            break
        match told:
            case Step():
                yield told
            case Unread():
                unread.append(told)
            case Read() if target.has_archived(told.chat):
                already_here += 1
            case Read():
                target.add_archived(told.chat)
                added += 1
    yield Outcome(added, already_here, tuple(unread), was_stopped)


def _line(read: Read, *, is_here: bool) -> Line:
    chat = read.chat
    first = next((each.text for each in chat.messages if each.role == "user"), "")
    return Line(
        title=title_from(chat.title) or title_from(first) or tr(UNTITLED),
        product=read.product,
        messages=len(chat.messages),
        created_at=chat.created_at,
        is_here=is_here,
        left_out=read.left_out,
    )
