"""A chat outside the store: all of its tree, as a file carries it from one place to another.

Messages and summaries are numbered within the chat alone. Whatever comes from a file is checked
before it gets near the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from desktop.domain.chat import MessageState, TitleBy
from models.records import Report, Role
from models.wording import number, tr

FORMAT_VERSION: Final = 1
MOST_MESSAGES: Final = 200_000
"""What one chat of a file may hold."""
_LATEST: Final = 253_402_300_799.0
"""The end of the year 9999: what is later, no calendar shows."""
_LONGEST_NAME: Final = 200


class ArchivedRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What wrote on a message: the model, by the name of its file, its settings, and its report."""

    model_file: str = ""
    model_name: str = ""
    model_sha256: str = ""
    settings: dict[str, object] = {}
    seed: int | None = None
    versions: dict[str, str] = {}
    first_token: int = 0
    started_at: float = 0.0
    report: Report | None = None


class ArchivedContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reply was written without; see ``domain.context.Context``."""

    kept_from: int
    kept: tuple[int, ...] = ()
    left_out: int = 0
    summary: int | None = None
    question_cut: int = 0
    reply_cut: int = 0


class ArchivedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the tree. Its parent comes before it; siblings come in their order."""

    id: int
    parent: int | None = None
    role: Role
    text: str
    state: MessageState = MessageState.COMPLETE
    created_at: float = 0.0
    finish_reason: str = ""
    problem: tuple[str, str] | None = None
    edited: bool = False
    pinned: bool = False
    written: int = 0
    token_ids: tuple[int, ...] = ()
    runs: tuple[ArchivedRun, ...] = ()
    context: ArchivedContext | None = None


class ArchivedSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in prompts for older messages; see ``domain.context.Summary``."""

    id: int
    base: int | None = None
    first: int
    last: int
    messages: tuple[int, ...] = ()
    made: str = ""
    text: str = ""
    model_name: str = ""
    created_at: float = 0.0


class ArchivedChat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat with all its versions. Times are in seconds since the epoch.

    ``leaf`` is the message that is shown last, ``folder`` the folder's name, ``snug_chat`` the
    version of the format.
    """

    snug_chat: int
    title: str = ""
    title_by: TitleBy = "first_words"
    created_at: float = 0.0
    updated_at: float = 0.0
    pinned_at: float | None = None
    folder: str = ""
    overrides: dict[str, object] = {}
    draft: str = ""
    leaf: int | None = None
    messages: tuple[ArchivedMessage, ...] = ()
    summaries: tuple[ArchivedSummary, ...] = ()


class BadArchive(ValueError):  # noqa: N818 - it is what a file is, not what went wrong here
    """A chat of a file that can't be taken over; its text says why, as the end of a sentence."""


def checked(chat: ArchivedChat) -> ArchivedChat:
    """Return a chat from a file as the store can take it. Raises BadArchive."""
    if len(chat.messages) > MOST_MESSAGES:
        raise BadArchive(tr("it has more than {most} messages", most=number(MOST_MESSAGES)))
    if not any(message.text.strip() for message in chat.messages):
        raise BadArchive(tr("it holds no messages"))
    _check_tree(chat.messages)
    ids = {message.id for message in chat.messages}
    _check_times(chat)
    return msgspec.structs.replace(
        chat,
        leaf=chat.leaf if chat.leaf in ids else chat.messages[-1].id,
        folder=_one_line(chat.folder),
        messages=tuple(map(_ended, chat.messages)),
        summaries=tuple(_sound_summaries(chat.summaries, ids)),
    )


def shown_path(chat: ArchivedChat) -> list[ArchivedMessage]:
    """Return the messages from the root to the one that is shown last."""
    by_id = {message.id: message for message in chat.messages}
    path: list[ArchivedMessage] = []
    at = chat.leaf
    while at is not None and at in by_id and len(path) < len(by_id):
        path.append(by_id[at])
        at = path[-1].parent
    return path[::-1]


def in_order(messages: Iterable[ArchivedMessage]) -> tuple[ArchivedMessage, ...]:
    """Return messages with each parent before its children, siblings as they came.

    Those whose parents lead nowhere, or in a circle, are left for ``checked`` to refuse.
    """
    waiting: dict[int | None, list[ArchivedMessage]] = {}
    given = tuple(messages)
    for message in given:
        waiting.setdefault(message.parent, []).append(message)
    ordered = list(waiting.pop(None, ()))
    for message in ordered:
        ordered += waiting.pop(message.id, ())
    return tuple(ordered) if len(ordered) == len(given) else given


def _check_tree(messages: Sequence[ArchivedMessage]) -> None:
    seen: set[int] = set()
    for message in messages:
        if message.id in seen:
            raise BadArchive(tr("two of its messages have the same number"))
        if message.parent is not None and message.parent not in seen:
            raise BadArchive(tr("a message in it follows one that isn't there"))
        if any(not 0 <= token < 1 << 32 for token in message.token_ids):
            raise BadArchive(tr("it has token numbers that no model has"))
        seen.add(message.id)


def _check_times(chat: ArchivedChat) -> None:
    times = [chat.created_at, chat.updated_at, chat.pinned_at or 0.0]
    times += [message.created_at for message in chat.messages]
    if not all(0 <= each <= _LATEST for each in times):
        raise BadArchive(tr("it is of a time that no calendar has"))
    for message in chat.messages:
        if message.context is not None and not _is_sound(message.context):
            raise BadArchive(tr("a number in it is too large"))
        for run in message.runs:
            counts = (run.first_token, run.seed or 0)
            if not all(-(1 << 62) <= count < 1 << 62 for count in counts):
                raise BadArchive(tr("a number in it is too large"))


def _is_sound(context: ArchivedContext) -> bool:
    cuts = (context.question_cut, context.reply_cut)
    return 0 <= context.left_out <= MOST_MESSAGES and all(0 <= each < 1 << 62 for each in cuts)


def _ended(message: ArchivedMessage) -> ArchivedMessage:
    state = message.state
    return msgspec.structs.replace(
        message,
        state=MessageState.INTERRUPTED if state is MessageState.STREAMING else state,
        written=max(0, min(message.written, len(message.text))),
    )


def _sound_summaries(
    summaries: Sequence[ArchivedSummary], ids: set[int]
) -> Iterable[ArchivedSummary]:
    """Yield the summaries all of whose messages are there, each after the one it goes on from."""
    known: set[int] = set()
    for summary in summaries:
        told = {summary.first, summary.last, *summary.messages}
        is_new = summary.id not in known
        if is_new and told <= ids and (summary.base is None or summary.base in known):
            known.add(summary.id)
            yield summary


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_NAME]
