"""The settings of a load, which belong to a model."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from desktop.settings.option import Effect, Option
from models.wording import mark


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
            label=mark("GPU layers"),
            help=mark(
                "How many layers run on the GPU. Empty: as many as fit its free memory, with a "
                "margin; 0 keeps the model on the CPU."
            ),
            effect=Effect.RELOAD,
            zero=mark("automatic"),
        ),
    ] = None
    devices: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...],
        Meta(max_length=16),
        Option(
            label=mark("Devices"),
            help=mark(
                "The devices to use, the main one first, as 'snug doctor' names them. Empty: "
                "every GPU."
            ),
            effect=Effect.RELOAD,
            multiline=True,
            flag="--device",
        ),
    ] = ()
    split: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=1000)], ...],
        Meta(max_length=16),
        Option(
            label=mark("Split"),
            help=mark("Each device's share of the layers, in their order. Empty: by free memory."),
            effect=Effect.RELOAD,
            multiline=True,
            more=True,
        ),
    ] = ()
    cache_on_device: Annotated[
        bool,
        Option(
            label=mark("KV cache on the device"),
            help=mark(
                "Keeps the cache of an offloaded layer in the device's memory. Off, the device "
                "has room for more layers, and each token costs more."
            ),
            effect=Effect.RELOAD,
        ),
    ] = True
    flash_attention: Annotated[
        FlashAttention,
        Option(
            label=mark("Flash attention"),
            help=mark(
                "Computes attention in one pass with less memory. Faster on most GPUs, slower on "
                "most CPUs; automatic decides by that."
            ),
            effect=Effect.RELOAD,
        ),
    ] = FlashAttention.AUTO
    cache_type: Annotated[
        CacheType,
        Option(
            label=mark("Cache type"),
            help=mark(
                "How the KV cache stores its numbers: q8_0 takes half the memory of f16 and "
                "q4_0 a quarter, at a small cost in quality."
            ),
            effect=Effect.RELOAD,
        ),
    ] = CacheType.F16
    batch_size: Annotated[
        int,
        Meta(ge=32, le=8192),
        Option(
            label=mark("Batch size"),
            help=mark("How many tokens of a prompt are handed over at once."),
            step=32,
            effect=Effect.RELOAD,
            more=True,
            unit=mark("tokens"),
        ),
    ] = 512
    micro_batch_size: Annotated[
        int,
        Meta(ge=32, le=8192),
        Option(
            label=mark("Micro-batch size"),
            help=mark(
                "How many of them are computed at once. Larger ones read prompts faster and "
                "take more memory."
            ),
            step=32,
            effect=Effect.RELOAD,
            more=True,
            unit=mark("tokens"),
        ),
    ] = 512
    parallel_replies: Annotated[
        int,
        Meta(ge=1, le=4),
        Option(
            label=mark("Replies at once"),
            help=mark(
                "How many chats may be answered side by side. Each has a KV cache of its own; "
                "where memory is short, one chat is answered after the other."
            ),
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = 2
    mmap: Annotated[
        bool,
        Option(
            label=mark("Map the file"),
            help=mark(
                "Reads the weights from the file as they are needed. Off, all of them are "
                "read into memory before the first token."
            ),
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = True
    mlock: Annotated[
        bool,
        Option(
            label=mark("Lock in memory"),
            help=mark("Keeps the system from moving the weights out of memory to the disk."),
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = False
    speculation: Annotated[
        Speculation,
        Option(
            label=mark("Speculative decoding"),
            help=mark(
                "Guesses several tokens ahead and lets the model verify them at once: from the "
                "prompt's own text (prompt lookup) or by a smaller model of the same vocabulary."
            ),
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = Speculation.OFF
    draft_model: Annotated[
        str,
        Meta(max_length=4096),
        Option(
            label=mark("Draft model"),
            help=mark("The smaller model's file, for speculation with a draft model."),
            effect=Effect.RELOAD,
            more=True,
        ),
    ] = ""
    draft_tokens: Annotated[
        int,
        Meta(ge=1, le=64),
        Option(
            label=mark("Drafted tokens"),
            help=mark("How many tokens are guessed ahead at most."),
            effect=Effect.RELOAD,
            more=True,
            unit=mark("tokens"),
        ),
    ] = 8
