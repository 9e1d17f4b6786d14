"""Every option, declared once: the panel, the file, the flags and the docs are made from this.

A field's type says what it holds, its ``Meta`` the range, its ``Option`` what people read, its
default is the default. ``OPTIONS`` and ``APP_OPTIONS`` list what introspection finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta


class Effect(Enum):
    """When a change takes effect."""

    NEXT_TOKEN = "next token"  # noqa: S105
    NEXT_REPLY = "next reply"
    RELOAD = "reloads the model"


class Theme(StrEnum):
    """Which palette the window wears."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Option:
    """What people read of an option. ``step`` is the slider's; ``flag`` overrides ``--name``."""

    label: str
    help: str
    step: float = 1
    effect: Effect = Effect.NEXT_TOKEN
    more: bool = False
    multiline: bool = False
    flag: str = ""
    unit: str = ""
    zero: str = ""
    """The word for the value 0 (or None), where it has a meaning of its own."""


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What shapes a completion. Belongs to a chat, with application-wide defaults."""

    context_size: Annotated[
        int,
        Meta(ge=256, le=1_048_576, multiple_of=256),
        Option(
            label="Context window",
            help="How many tokens the model sees at once: prompt, history and reply together. "
            "A larger window remembers more of the chat and takes more memory.",
            step=256,
            effect=Effect.RELOAD,
            unit="tokens",
        ),
    ] = 8192
    max_tokens: Annotated[
        int,
        Meta(ge=1, le=131_072),
        Option(
            label="Max tokens",
            help="The longest completion. A reply that meets it stops there and can be continued.",
            effect=Effect.NEXT_REPLY,
            unit="tokens",
        ),
    ] = 1024
    temperature: Annotated[
        float,
        Meta(ge=0, le=2),
        Option(
            label="Temperature",
            help="Flattens or sharpens the odds of the next token before one is drawn. "
            "0 always takes the likeliest token; higher values are more varied and less sure.",
            step=0.05,
            zero="greedy",
        ),
    ] = 0.7
    top_k: Annotated[
        int,
        Meta(ge=0, le=1000),
        Option(
            label="Top-k",
            help="Only the k likeliest tokens stay in the draw. 0 keeps them all.",
            zero="off",
        ),
    ] = 40
    top_p: Annotated[
        float,
        Meta(ge=0, le=1),
        Option(
            label="Top-p",
            help="Keeps the fewest likeliest tokens whose odds add up to p; the unlikely tail is "
            "cut. 1 keeps them all.",
            step=0.01,
        ),
    ] = 0.95
    min_p: Annotated[
        float,
        Meta(ge=0, le=1),
        Option(
            label="Min-p",
            help="Drops tokens less likely than this share of the likeliest one. 0 drops none.",
            step=0.01,
            more=True,
            zero="off",
        ),
    ] = 0.05
    repeat_penalty: Annotated[
        float,
        Meta(ge=1, le=2),
        Option(
            label="Repeat penalty",
            help="Makes tokens of the last 64 less likely to come again. 1 leaves them alone.",
            step=0.01,
            more=True,
        ),
    ] = 1.1
    seed: Annotated[
        # msgspec takes a range on a number alone, not on the union.
        Annotated[int, Meta(ge=0, le=4_294_967_294)] | None,
        Option(
            label="Seed",
            help="The start of the random draw. The same seed, prompt and settings give the same "
            "completion; empty draws a new seed each time.",
            more=True,
            effect=Effect.NEXT_REPLY,
            zero="random",
        ),
    ] = None
    stop: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(max_length=16),
        Option(
            label="Stop strings",
            help="The completion ends before the first of these. One on each line.",
            more=True,
            effect=Effect.NEXT_REPLY,
            multiline=True,
        ),
    ] = ()
    system_prompt: Annotated[
        str,
        Meta(max_length=100_000),
        Option(
            label="System prompt",
            help="Goes before the conversation and tells the model how to behave. It fills a part "
            "of the context window in every turn.",
            effect=Effect.NEXT_REPLY,
            multiline=True,
            flag="--system",
        ),
    ] = ""
    threads: Annotated[
        int,
        Meta(ge=0, le=256),
        Option(
            label="Threads",
            help="Cores that compute the next token. 0 lets Snug adapt to how busy the machine is.",
            more=True,
            effect=Effect.RELOAD,
            zero="automatic",
        ),
    ] = 0


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What belongs to the application and not to a chat."""

    theme: Annotated[
        Theme, Option(label="Appearance", help="Light, dark, or as the system says.")
    ] = Theme.SYSTEM
    text_scale: Annotated[
        int,
        Meta(ge=80, le=200),
        Option(label="Text size", help="Of the conversation, in percent.", step=10, unit="%"),
    ] = 100
    model: Annotated[
        str, Option(label="Model", help="The model file to start with; empty: the embedded one.")
    ] = ""
    generation: GenerationSettings = GenerationSettings()


@dataclass(frozen=True)
class OptionInfo:
    """An option with what its declaration implies. ``minimum`` and ``maximum`` are inclusive."""

    name: str
    kind: type
    default: Any
    minimum: float | None
    maximum: float | None
    multiple: int | None
    optional: bool
    option: Option

    @property
    def flag(self) -> str:
        """Return the command-line flag."""
        return self.option.flag or f"--{self.name.replace('_', '-')}"


def _describe(name: str, hint: Any, default: Any) -> OptionInfo | None:  # noqa: ANN401
    if get_origin(hint) is not Annotated:
        return None
    base, *notes = get_args(hint)
    option = next((note for note in notes if isinstance(note, Option)), None)
    if option is None:
        return None
    optional = type(None) in get_args(base)
    if optional:
        base = next(part for part in get_args(base) if part is not type(None))
        if get_origin(base) is Annotated:
            base, *inner = get_args(base)
            notes += inner
    meta = next((note for note in notes if isinstance(note, Meta)), Meta())
    kind = get_origin(base) or base
    return OptionInfo(
        name=name,
        kind=kind,
        default=default,
        minimum=meta.ge,
        maximum=meta.le,
        multiple=int(meta.multiple_of) if meta.multiple_of else None,
        optional=optional,
        option=option,
    )


def _options(struct: type[msgspec.Struct]) -> tuple[OptionInfo, ...]:
    hints = get_type_hints(struct, include_extras=True)
    fields = msgspec.structs.fields(struct)
    found = (_describe(field.name, hints[field.name], field.default) for field in fields)
    return tuple(info for info in found if info is not None)


OPTIONS: Final = _options(GenerationSettings)
APP_OPTIONS: Final = _options(AppSettings)
