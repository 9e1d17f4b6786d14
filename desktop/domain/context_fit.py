"""How a prompt is made to fit, as steps that window and terminal take each in their way.

::

    count all ──fits──▶ Fitted
        │
        ├─ a reply that fills the window by itself: leave out its beginning, count, and go on
        │
        └─▶ choose, where the chat says to ask ──▶ drop ─────────────▶ count what is left ─▶ Fitted
                                              └──▶ condense: write … ─────────▲

Nothing here reads, asks or computes: ``fit`` yields what it needs and is sent the answers.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import msgspec

from desktop.domain.context import (
    Context,
    Material,
    NewSummary,
    Overflow,
    Plan,
    Sizes,
    Stored,
    Summary,
    exchanges,
    is_news,
    least_reply,
    news,
    plan,
    reply_reserve,
    slack,
    summary_tokens,
)
from desktop.domain.context_cut import Cut, can_cut, cut
from desktop.domain.context_summary import Write, condense, with_summary
from desktop.domain.errors import UserError
from desktop.domain.presets import Example
from desktop.domain.prompt import chat_prompt, turns_together
from models.protocol import TokenCount
from models.records import ChatPrompt, Turn
from models.wording import number, tr

_ROUNDS = 4
"""Counts of what is left until it fits: templates seldom add other tokens when turns are gone."""
_LEAST_CUT_SHARE = 8
"""A reply is written on from no less than this part of the window."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt has to fit in. ``documents`` are tokens that are kept for what is attached."""

    context_size: int
    max_tokens: int
    overflow: Overflow
    system_prompt: str = ""
    examples: tuple[Example, ...] = ()
    documents: int = 0
    continue_reply: bool = False

    @property
    def room(self) -> int:
        """Return the tokens for what is said: all but the reply's reserve and the documents'."""
        reserve = reply_reserve(self.context_size, self.max_tokens)
        return self.context_size - reserve - self.documents

    @property
    def most(self) -> int:
        """Return the tokens that a prompt may take where it can't be made shorter."""
        return self.context_size - min(self.max_tokens, least_reply(self.context_size))


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Count a prompt. It is answered with a ``TokenCount``."""

    prompt: ChatPrompt


class Choose(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt doesn't fit, and the person says what to do: answered with DROP or CONDENSE.

    ``tokens`` is what it takes, ``room`` what there is; ``out`` would be left out, from the oldest
    on, and frees ``freed`` tokens. ``is_cut`` says that there are older ones besides.
    """

    tokens: int
    room: int
    out: tuple[Stored, ...]
    freed: int
    is_cut: bool = False


Step = Count | Choose | Write


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """The turns of a prompt that fits.

    ``context`` is what they were chosen by, None where nothing was left out. ``summary`` was
    written on the way and is to be kept.
    """

    turns: tuple[Turn, ...]
    tokens: int
    context: Context | None = None
    summary: NewSummary | None = None


def fit(material: Material, frame: Frame) -> Generator[Step, Any, Fitted]:
    """Yield steps until the prompt fits; return it. Raises UserError where it can't.

    A reply before that was written without some messages is reason enough to leave these out
    again; only for more of them a person is asked.
    """
    turns = [each.turn for each in material.messages]
    counted: TokenCount = yield Count(prompt=_prompt(turns, frame))
    sizes = sizes_of(
        material.messages,
        counted,
        has_system=bool(frame.system_prompt.strip()),
        examples=len(frame.examples),
    )
    if material.summary is not None:
        told = yield Count(prompt=summary_prompt(material.summary))
        sizes = with_summary_size(sizes, told)
    if not frame.continue_reply or plan(material, sizes, frame.most).fits:
        return (yield from _chosen(material, sizes, frame))
    material, sizes, shorter = yield from _shortened(material, sizes, frame)
    fitted = yield from _chosen(material, sizes, frame)
    context = fitted.context or Context(kept_from=shorter.messages[0].id)
    return msgspec.structs.replace(
        fitted,
        context=msgspec.structs.replace(
            context, question_cut=shorter.question, reply_cut=shorter.reply
        ),
    )


