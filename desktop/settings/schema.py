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

from desktop.domain.context import Overflow
from desktop.domain.presets import LONGEST_NAME, MOST_EXAMPLES, Example


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
    overflow: Annotated[
        Overflow,
        Option(
            label="When the window is full",
            help="What to do about older messages that no longer fit: ask each time, drop the "
            "oldest, or have the model condense them into a summary. System prompt and pinned "
            "messages stay.",
            effect=Effect.NEXT_REPLY,
        ),
    ] = Overflow.ASK
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
    examples: Annotated[tuple[Example, ...], Meta(max_length=MOST_EXAMPLES)] = ()
    """Pairs that stand before the conversation. They have an editor of their own, and no flag."""
    preset: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    """The name of the preset that these are from."""


class FlashAttention(StrEnum):
    """Whether attention is computed in one fused pass."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class CacheType(StrEnum):
    """How the KV cache stores its numbers."""

    F16 = "f16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"


class Speculation(StrEnum):
    """Who guesses the next tokens, for the model to verify several at once."""

    OFF = "off"
    PROMPT_LOOKUP = "prompt_lookup"
    DRAFT_MODEL = "draft_model"


class LoadingSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a model is loaded and where its layers go. Belongs to a model, with defaults for all."""

    gpu_layers: Annotated[
        Annotated[int, Meta(ge=0, le=1000)] | None,
        Option(
            label="GPU layers",
            help="How many layers run on the GPU. Empty: as many as fit its free memory, with a "
            "margin; 0 keeps the model on the CPU.",
            effect=Effect.RELOAD,
            zero="automatic",
        ),
    ] = None
    devices: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...],
        Meta(max_length=16),
        Option(
            label="Devices",
            help="The devices to use, the main one first, as 'snug doctor' names them. Empty: "
            "every GPU.",
            effect=Effect.RELOAD,
            multiline=True,
            flag="--device",
        ),
    ] = ()
    split: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=1000)], ...],
        Meta(max_length=16),
        Option(
            label="Split",
            help="Each device's share of the layers, in their order. Empty: by free memory.",
            effect=Effect.RELOAD,
            multiline=True,
            more=True,
        ),
    ] = ()
    cache_on_device: Annotated[
        bool,
        Option(
            label="KV cache on the device",
            help="Keeps the cache of an offloaded layer in the device's memory. Off, the device "
            "has room for more layers, and each token costs more.",
            effect=Effect.RELOAD,
        ),
    ] = True
    flash_attention: Annotated[
        FlashAttention,
        Option(
            label="Flash attention",
            help="Computes attention in one pass with less memory. Faster on most GPUs, slower on "
            "most CPUs; automatic decides by that.",
            effect=Effect.RELOAD,
        ),
    ] = FlashAttention.AUTO
    cache_type: Annotated[
        CacheType,
        Option(
            label="Cache type",
            help="How the KV cache stores its numbers: q8_0 takes half the memory of f16 and "
            "q4_0 a quarter, at a small cost in quality.",
            effect=Effect.RELOAD,
        ),
    ] = CacheType.F16
    batch_size: Annotated[
        int,
        Meta(ge=32, le=8192),
        Option(
            label="Batch size",
            help="How many tokens of a prompt are handed over at once.",
            step=32,
            effect=Effect.RELOAD,
            more=True,
            unit="tokens",
        ),
    ] = 512
    micro_batch_size: Annotated[
        int,
        Meta(ge=32, le=8192),
        Option(
            label="Micro-batch size",
            help="How many of them are computed at once. Larger ones read prompts faster and "
            "take more memory.",
            step=32,
            effect=Effect.RELOAD,
            more=True,
            unit="tokens",
        ),
    ] = 512
    parallel_replies: Annotated[
        int,
        Meta(ge=1, le=4),
        Option(
            label="Replies at once",
            help="How many chats may be answered side by side. Each has a KV cache of its own; "
            "where memory is short, one chat is answered after the other.",
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = 2
    mmap: Annotated[
        bool,
        Option(
            label="Map the file",
            help="Reads the weights from the file as they are needed. Off, all of them are "
            "read into memory before the first token.",
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = True
    mlock: Annotated[
        bool,
        Option(
            label="Lock in memory",
            help="Keeps the system from moving the weights out of memory to the disk.",
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = False
    speculation: Annotated[
        Speculation,
        Option(
            label="Speculative decoding",
            help="Guesses several tokens ahead and lets the model verify them at once: from the "
            "prompt's own text (prompt lookup) or by a smaller model of the same vocabulary.",
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = Speculation.OFF
    draft_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label="Draft model",
            help="The smaller model's file, for speculation with a draft model.",
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = ""
    draft_tokens: Annotated[
        int,
        Meta(ge=1, le=64),
        Option(
            label="Drafted tokens",
            help="How many tokens are guessed ahead at most.",
            effect=Effect.RELOAD,
            more=True,
            unit="tokens",
        ),
    ] = 8


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What belongs to the application and not to a chat."""

    theme: Annotated[
        Theme, Option(label="Appearance", help="Light, dark, or as the system says.")
    ] = Theme.SYSTEM
    language: Annotated[
        str,
        Meta(max_length=16),
        Option(
            label="Language",
            help="Of the window, as a code such as 'en' or 'de'; empty: the system's language, or "
            "English where Snug doesn't speak it.",
        ),
    ] = ""
    text_scale: Annotated[
        int,
        Meta(ge=80, le=200),
        Option(label="Text size", help="Of the conversation, in percent.", step=10, unit="%"),
    ] = 100
    model: Annotated[
        str, Option(label="Model", help="The model file to start with; empty: the embedded one.")
    ] = ""
    document_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label="Model for documents",
            help="The model file that summarizes, extracts and translates; empty: the model of the "
            "chat. An encoder-decoder model such as FLAN-T5 serves here too.",
        ),
    ] = ""
    embedding_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label="Embedding model",
            help="The model file that finds passages of documents by their meaning; empty: one of "
            "the library, if it has any. 'none': documents are searched by their words alone.",
        ),
    ] = ""
    idle_unload_minutes: Annotated[
        int,
        Meta(ge=0, le=1440),
        Option(
            label="Unload when idle",
            help="Gives the model's memory back after so many minutes without a message. The next "
            "message loads it again. 0 keeps it loaded.",
            unit="minutes",
            zero="never",
        ),
    ] = 0
    kv_files_mb: Annotated[
        int,
        Meta(ge=0, le=1_048_576),
        Option(
            label="Instant return",
            help="Keeps what the model has read of your chats on the disk, up to this size, so "
            "that it answers at once when you come back to one, after a restart too. Those used "
            "longest ago go first. Private chats are never kept. 0 keeps none.",
            step=100,
            unit="MB",
            zero="off",
        ),
    ] = 4000
    model_titles: Annotated[
        bool,
        Option(
            label="Titles by the model",
            help="Once a reply is written and nobody waits for the model, it finds a title for "
            "the chat. A title of your own is never changed.",
        ),
    ] = True
    backups_kept: Annotated[
        int,
        Meta(ge=0, le=60),
        Option(
            label="Daily backups",
            help="How many copies of your chats are kept, one for each day on which they changed. "
            "Snug opens each to see that it is whole. 0 makes none.",
            zero="none",
        ),
    ] = 7
    quick_shortcut: Annotated[
        str,
        Meta(max_length=100),
        Option(
            label="Quick question",
            help="Keys that open a small window for a question from any program, such as "
            "Ctrl+Alt+Space. Empty: none. 'snug --quick' opens it too.",
        ),
    ] = ""
    keep_in_tray: Annotated[
        bool,
        Option(
            label="Keep running in the tray",
            help="Closing the window hides it, and Snug stays in the tray: a reply goes on, and "
            "the model keeps its memory. Quit in the tray's menu ends Snug.",
        ),
    ] = False
    model_folders: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=4096)], ...],
        Meta(max_length=64),
        Option(
            label="Model folders",
            help="Folders with model files of your own. Their files are used in place.",
            multiline=True,
        ),
    ] = ()
    hub_endpoint: Annotated[
        str,
        Meta(max_length=500),
        Option(
            label="Hub address",
            help="Where models are searched and fetched; empty: HF_ENDPOINT, or else "
            "https://huggingface.co.",
        ),
    ] = ""
    offline: Annotated[
        bool,
        Option(
            label="Offline",
            help="Snug never asks the network for anything. HF_HUB_OFFLINE=1 does the same.",
        ),
    ] = False
    rpc_servers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=300)], ...],
        Meta(max_length=16),
        Option(
            label="RPC workers",
            help="Other machines that run 'snug rpc-worker', as host:port. Models are spread over "
            "them too. The connection is neither encrypted nor protected: use a network you trust.",
            effect=Effect.RELOAD,
            multiline=True,
            flag="--rpc",
        ),
    ] = ()
    generation: GenerationSettings = GenerationSettings()
    loading: LoadingSettings = LoadingSettings()
    """How models are loaded that have no settings of their own."""
    model_loading: dict[str, LoadingSettings] = {}
    """How single models are loaded, by their path."""


@dataclass(frozen=True)
class OptionInfo:
    """An option with what its declaration implies.

    ``minimum`` and ``maximum`` are inclusive. ``longest`` is how many parts or characters there may
    be; ``item`` is the type of a tuple's parts, ``item_longest`` how many characters each may have.
    """

    name: str
    kind: type
    default: Any
    minimum: float | None
    maximum: float | None
    multiple: int | None
    optional: bool
    option: Option
    item: type = str
    longest: int | None = None
    item_longest: int | None = None

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
    item, item_longest = _item(base) if kind is tuple else (str, None)
    return OptionInfo(
        name=name,
        kind=kind,
        default=default,
        minimum=meta.ge,
        maximum=meta.le,
        multiple=int(meta.multiple_of) if meta.multiple_of else None,
        optional=optional,
        option=option,
        item=item,
        longest=meta.max_length,
        item_longest=item_longest,
    )


def _item(hint: Any) -> tuple[type, int | None]:  # noqa: ANN401 - a type with its notes
    """Return the type of the parts of ``tuple[part, ...]``, and their greatest length."""
    part, *notes = get_args(get_args(hint)[0]) or (get_args(hint)[0],)
    lengths = [note.max_length for note in notes if isinstance(note, Meta)]
    return part, lengths[0] if lengths else None


def _options(struct: type[msgspec.Struct]) -> tuple[OptionInfo, ...]:
    hints = get_type_hints(struct, include_extras=True)
    fields = msgspec.structs.fields(struct)
    found = (_describe(field.name, hints[field.name], field.default) for field in fields)
    return tuple(info for info in found if info is not None)


OPTIONS: Final = _options(GenerationSettings)
LOADING_OPTIONS: Final = _options(LoadingSettings)
APP_OPTIONS: Final = _options(AppSettings)
