"""How a person wants to see a message: whether its thought is open, which code runs on."""

from __future__ import annotations

from dataclasses import dataclass, field

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript.blocks import Block, BlockKind
from models.wording import tr, trn

_MINUTE_S = 60


@dataclass
class Looks:
    """What was chosen for one message; it outlives the message's layout.

    ``unwrapped`` holds the fences whose lines are not wrapped, by the offset at which each begins,
    with the pixels that they are scrolled by. ``figures`` are the tokens and the seconds of a
    thought whose reply is still being written.
    """

    thought_open: bool | None = None
    unwrapped: dict[int, int] = field(default_factory=dict)
    figures: tuple[int, float] = (0, 0.0)

    def is_folded(self, message: Message, first: Block) -> bool:
        """Return whether a message's thought is folded: it is open while it is being written."""
        if self.thought_open is not None:
            return not self.thought_open
        return first.closed or message.state is not MessageState.STREAMING


def thought_of(blocks: list[Block]) -> Block | None:
    """Return the first part of a message's thought."""
    return blocks[0] if blocks and blocks[0].kind is BlockKind.THOUGHT else None


def thought_words(message: Message, first: Block, looks: Looks) -> str:
    """Return what is said of a thought: that it goes on, or how long it took."""
    if not first.closed and message.state is MessageState.STREAMING:
        return tr("Thinking\u2026")
    tokens, seconds = looks.figures
    if message.report is not None and message.report.thought_tokens:
        tokens, seconds = message.report.thought_tokens, message.report.thought_s
    if not tokens:
        return tr("Thought")
    return trn(
        "Thought for {time} \u00b7 {count} token",
        "Thought for {time} \u00b7 {count} tokens",
        tokens,
        time=_time(seconds),
    )


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 1:
        return tr("less than a second")
    minutes, rest = divmod(whole, _MINUTE_S)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