def _chosen(material: Material, sizes: Sizes, frame: Frame) -> Generator[Step, Any, Fitted]:
    """Leave out whole messages, as many as it takes, in the way that the person wants."""
    planned = _planned(material, sizes, frame, frame.room)
    if not planned.kept_from:
        turns = tuple(each.turn for each in material.messages)
        return Fitted(turns=turns, tokens=planned.tokens)
    how = frame.overflow
    if is_news(material, planned):
        if how is Overflow.ASK:
            how = yield choice(material, planned, sizes, frame.room)
        if how is Overflow.CONDENSE and news(material, planned):
            return (yield from _condensed(material, sizes, frame))
    return (yield from _without(material, sizes, frame, planned))


def choice(material: Material, planned: Plan, sizes: Sizes, room: int) -> Choose:
    """Return what a person has to choose about."""
    out = frozenset(planned.left_out)
    return Choose(
        tokens=sizes.total,
        room=room,
        out=tuple(each for each in material.messages if each.id in out),
        freed=planned.left_tokens,
        is_cut=material.is_cut,
    )


def sizes_of(
    messages: Sequence[Stored], counted: TokenCount, *, has_system: bool, examples: int = 0
) -> Sizes:
    """Return the sizes of a prompt's parts from its count; ``examples`` is how many it has.

    Messages that the model reads as one count as their first.
    """
    per_turn = list(counted.per_turn)
    system = per_turn.pop(0) if has_system and per_turn else 0
    shown, per_turn = per_turn[: 2 * examples], per_turn[2 * examples :]
    owners = [places[0] for places in turns_together([each.turn for each in messages])]
    by_id = {messages[at].id: size for at, size in zip(owners, per_turn, strict=False)}
    return Sizes(system=system, examples=sum(shown), template=counted.overhead, messages=by_id)


def summary_prompt(summary: Summary) -> ChatPrompt:
    """Return what is counted to know what a summary takes."""
    return ChatPrompt(turns=tuple(with_summary([], 0, summary.text)))


def with_summary_size(sizes: Sizes, counted: TokenCount) -> Sizes:
    """Return the sizes with that of the summary, from the count of its prompt."""
    return msgspec.structs.replace(sizes, summary=counted.total - counted.overhead)


def too_long(tokens: int, room: int, *, continues: bool) -> UserError:
    """Return why a prompt can't be made to fit."""
    if continues:
        return UserError(
            tr(
                "The reply and its question have {tokens} tokens, and the window has room for "
                "{room}.",
                tokens=number(tokens),
                room=number(room),
            ),
            tr("Ask for the rest in a new message, or choose a larger context window."),
            code="prompt_too_long",
        )
    return UserError(
        tr(
            "This takes {tokens} tokens without the older messages, and the window has room for "
            "{room} beside a reply.",
            tokens=number(tokens),
            room=number(room),
        ),
        tr(
            "Shorten it, attach it as a document, unpin messages, or choose a larger context "
            "window."
        ),
        code="prompt_too_long",
    )


def _planned(material: Material, sizes: Sizes, frame: Frame, room: int) -> Plan:
    found = plan(material, sizes, room, spare=slack(frame.context_size, Overflow.DROP))
    if found.fits:
        return found
    # All that can be left out is; what was asked may still leave room for a short reply.
    found = plan(material, sizes, frame.most)
    if not found.fits:
        raise too_long(found.tokens, frame.most, continues=frame.continue_reply)
    return found


def _shortened(
    material: Material, sizes: Sizes, frame: Frame
) -> Generator[Step, Any, tuple[Material, Sizes, Cut]]:
    """Leave out a part of a reply, and of its question, that have no room by themselves."""
    before, exchange = _last_exchange(material)
    planned = plan(material, sizes, frame.most)
    beside = planned.tokens - sum(sizes.messages.get(each.id, 0) for each in exchange)
    if before and frame.overflow is not Overflow.DROP:
        beside += max(0, summary_tokens(frame.context_size) - sizes.summary)
    room = wanted = frame.room - beside
    if not can_cut(exchange) or room < frame.context_size // _LEAST_CUT_SHARE:
        raise too_long(planned.tokens, frame.most, continues=True)
    for _ in range(_ROUNDS):
        shorter = cut(exchange, sizes.messages, wanted)
        counted = yield Count(prompt=_prompt([each.turn for each in shorter.messages], frame))
        found = sizes_of(
            shorter.messages,
            counted,
            has_system=bool(frame.system_prompt.strip()),
            examples=len(frame.examples),
        )
        takes = sum(found.messages.values())
        if takes <= room:
            messages = {**sizes.messages, **found.messages}
            return (
                msgspec.structs.replace(material, messages=(*before, *shorter.messages)),
                msgspec.structs.replace(sizes, messages=messages),
                shorter,
            )
        wanted = int(wanted * room / takes * 0.95)
    raise too_long(planned.tokens, frame.most, continues=True)


