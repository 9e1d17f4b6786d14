"""From the turns of a chat to the prompt that the model reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from desktop.domain.chat import Message, MessageState
from desktop.domain.presets import Example, example_turns
from models.records import ChatPrompt, Turn

CONTINUABLE = frozenset({MessageState.STOPPED, MessageState.INTERRUPTED, MessageState.FAILED})


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the prompt before a person's ``first`` message, and before the ``last``.

    Whole documents stand before the first, where they stay the same from turn to turn and the KV
    cache keeps them; what was looked up for a question stands right before it.
    """

    first: str = ""
    last: str = ""


def chat_prompt(
    turns: Iterable[Turn],
    *,
    system_prompt: str = "",
    examples: Iterable[Example] = (),
    draft: str = "",
    continue_reply: bool = False,
    given: Given | None = None,
) -> ChatPrompt:
    """Return the prompt for the next reply, or for the rest of the last one.

    ``turns`` go from the root on, as the store gives them; ``draft`` is a message that isn't part
    of them yet. ``examples`` stand between the system prompt and the first of them. Replies that
    hold nothing (stopped or failed at once) are left out, and messages of a person that then follow
    each other become one: many templates insist on turns that alternate. With ``continue_reply``
    the last turn is a reply, left open; where it holds nothing yet, the prompt asks for it from the
    start.
    """
    spoken = [*turns, Turn(role="user", text=draft)] if draft.strip() else list(turns)
    joined = [_joined([spoken[at] for at in places]) for places in turns_together(spoken)]
    if given is not None:
        _give(joined, given)
    joined[:0] = example_turns(examples)
    if system_prompt.strip():
        joined.insert(0, Turn(role="system", text=system_prompt))
    open_reply = continue_reply and bool(joined) and joined[-1].role == "assistant"
    return ChatPrompt(turns=tuple(joined), continue_reply=open_reply)


def can_continue(message: Message) -> bool:
    """Return whether the reply ended before the model had said all, or is a person's version."""
    if message.role != "assistant":
        return False
    if message.edited and not message.model_name:
        return True
    return message.state in CONTINUABLE or message.finish_reason in {"max_tokens", "context_full"}


def _give(turns: list[Turn], given: Given) -> None:
    asked = [number for number, turn in enumerate(turns) if turn.role == "user"]
    if not asked:
        return
    for number, text in ((asked[-1], given.last), (asked[0], given.first)):
        if text:
            turns[number] = Turn(role="user", text=f"{text}\n\n{turns[number].text}")


def turns_together(turns: Sequence[Turn]) -> list[list[int]]:
    """Return of which of these turns each turn of their prompt is made, by their places.

    Replies that hold nothing are in none of them.
    """
    together: list[list[int]] = []
    for place, turn in enumerate(turns):
        if turn.role == "assistant" and not turn.text:
            continue
        if turn.role == "user" and together and turns[together[-1][0]].role == "user":
            together[-1].append(place)
        else:
            together.append([place])
    return together


def _joined(turns: Sequence[Turn]) -> Turn:
    if len(turns) == 1:
        return turns[0]
    return Turn(role="user", text="\n\n".join(turn.text for turn in turns))
