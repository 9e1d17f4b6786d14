"""The settings of a completion, which belong to a chat."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from desktop.domain.context import Overflow
from desktop.domain.presets import LONGEST_NAME, MOST_EXAMPLES, Example
from desktop.settings.option import Effect, Option
from models.wording import mark


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What shapes a completion. Belongs to a chat, with application-wide defaults."""

    context_size: Annotated[
        int,
        Meta(ge=256, le=1_048_576, multiple_of=256),
        Option(
            label=mark("Context window"),
            help=mark(
                "How many tokens the model sees at once: prompt, history and reply together. "
                "A larger window remembers more of the chat and takes more memory."
            ),
            step=256,
            effect=Effect.RELOAD,
            unit=mark("tokens"),
        ),
    ] = 8192
    max_tokens: Annotated[
        int,
        Meta(ge=1, le=131_072),
        Option(
            label=mark("Max tokens"),
            help=mark(
                "The longest completion. A reply that meets it stops there and can be continued."
            ),
            effect=Effect.NEXT_REPLY,
            unit=mark("tokens"),
        ),
    ] = 1024
    temperature: Annotated[
        float,
        Meta(ge=0, le=2),
        Option(
            label=mark("Temperature"),
            help=mark(
                "Flattens or sharpens the odds of the next token before one is drawn. "
                "0 always takes the likeliest token; higher values are more varied and less sure."
            ),
            step=0.05,
            zero=mark("greedy"),
        ),
    ] = 0.7
    top_k: Annotated[
        int,
        Meta(ge=0, le=1000),
        Option(
            label=mark("Top-k"),
            help=mark("Only the k likeliest tokens stay in the draw. 0 keeps them all."),
            zero=mark("off"),
        ),
    ] = 40
    top_p: Annotated[
        float,
        Meta(ge=0, le=1),
        Option(
            label=mark("Top-p"),
            help=mark(
                "Keeps the fewest likeliest tokens whose odds add up to p; the unlikely tail is "
                "cut. 1 keeps them all."
            ),
            step=0.01,
        ),
    ] = 0.95
    min_p: Annotated[
        float,
        Meta(ge=0, le=1),
        Option(
            label=mark("Min-p"),
            help=mark(
                "Drops tokens less likely than this share of the likeliest one. 0 drops none."
            ),
            step=0.01,
            more=True,
            zero=mark("off"),
        ),
    ] = 0.05
    repeat_penalty: Annotated[
        float,
        Meta(ge=1, le=2),
        Option(
            label=mark("Repeat penalty"),
            help=mark(
                "Makes tokens of the last 64 less likely to come again. 1 leaves them alone."
            ),
            step=0.01,
            more=True,
        ),
    ] = 1.1
    seed: Annotated[
        # msgspec takes a range on a number alone, not on the union.
        Annotated[int, Meta(ge=0, le=4_294_967_294)] | None,
        Option(
            label=mark("Seed"),
            help=mark(
                "The start of the random draw. The same seed, prompt and settings give the same "
                "completion; empty draws a new seed each time."
            ),
            more=True,
            effect=Effect.NEXT_REPLY,
            zero=mark("random"),
        ),
    ] = None
    stop: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(max_length=16),
        Option(
            label=mark("Stop strings"),
            help=mark("The completion ends before the first of these. One on each line."),
            more=True,
            effect=Effect.NEXT_REPLY,
            multiline=True,
        ),
    ] = ()
    system_prompt: Annotated[
        str,
        Meta(max_length=100_000),
        Option(
            label=mark("System prompt"),
            help=mark(
                "Goes before the conversation and tells the model how to behave. It fills a part "
                "of the context window in every turn."
            ),
            effect=Effect.NEXT_REPLY,
            multiline=True,
            flag="--system",
        ),
    ] = ""
    overflow: Annotated[
        Overflow,
        Option(
            label=mark("When the window is full"),
            help=mark(
                "What to do about older messages that no longer fit: ask each time, drop the "
                "oldest, or have the model condense them into a summary. System prompt and pinned "
                "messages stay."
            ),
            effect=Effect.NEXT_REPLY,
        ),
    ] = Overflow.ASK
    threads: Annotated[
        int,
        Meta(ge=0, le=256),
        Option(
            label=mark("Threads"),
            help=mark(
                "Cores that compute the next token. 0 lets Snug adapt to how busy the machine is."
            ),
            more=True,
            effect=Effect.RELOAD,
            zero=mark("automatic"),
        ),
    ] = 0
    examples: Annotated[tuple[Example, ...], Meta(max_length=MOST_EXAMPLES)] = ()
    """Pairs that stand before the conversation. They have an editor of their own, and no flag."""
    preset: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    """The name of the preset that these are from."""
