"""A reply that fills the window with its question alone: what of the two the model still reads.

The end of the reply stays, for the model writes on from there, and both ends of the question, since
what is asked stands at either of them. Where something is left out, a mark says so to the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from desktop.domain.context import Stored
from models.reasoning import divide
from models.records import Turn

_MARK: Final = "[…]"
_NEAR: Final = 400
"""How many characters further on a cut may lie, to fall between paragraphs, lines or words."""
_FENCE: Final = re.compile(r"^ {0,3}```.*$", re.MULTILINE)


class Cut(NamedTuple):
    """An exchange made shorter, and how many characters of it are gone."""

    messages: tuple[Stored, ...]
    question: int
    reply: int


def can_cut(exchange: Sequence[Stored]) -> bool:
    """Return whether there is a reply in it that a model has begun."""
    turn = exchange[-1].turn
    return len(exchange) > 1 and turn.role == "assistant" and len(turn.text) > turn.written


def cut(exchange: Sequence[Stored], sizes: dict[int, int], room: int) -> Cut:
    """Return an exchange that takes about ``room`` tokens, by the ``sizes`` of its messages.

    Question and reply share the room; what one of them needn't, the other one gets.
    """
    *asked, reply = exchange
    asked_tokens = sum(sizes.get(each.id, 0) for each in asked)
    reply_tokens = sizes.get(reply.id, 0)
    for_question = min(asked_tokens, max(room // 2, room - reply_tokens))
    question = "\n\n".join(each.turn.text for each in asked)
    asked_text = _ends(question, len(question) * for_question // max(1, asked_tokens))
    start = _start(reply.turn.text, (room - for_question) / max(1, reply_tokens))
    turn = Turn(role="assistant", text=_from(reply.turn.text, start)) if start else reply.turn
    shown = [*asked]
    if asked_text != question:
        shown = [msgspec.structs.replace(asked[0], turn=Turn(role="user", text=asked_text))]
    return Cut(
        messages=(*shown, msgspec.structs.replace(reply, turn=turn)),
        question=len(question) - len(asked_text) + len(_GAP) if asked_text != question else 0,
        reply=start,
    )


_GAP: Final = f"\n\n{_MARK}\n\n"


def _ends(text: str, length: int) -> str:
    """Return the beginning and the end of a text, of about this length together."""
    if length >= len(text):
        return text
    half = max(1, (length - len(_GAP)) // 2)
    return f"{text[:half]}{_GAP}{text[-half:]}"


def _start(text: str, share: float) -> int:
    """Return where the last part of a text begins, 0 where that is all of it."""
    if share >= 1:
        return 0
    start = len(text) - int(len(text) * max(0.0, share))
    for parting in ("\n\n", "\n", " "):
        found = text.find(parting, start, start + _NEAR)
        if 0 <= found < len(text) - len(parting):
            return found + len(parting)
    return start


def _from(text: str, start: int) -> str:
    """Return the end of a reply, in the thought or the code that it is cut in."""
    thought = divide(text)
    opening = f"{thought.style.opening}\n" if thought and start < thought.end else ""
    fences = _FENCE.findall(text, 0, start)
    fence = f"{fences[-1].strip()}\n" if len(fences) % 2 else ""
    return f"{opening}{_MARK}\n\n{fence}{text[start:]}"