def _last_exchange(material: Material) -> tuple[list[Stored], list[Stored]]:
    """Return what was said before the last question, and that with its reply."""
    *before, exchange = exchanges(material.messages)
    return [each for group in before for each in group], exchange


def _without(
    material: Material, sizes: Sizes, frame: Frame, planned: Plan
) -> Generator[Step, Any, Fitted]:
    """Leave out as planned, and more where the template adds what was not foreseen."""
    room = frame.room
    for _ in range(_ROUNDS):
        summary = _text(material) if _uses_summary(material, planned) else ""
        turns = _turns(material, planned, summary)
        counted = yield Count(prompt=_prompt(turns, frame))
        room -= max(0, counted.total - frame.room)
        shorter = plan(material, sizes, room)
        if counted.total <= frame.room or not shorter.fits:
            break
        planned = shorter
    used = material.summary.id if material.summary and summary else None
    context = _context(material, planned, used)
    return Fitted(turns=tuple(turns), tokens=counted.total, context=context)


def _condensed(material: Material, sizes: Sizes, frame: Frame) -> Generator[Step, Any, Fitted]:
    """Have a summary written of what has to go, and put it in its place."""
    length = summary_tokens(frame.context_size)
    spare = slack(frame.context_size, Overflow.CONDENSE)
    planned = plan(material, sizes, frame.room, spare=spare, summary=length)
    if not planned.fits:
        planned = _planned(material, sizes, frame, frame.room)
    base = material.summary
    covered = base.last_id if base else 0
    out = frozenset(planned.left_out)
    old = [each for each in material.messages if each.id in out and each.id > covered]
    text = yield from condense(
        old,
        sizes.messages,
        base.text if base else "",
        context_size=frame.context_size,
        max_tokens=length,
    )
    if not text:
        raise UserError(
            tr("The model wrote no summary of the older messages."),
            tr("Leave them out instead, or choose another model."),
            code="not_condensed",
        )
    turns = _turns(material, planned, text)
    counted = yield Count(prompt=_prompt(turns, frame))
    if counted.total > frame.most:
        raise too_long(counted.total, frame.most, continues=frame.continue_reply)
    made = NewSummary(
        message_ids=tuple(each.id for each in old), text=text, base_id=base.id if base else None
    )
    context = _context(material, planned)
    return Fitted(turns=tuple(turns), tokens=counted.total, context=context, summary=made)


def _context(material: Material, planned: Plan, summary_id: int | None = None) -> Context:
    # How many came before a cut, the store knows.
    count = 0 if material.is_cut else len(planned.left_out)
    return Context(
        kept_from=planned.kept_from,
        kept=planned.kept,
        left_out=count,
        summary_id=summary_id,
    )


def _uses_summary(material: Material, planned: Plan) -> bool:
    summary = material.summary
    return summary is not None and bool(summary.text) and summary.last_id < planned.kept_from


def _text(material: Material) -> str:
    return material.summary.text if material.summary else ""


def _turns(material: Material, planned: Plan, summary: str) -> list[Turn]:
    kept = frozenset(planned.kept)
    old = [each.turn for each in material.messages if each.id in kept]
    new = [each.turn for each in material.messages if each.id >= planned.kept_from]
    turns = [*old, *new]
    return with_summary(turns, len(old), summary) if summary else turns


def _prompt(turns: Sequence[Turn], frame: Frame) -> ChatPrompt:
    return chat_prompt(
        turns,
        system_prompt=frame.system_prompt,
        examples=frame.examples,
        continue_reply=frame.continue_reply,
    )
