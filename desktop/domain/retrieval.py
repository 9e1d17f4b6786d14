"""Finding what answers a question: pieces of documents, two rankings made one, and what fits."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from desktop.domain.context import DOCUMENT_SHARE
from desktop.domain.documents import StoredPassage
from desktop.domain.grounds import FRAME_TOKENS, PASSAGE_TOKENS, PASSAGES
from desktop.domain.sentences import sentences

How = Literal["words", "vectors", "both"]

_FULL: Final = 300
"""Letters from which on a piece takes no further passage."""
_MOST: Final = 1_000
"""Letters that a piece may have: some 250 tokens, which the smallest embedding models hold."""
_RANK_OFFSET: Final = 10
"""Softens the difference between the first ranks."""
_WHOLE_SHARE: Final = 0.5
"""Of the room: what whole documents may take where others are searched."""
_RESERVE_SHARE: Final = 4
"""A reply's reserve takes no more than this part of the window from the documents."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What is found: some consecutive passages, or a part of one that is long.

    ``first`` and ``last`` are passages' numbers. ``start`` and ``stop`` are places in the text of
    the only passage where the piece is a part of it, both 0 otherwise.
    """

    first: int
    last: int
    start: int = 0
    stop: int = 0
    headings: tuple[str, ...] = ()
    text: str


def pieces(passages: Iterable[StoredPassage]) -> Iterator[Piece]:
    """Cut a document's passages into pieces of about a paragraph or two.

    Each passage is in exactly one piece, or in several parts of it. A heading begins a piece and
    stays with what follows; a page begins one too.
    """
    held: list[StoredPassage] = []
    size = 0
    for passage in passages:
        if len(passage.text) > _MOST:
            yield from _joined(held)
            yield from _parts(passage)
            held, size = [], 0
            continue
        if held and _ends_before(held, size, passage):
            yield from _joined(held)
            held, size = [], 0
        held.append(passage)
        size += len(passage.text)
    yield from _joined(held)


def _ends_before(held: Sequence[StoredPassage], size: int, passage: StoredPassage) -> bool:
    if all(each.level for each in held):
        return False
    before = held[-1]
    opens = bool(passage.level) or passage.section != before.section or passage.page != before.page
    return opens or size >= _FULL or size + len(passage.text) > _MOST


def _joined(held: Sequence[StoredPassage]) -> Iterator[Piece]:
    if held:
        yield Piece(
            first=held[0].number,
            last=held[-1].number,
            headings=held[-1].section,
            text="\n".join(each.text for each in held),
        )


def _parts(passage: StoredPassage) -> Iterator[Piece]:
    """Cut a long passage at its sentences, and a long sentence between words."""
    start = stop = 0
    for part in _short(sentences(passage.text)):
        if stop + len(part) - start > _MOST:
            yield _part(passage, start, stop)
            start = stop
        stop += len(part)
    yield _part(passage, start, stop)


def _short(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        rest = text
        while len(rest) > _MOST:
            cut = rest.rfind(" ", _MOST // 2, _MOST) + 1 or _MOST
            yield rest[:cut]
            rest = rest[cut:]
        yield rest


def _part(passage: StoredPassage, start: int, stop: int) -> Piece:
    return Piece(
        first=passage.number,
        last=passage.number,
        start=start,
        stop=stop,
        headings=passage.section,
        text=passage.text[start:stop].strip(),
    )


def coverage(
    total: int, holders: Sequence[tuple[int, Container[int]]], candidates: Iterable[int]
) -> dict[int, float]:
    """Return which share of a question's words each candidate holds, rare words weighing more.

    ``holders`` has for each word in how many of ``total`` texts it is, and in which candidates. A
    word that is nowhere weighs most: what is asked about then isn't there.
    """
    weights = [math.log(1 + total / max(count, 1)) for count, _ in holders]
    whole = sum(weights)
    return {
        each: sum(
            weight for weight, (_, among) in zip(weights, holders, strict=True) if each in among
        )
        / whole
        for each in candidates
        if whole
    }


def fused(by_words: Sequence[tuple[int, float]], by_vectors: Sequence[int]) -> dict[int, float]:
    """Return ids with their joint score, best first: what stands high in any ranking stands high.

    Reciprocal rank fusion, since the scores themselves don't compare. A rank by words counts as
    much as the share of the question's words that it rests on: the best of many texts that share
    one common word with the question is no good text.
    """
    scores: dict[int, float] = {}
    for rank, (each, share) in enumerate(by_words, start=1):
        scores[each] = share / (_RANK_OFFSET + rank)
    for rank, each in enumerate(by_vectors, start=1):
        scores[each] = scores.get(each, 0.0) + 1 / (_RANK_OFFSET + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def room_for_documents(context_size: int, prompt_tokens: int, max_tokens: int) -> int:
    """Return the tokens that documents may take beside a prompt and the reply's reserve."""
    return context_size - prompt_tokens - min(max_tokens, context_size // _RESERVE_SHARE)


def kept_for_documents(tokens: Mapping[int, int] | None, context_size: int) -> int:
    """Return the tokens that what is said in a chat leaves to documents of so many tokens each.

    They are what the documents need: whole, or for what is looked up in them where they are longer
    than the part of the window that they may claim. That part is left to what isn't counted yet
    (None).
    """
    most = context_size // DOCUMENT_SHARE
    if tokens is None:
        return most
    if not tokens:
        return 0
    plan = plan_context(tokens, most - FRAME_TOKENS)
    passages = min(plan.passage_tokens, PASSAGES * PASSAGE_TOKENS)
    return min(most, plan.whole_tokens + passages + FRAME_TOKENS)


class ContextPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How documents go to the model: these whole, of those only the passages that fit.

    ``whole_tokens`` is what the whole ones take, ``passage_tokens`` the room for passages.
    """

    whole: tuple[int, ...] = ()
    searched: tuple[int, ...] = ()
    whole_tokens: int = 0
    passage_tokens: int = 0


def plan_context(tokens: Mapping[int, int], room: int) -> ContextPlan:
    """Return the plan for documents of so many tokens each, by id, in a room of tokens.

    All go in whole where they fit. Where all but the longest fit into half of the room, these do,
    and passages of the longest have what is left. Otherwise all are searched: which of them matter
    is for the question to say.
    """
    whole = sum(tokens.values())
    longest = max(tokens, key=lambda each: tokens[each], default=0)
    others = whole - tokens.get(longest, 0)
    if whole <= room:
        searched: tuple[int, ...] = ()
    elif others <= room * _WHOLE_SHARE:
        searched = (longest,)
    else:
        searched = tuple(tokens)
    taken = sum(size for each, size in tokens.items() if each not in searched)
    return ContextPlan(
        whole=tuple(each for each in tokens if each not in searched),
        searched=searched,
        whole_tokens=taken,
        passage_tokens=max(0, room - taken) if searched else 0,
    )


def first_that_fit(tokens: Sequence[int], room: int) -> int:
    """Return how many of the texts, best first, fit into a room of tokens."""
    taken = 0
    for count, size in enumerate(tokens):
        taken += size
        if taken > room:
            return count
    return len(tokens)


_CITED: Final = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")


def cited(reply: str, count: int) -> tuple[int, ...]:
    """Return the numbers of the sources that a reply names as ``[1]`` or ``[1, 3]``, in order.

    Numbers that no source has are left out.
    """
    found = [int(number) for group in _CITED.findall(reply) for number in re.findall(r"\d+", group)]
    return tuple(dict.fromkeys(number for number in found if 1 <= number <= count))
