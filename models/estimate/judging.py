"""Whether a model runs on this machine, and how: a verdict, its reason, and the ways out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from models.amounts import names_in_words, size_in_words
from models.estimate.fitting import fits, remaining, shortage, smaller_contexts
from models.estimate.layout import estimate_with
from models.estimate.memory import draft_options, estimate, together
from models.estimate.placement import offload_devices
from models.estimate.recommending import recommend
from models.estimate.records import (
    HOST,
    Choice,
    Judgement,
    Machine,
    MemoryEstimate,
    ModelShape,
    Verdict,
)
from models.estimate.shape import shape_of_model, shape_of_remote
from models.estimate.speed import tokens_per_second
from models.hub.records import HubRepository, Variant
from models.problems import EngineError
from models.records import DeviceMemory, LoadOptions
from models.wording import mark, number, tr, trn

__all__ = ["draft_of", "estimate_for_layers", "judge", "judge_variants", "recommend"]

_MOST_CHOICES: Final = 5


def judge(
    shape: ModelShape,
    options: LoadOptions,
    machine: Machine,
    compute: Sequence[DeviceMemory] = (),
    draft: ModelShape | None = None,
) -> Judgement:
    """Judge a load.

    ``compute``: llama.cpp's own figures for it, where there are any. ``draft``: the shape of the
    model that is to draft for it.
    """
    judged = _judge(shape, options, machine, compute, draft)
    costs_layers = judged.verdict == "partly" and options.gpu_layers < 0
    if options.sequences > 1 and (costs_layers or judged.verdict == "no_fit"):
        # Caches for more replies are worth neither a refusal nor layers.
        alone = msgspec.structs.replace(options, sequences=1)
        judged = msgspec.structs.replace(_judge(shape, alone, machine, (), draft), sequences=1)
    return judged


def _judge(
    shape: ModelShape,
    options: LoadOptions,
    machine: Machine,
    compute: Sequence[DeviceMemory],
    draft: ModelShape | None,
) -> Judgement:
    need = estimate(shape, options, machine, compute)
    lacking = shortage(need, machine)
    if not lacking and draft is not None and options.speculation == "draft_model":
        return _judge_with_draft(shape, options, machine, need, draft)
    if lacking:
        choices = tuple(_choices(shape, options, machine))[:_MOST_CHOICES]
        return Judgement(
            verdict="no_fit",
            estimate=need,
            reason=_why_not(need, lacking, machine, is_final=not choices),
            missing_bytes=sum(lacking.values()),
            choices=choices,
        )
    return Judgement(
        verdict=_verdict(need),
        estimate=need,
        reason=_why(need, options, machine),
        tokens_per_second=tokens_per_second(shape, options, machine, need.offloaded_layers),
    )


def draft_of(options: LoadOptions) -> ModelShape | None:
    """Return the shape of the model that is to draft; None where there is none to be read.

    A draft model that can't be read fails the load, which says why.
    """
    if options.speculation != "draft_model" or not options.draft_path:
        return None
    try:
        return shape_of_model(Path(options.draft_path))
    except EngineError:
        return None


def _judge_with_draft(
    shape: ModelShape,
    options: LoadOptions,
    machine: Machine,
    need: MemoryEstimate,
    draft: ModelShape,
) -> Judgement:
    """Judge a load that fits by itself, with the model that is loaded beside it to draft."""
    alone = _judge(shape, options, machine, (), None)
    left = remaining(machine, need)
    beside = estimate(draft, draft_options(options), left)
    both = together(need, beside)
    lacking = shortage(beside, left)
    if not lacking:
        return msgspec.structs.replace(alone, estimate=both)
    without = msgspec.structs.replace(options, speculation="off")
    return Judgement(
        verdict="no_fit",
        estimate=both,
        reason=tr(
            "The model fits, but the draft model beside it needs {size} more.",
            size=size_in_words(beside.total_bytes),
        ),
        missing_bytes=sum(lacking.values()),
        choices=(
            Choice(
                label=tr("Without a draft model"),
                detail=tr("The same replies, perhaps more slowly."),
                options=without,
            ),
        ),
    )


def judge_variants(
    repository: HubRepository, options: LoadOptions, machine: Machine
) -> tuple[tuple[Variant, Judgement], ...]:
    """Judge each variant of a repository, as far as the hub tells of it, in its order."""
    return tuple(
        (variant, judge(shape_of_remote(repository, variant), options, machine))
        for variant in repository.variants
    )


def _verdict(need: MemoryEstimate) -> Verdict:
    if not need.offloaded_layers:
        return "cpu"
    return "gpu" if need.offloaded_layers == need.layers else "partly"


# --- sentences -----------------------------------------------------------------------------------


def _why(need: MemoryEstimate, options: LoadOptions, machine: Machine) -> str:
    host = size_in_words(need.host_bytes)
    devices = [part for part in need.memory if part.device != HOST]
    if devices:
        on_device = size_in_words(sum(part.total_bytes for part in devices))
        names = names_in_words(part.description or part.device for part in devices)
        if need.offloaded_layers == need.layers:
            return tr(
                "All {layers} layers fit on {names}, in {size} of its memory.",
                layers=need.layers,
                names=names,
                size=on_device,
            )
        return tr(
            "{count} of {layers} layers fit on {names}, in {size}; the CPU computes the others, "
            "in {rest}, which is slower.",
            count=need.offloaded_layers,
            layers=need.layers,
            names=names,
            size=on_device,
            rest=host,
        )
    fits_in = tr(
        "it needs {size} of the {free} of memory that are free",
        size=host,
        free=size_in_words(machine.memory_available),
    )
    if options.gpu_layers == 0:
        return tr("It runs on the CPU, as chosen: {fits_in}.", fits_in=fits_in)
    if offload_devices(options, machine):
        return tr("It runs on the CPU, since no layer fits on the GPU: {fits_in}.", fits_in=fits_in)
    return tr(
        "It runs on the CPU, as there is no GPU that can be used: {fits_in}.", fits_in=fits_in
    )


def _why_not(
    need: MemoryEstimate, lacking: dict[str, int], machine: Machine, *, is_final: bool
) -> str:
    """Return what is lacking; ``is_final`` says that no way of loading this model would fit."""
    name = next(iter(lacking))
    why = _lacking_on_host(need, machine) if name == HOST else _lacking_on(name, need, machine)
    remedy = tr("A smaller model or quantization is needed.")
    return f"{why} {remedy}" if is_final else why


def _lacking_on_host(need: MemoryEstimate, machine: Machine) -> str:
    sentence = (
        mark("It needs {size} of memory, and {free} are free.")
        if len(need.memory) == 1
        else mark("What is left for the CPU needs {size} of memory, and {free} are free.")
    )
    free = size_in_words(machine.memory_available)
    return tr(sentence, size=size_in_words(need.host_bytes), free=free)


def _lacking_on(name: str, need: MemoryEstimate, machine: Machine) -> str:
    part = need.on(name)
    return trn(
        "{count} layer needs {size} on {device}, where {free} are free.",
        "{count} layers need {size} on {device}, where {free} are free.",
        part.layers,
        size=size_in_words(part.total_bytes),
        device=part.description or name,
        free=size_in_words(_free(name, machine)),
    )


def _free(name: str, machine: Machine) -> int:
    return next((device.memory_free for device in machine.devices if device.name == name), 0)


# --- ways out ------------------------------------------------------------------------------------


def _choices(shape: ModelShape, wanted: LoadOptions, machine: Machine) -> Iterator[Choice]:
    """Yield ways that fit, those that cost least first."""
    seen: set[LoadOptions] = {wanted}
    for label, detail, options in _ways(shape, wanted, machine):
        if options not in seen and fits(shape, options, machine):
            seen.add(options)
            yield Choice(label=label, detail=detail, options=options)


_Way = tuple[str, str, LoadOptions]


def _ways(shape: ModelShape, wanted: LoadOptions, machine: Machine) -> Iterator[_Way]:
    change = msgspec.structs.replace
    automatic = change(wanted, gpu_layers=-1, most_layers=-1)
    if wanted.gpu_layers > 0:
        detail = tr("As many layers on the GPU as its free memory holds.")
        yield tr("Fit automatically"), detail, automatic
    if wanted.flash_attention != "off" and wanted.cache_type == "f16":
        smaller = change(automatic, cache_type="q8_0")
        detail = tr("The same context in half of the memory, at hardly any loss.")
        yield tr("8-bit cache"), detail, smaller
    yield from _with_smaller_context(shape, automatic, machine, mark("Context of {size} tokens"))
    if wanted.flash_attention != "off" and wanted.cache_type != "q4_0":
        smaller = change(automatic, cache_type="q4_0")
        detail = tr("The same context in a quarter; the model may lose details.")
        yield tr("4-bit cache"), detail, smaller
        label = mark("Context of {size} tokens and a 4-bit cache")
        yield from _with_smaller_context(shape, smaller, machine, label)
    if wanted.gpu_layers != 0 and offload_devices(wanted, machine):
        detail = tr("Slower, and needs no GPU memory.")
        yield tr("CPU only"), detail, change(automatic, gpu_layers=0)


def _with_smaller_context(
    shape: ModelShape, options: LoadOptions, machine: Machine, label: str
) -> Iterator[_Way]:
    current = options.context_size or shape.trained_context
    sizes = [size for size in smaller_contexts(shape, options, machine) if size < current]
    for size in sizes[:1]:
        detail = tr("Shorter chats and documents, otherwise the same.")
        smaller = msgspec.structs.replace(options, context_size=size)
        yield tr(label, size=number(size)), detail, smaller


def estimate_for_layers(
    shape: ModelShape, options: LoadOptions, machine: Machine, gpu_layers: int
) -> MemoryEstimate:
    """Return what a load takes with this many layers on the devices: for a slider."""
    return estimate_with(shape, options, offload_devices(options, machine), gpu_layers)
