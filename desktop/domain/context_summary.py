"""Older messages condensed into a summary: what the model is asked, part after part.

A part is as much as one call can read. Each call is given the summary so far and the next part, so
a conversation of any length becomes one text.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from desktop.domain.context import Stored
from desktop.domain.fencing import fenced
from models.reasoning import answer_in
from models.records import ChatPrompt, Turn

_ASKED: Final = (
    "Condense the conversation below into a summary for the assistant in it, who is going to go on "
    "from the summary alone. Keep names, numbers, decisions, what the user wants, and what is "
    "still open. Leave out greetings and repetition. Write plain sentences of at most {words} "
    "words in all, and nothing else."
)
_SO_FAR: Final = "What came before, condensed:\n{summary}\n\n"
_FENCE: Final = "conversation"
STOP: Final = (f"<{_FENCE}>", f"</{_FENCE}>")
"""Where a small model begins to copy the frame of its prompt."""
_WORDS_PER_TOKEN: Final = 0.7
_FRAME_TOKENS: Final = 160
"""What the instruction and the marks around it take, generously."""
_LEAST_CHARACTERS: Final = 200
_SPEAKERS: Final = {"user": "User", "assistant": "Assistant", "system": "System"}

PREFACE: Final = "Earlier in this conversation, in short:\n{summary}\n(End of the summary.)\n\n"
"""How a summary stands before the message that goes on from it."""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A call to the model. It is answered with the text, as far as it came."""

    prompt: ChatPrompt
    max_tokens: int
    part: int
    parts: int


def condense(
    messages: Sequence[Stored],
    sizes: dict[int, int],
    before: str,
    *,
    context_size: int,
    max_tokens: int,
) -> Generator[Write, str, str]:
    """Yield the calls that make a summary of ``messages``; return it, empty if nothing came.

    ``sizes`` are the messages' tokens, ``before`` the summary of what came before them.
    """
    room = context_size - _FRAME_TOKENS - 2 * max_tokens
    parts = list(_parts(messages, sizes, max(room, context_size // 3)))
    summary = before
    for number, part in enumerate(parts, start=1):
        answer = yield Write(
            prompt=_prompt(part, summary, max_tokens),
            max_tokens=max_tokens,
            part=number,
            parts=len(parts),
        )
        # A model that has nothing to say must not cost what was known before.
        summary = answer_in(answer).strip() or summary
    return summary


def with_summary(turns: Sequence[Turn], at: int, summary: str) -> list[Turn]:
    """Return the turns with a summary before the one at ``at``, which goes on from it."""
    told = PREFACE.format(summary=summary)
    turn = turns[at] if at < len(turns) else None
    if turn is None or turn.role != "user":
        return [*turns[:at], Turn(role="user", text=told.rstrip()), *turns[at:]]
    return [*turns[:at], Turn(role="user", text=f"{told}{turn.text}"), *turns[at + 1 :]]


def _prompt(part: str, summary: str, max_tokens: int) -> ChatPrompt:
    asked = _ASKED.format(words=round(max_tokens * _WORDS_PER_TOKEN))
    before = _SO_FAR.format(summary=summary) if summary else ""
    text = f"{asked}\n\n{before}{fenced(part, _FENCE)}"
    return ChatPrompt(turns=(Turn(role="user", text=text),), skip_thinking=True)


def _parts(messages: Iterable[Stored], sizes: dict[int, int], room: int) -> Iterator[str]:
    """Join what was said to texts of at most ``room`` tokens."""
    held: list[str] = []
    taken = 0
    for text, tokens in _pieces(messages, sizes, room):
        if held and taken + tokens > room:
            yield "\n\n".join(held)
            held, taken = [], 0
        held.append(text)
        taken += tokens
    if held:
        yield "\n\n".join(held)


def _pieces(
    messages: Iterable[Stored], sizes: dict[int, int], room: int
) -> Iterator[tuple[str, int]]:
    """Give each message as who said it and what, a long one in pieces."""
    for message in messages:
        text, tokens = _said(message.turn), max(1, sizes.get(message.id, 0))
        if not text:
            continue
        count = -(-tokens // room)
        length = max(_LEAST_CHARACTERS, -(-len(text) // count))
        for start in range(0, len(text), length):
            piece = text[start : start + length]
            yield f"{_SPEAKERS[message.turn.role]}: {piece}", -(-tokens * len(piece) // len(text))


def _said(turn: Turn) -> str:
    """Return what a summary tells of a turn: not what was thought before it was said."""
    return (answer_in(turn.text) if turn.role == "assistant" else turn.text).strip()
