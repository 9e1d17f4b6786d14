"""The context window: what of a chat goes into it, and what is left out where not all of it fits.

Messages are left out from the oldest on, a question with its replies at once. The system prompt,
the examples and what was asked last always stay, and so do pinned messages, a pinned reply with its
question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec

from models.records import Turn

if TYPE_CHECKING:
    from desktop.domain.chat import Message

_RESERVE_SHARE: Final = 4
"""A reply's reserve takes no more than this part of the window from what is said."""
_LEAST_REPLY_SHARE: Final = 16
DOCUMENT_SHARE: Final = 4
"""Which part of the window documents may claim from what is said."""
_SLACK_SHARES: Final = {"drop": 8, "condense": 4}
"""Which part of the window is freed beyond need. Each time that messages are left out, the KV cache
is of no use and the prompt is read anew; so they are left out for several turns to come."""
_SUMMARY_SHARE: Final = 8
_SUMMARY_TOKENS: Final = (48, 512)


class Overflow(StrEnum):
    """What to do about a prompt that doesn't fit."""

    ASK = "ask"
    DROP = "drop"
    CONDENSE = "condense"


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply was written without: the messages before ``kept_from`` that aren't ``kept``.

    ``left_out`` is their number at that time. ``summary_id`` stood in for some of them. A reply
    that fills the window by itself is written on without its own first ``reply_cut`` characters,
    and without ``question_cut`` in the middle of its question.
    """

    kept_from: int
    kept: tuple[int, ...] = ()
    left_out: int = 0
    summary_id: int | None = None
    question_cut: int = 0
    reply_cut: int = 0

    @property
    def is_cut(self) -> bool:
        """Return whether a part of the exchange itself was left out."""
        return bool(self.question_cut or self.reply_cut)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in for the messages from ``first_id`` to ``last_id`` of a path, but the kept.

    ``made`` is as ``model_name`` wrote it, ``text`` as a person left it.
    """

    id: int
    first_id: int
    last_id: int
    made: str
    text: str
    model_name: str = ""
    created_at: float = 0.0


class NewSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A summary that was just made of these messages, and of what ``base_id`` stands for."""

    message_ids: tuple[int, ...]
    text: str
    base_id: int | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a path, as the model reads it."""

    id: int
    turn: Turn
    pinned: bool = False


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt is made of: a path's newest messages, and older ones that are pinned.

    ``is_cut`` says that there are older messages, too many for any prompt. ``kept_from`` is where
    the reply before was told the chat from, 0 where it was told all of it.
    """

    messages: tuple[Stored, ...] = ()
    is_cut: bool = False
    summary: Summary | None = None
    kept_from: int = 0


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a prompt's parts. ``messages`` are by id; ``template`` belongs to none."""

    system: int = 0
    examples: int = 0
    template: int = 0
    summary: int = 0
    messages: dict[int, int] = {}

    @property
    def total(self) -> int:
        """Return what all of it takes, without the summary."""
        return self.fixed + sum(self.messages.values())

    @property
    def fixed(self) -> int:
        """Return what stands in every prompt, whatever is said in the chat."""
        return self.system + self.examples + self.template


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages go into a prompt. ``tokens`` is what they take with system and summary.

    ``fits`` is false where not even what is needed has room.
    """

    kept_from: int = 0
    kept: tuple[int, ...] = ()
    """Messages from before ``kept_from`` that stay."""
    left_out: tuple[int, ...] = ()
    tokens: int = 0
    left_tokens: int = 0
    fits: bool = True


def reply_reserve(context_size: int, max_tokens: int) -> int:
    """Return the tokens that are kept free for a reply."""
    return min(max_tokens, context_size // _RESERVE_SHARE)


def least_reply(context_size: int) -> int:
    """Return the tokens that a reply needs at least, where what was asked leaves it no more."""
    return context_size // _LEAST_REPLY_SHARE


def slack(context_size: int, how: Overflow) -> int:
    """Return how many tokens are freed beyond need."""
    return context_size // _SLACK_SHARES["condense" if how is Overflow.CONDENSE else "drop"]


def summary_tokens(context_size: int) -> int:
    """Return how long a summary may become."""
    least, most = _SUMMARY_TOKENS
    return max(least, min(most, context_size // _SUMMARY_SHARE))


def plan(
    material: Material,
    sizes: Sizes,
    room: int,
    *,
    spare: int = 0,
    summary: int | None = None,
) -> Plan:
    """Return which messages fit into ``room`` tokens.

    Where all of them fit, none is left out and no summary is used. Otherwise the messages that the
    reply before was written without stay out where that suffices, and where it doesn't ``spare``
    tokens more are freed than need be. ``summary`` is the room for one that is going to be written
    in place of the one that there is.
    """
    groups = exchanges(material.messages)
    if not material.is_cut and sizes.total <= room:
        return Plan(tokens=sizes.total)
    if not groups:
        return Plan(tokens=sizes.total, fits=False)
    fixed = sizes.fixed + (sizes.summary if summary is None else summary)
    tokens = _tokens_from(groups, sizes.messages, fixed)
    covered = material.summary.last_id if material.summary else 0
    first = sum(group[0].id <= covered for group in groups)
    last = len(groups) - 1
    fitting = [at for at in range(min(first, last), last + 1) if tokens[at] <= room]
    if not fitting:
        return _plan_from(groups, last, tokens, sizes.messages, fits=False)
    before = sum(group[0].id < material.kept_from for group in groups)
    roomy = next((at for at in fitting if tokens[at] <= room - spare), last)
    start = before if fitting[0] <= before <= roomy else roomy
    return _plan_from(groups, start, tokens, sizes.messages, fits=True)


def news(material: Material, planned: Plan) -> tuple[int, ...]:
    """Return which messages are left out that the reply before was written with."""
    covered = material.summary.last_id if material.summary else 0
    known = max(covered + 1, material.kept_from)
    return tuple(each for each in planned.left_out if each >= known)


def is_news(material: Material, planned: Plan) -> bool:
    """Return whether more is left out than the reply before was written without."""
    was_whole = not material.kept_from and material.summary is None
    return bool(news(material, planned)) or (material.is_cut and was_whole)


def exchanges(messages: Sequence[Stored]) -> list[list[Stored]]:
    """Return the messages in groups that are left out together: a question and its replies.

    Questions that follow each other are one: the model reads them as one.
    """
    groups: list[list[Stored]] = []
    for message in messages:
        asks = message.turn.role == "user"
        if not groups or (asks and any(each.turn.role != "user" for each in groups[-1])):
            groups.append([])
        groups[-1].append(message)
    return groups


def stays(group: Sequence[Stored]) -> list[Stored]:
    """Return what is kept of an exchange that is left out: pinned messages.

    A pinned reply keeps its question: alone it would answer nothing.
    """
    has_reply = any(each.pinned and each.turn.role == "assistant" for each in group)
    return [each for each in group if each.pinned or (has_reply and each.turn.role == "user")]


def left_out(path: Sequence[Message], context: Context) -> list[Message]:
    """Return the messages of a path that a reply was written without."""
    kept = frozenset(context.kept)
    return [each for each in path if each.id < context.kept_from and each.id not in kept]


def runs(path: Sequence[Message], out: Collection[int]) -> list[list[Message]]:
    """Return the messages of ``out`` as they stand together on the path."""
    found: list[list[Message]] = []
    is_open = False
    for message in path:
        if message.id in out:
            if not is_open:
                found.append([])
            found[-1].append(message)
        is_open = message.id in out
    return found


def latest(path: Sequence[Message]) -> Context | None:
    """Return what the newest reply of a path was written without, None where that is nothing."""
    newest = latest_reply(path)
    return None if newest is None else newest.context


def latest_reply(path: Sequence[Message]) -> Message | None:
    """Return the newest reply of a path that says something, or is about to."""
    replies = (each for each in reversed(path) if each.role == "assistant")
    return next((each for each in replies if each.text or each.context is not None), None)


def _tokens_from(
    groups: Sequence[Sequence[Stored]], sizes: Mapping[int, int], fixed: int
) -> list[int]:
    """Return for each group what a prompt takes that has the whole chat from it on."""
    whole = [_sum(group, sizes) for group in groups]
    pinned = [_sum(stays(group), sizes) for group in groups]
    before = accumulate(pinned, initial=0)
    after = reversed(list(accumulate(reversed(whole), initial=0)))
    return [fixed + kept + rest for kept, rest in zip(before, after, strict=True)][:-1]


def _sum(messages: Iterable[Stored], sizes: Mapping[int, int]) -> int:
    return sum(sizes.get(each.id, 0) for each in messages)


def _plan_from(
    groups: Sequence[Sequence[Stored]],
    start: int,
    tokens: Sequence[int],
    sizes: Mapping[int, int],
    *,
    fits: bool,
) -> Plan:
    kept = {each.id: None for group in groups[:start] for each in stays(group)}
    out = [each.id for group in groups[:start] for each in group if each.id not in kept]
    return Plan(
        kept_from=groups[start][0].id,
        kept=tuple(kept),
        left_out=tuple(out),
        tokens=tokens[start],
        left_tokens=sum(sizes.get(each, 0) for each in out),
        fits=fits,
    )
