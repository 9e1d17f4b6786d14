"""Chats and messages, as the window, the terminal and the store speak of them.

Messages form a tree: each has a parent, and a chat knows its current leaf. The path from the root
to the leaf is the conversation; siblings are other versions of the same message.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

from desktop.domain.context import Context
from desktop.domain.grounds import Grounds
from models.records import Report, Role

TitleBy = Literal["first_words", "model", "person"]

PRIVATE_FROM: Final = 1 << 30
"""The first number of a private chat, and of its messages: no stored one ever gets there."""


def is_private(row_id: int | None) -> bool:
    """Return whether this is the number of a private chat, or of a message in one."""
    return row_id is not None and row_id > PRIVATE_FROM


class MessageState(StrEnum):
    """How a message came to its end.

    STREAMING → COMPLETE | STOPPED | FAILED while the application runs; a row that is still
    STREAMING when nobody writes it any more becomes INTERRUPTED.
    """

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


# Nothing in it can lead back to it: the garbage collector need not go through 100,000 of them.
class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message of the conversation, light enough to hold 100,000 of them.

    ``sibling_index`` counts from 0 among ``sibling_count`` versions. ``created_at`` is in seconds
    since the epoch. ``problem`` is what a FAILED message failed of: title, then hint.
    ``finish_reason`` is the protocol's, empty where none applies. ``grounds`` is what a reply was
    given of documents, ``context`` what it was written without, None where it had all of the chat.
    ``edited`` says that a person wrote it in place of another version, ``written`` how many
    characters at its start a person wrote, ``pinned`` that it stays in the prompt.
    """

    id: int
    chat_id: int
    parent_id: int | None
    role: Role
    text: str
    state: MessageState = MessageState.COMPLETE
    created_at: float = 0.0
    sibling_index: int = 0
    sibling_count: int = 1
    model_name: str = ""
    finish_reason: str = ""
    problem: tuple[str, str] | None = None
    report: Report | None = None
    grounds: Grounds | None = None
    context: Context | None = None
    edited: bool = False
    pinned: bool = False
    written: int = 0


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as the list shows it. Times are in seconds since the epoch."""

    id: int
    title: str
    created_at: float
    updated_at: float
    leaf_id: int | None = None
    deleted_at: float | None = None
    pinned_at: float | None = None
    folder_id: int | None = None
    title_by: TitleBy = "first_words"


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of a chat in the trash: one, or a branch from ``message_id`` on.

    ``count`` is how many there are, ``text`` how the first of them begins. ``deleted_at`` is in
    seconds since the epoch.
    """

    id: int
    chat_id: int
    chat_title: str
    message_id: int
    role: Role
    text: str
    deleted_at: float
    count: int


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of chats. ``position`` is its place among the others, from low to high."""

    id: int
    name: str
    position: int


class ChatView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person was in a chat: the unsent draft and the place that was read.

    ``anchor_id`` is the first visible message (None: the end), ``anchor_offset`` the pixels of it
    that are scrolled out of sight.
    """

    draft: str = ""
    anchor_id: int | None = None
    anchor_offset: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply is recorded with: the model that writes it, and how.

    ``model_sha256`` may be empty while the file is still being hashed; the store fills it in
    later. ``settings`` is plain JSON data. ``seed`` is the one asked for, None where the engine
    draws it (its report names it then).
    """

    model_path: str
    model_name: str
    model_sha256: str = ""
    settings: dict[str, object] = {}
    seed: int | None = None
    versions: dict[str, str] = {}
