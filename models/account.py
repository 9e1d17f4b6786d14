"""Where a loaded model lies, why not more of it is on a device, and what its context takes."""

from __future__ import annotations

from typing import Final

from models.amounts import size_in_words
from models.records import DeviceMemory, ModelInfo, Problem
from models.wording import mark, number, tr, trn

_HOST: Final = "CPU"
_KINDS: Final = {
    "embedding": mark(
        "It is an embedding model: it turns texts into numbers and can't chat. It serves the "
        "search in documents."
    ),
    "encoder_decoder": mark(
        "It is an encoder-decoder model: it answers one text at a time and can't chat. It can "
        "summarize and translate documents."
    ),
    "base": mark("It is a base model: it goes on with a text, and was not trained to chat."),
}
_REASONS: Final = {
    "asked": mark("{placement}, as asked."),
    "fallback": mark("{placement}, since a load with more of them on the device has failed."),
    "no_device": mark("{placement}: there is no GPU that the engine can use."),
    "no_backend": mark("{placement}: the engine's library is built for the CPU alone."),
}
"""A model's placement, as a clause, and why it is so."""


def account(info: ModelInfo, unused: Problem | None = None) -> tuple[str, ...]:
    """Return the account of a load, in sentences that a person can act on.

    ``unused`` is why the machine's graphics card can't be used, where it has one.
    """
    kind = _KINDS.get(info.kind, "")
    return tuple(
        line
        for line in (
            _placement(info),
            _unused(info, unused),
            _context(info),
            _template(info),
            info.speculation_note,
            tr(kind),
        )
        if line
    )


def _placement(info: ModelInfo) -> str:
    devices = [part for part in info.memory if part.device != _HOST]
    host = next((part for part in info.memory if part.device == _HOST), None)
    size = size_in_words(host.total_bytes) if host else ""
    layers, offloaded = info.layers, info.offloaded_layers
    if not offloaded:
        placement = (
            tr("All {layers} layers run on the CPU ({size})", layers=layers, size=size)
            if host and host.total_bytes
            else tr("All {layers} layers run on the CPU", layers=layers)
        )
        return _with_reason(placement, info, devices)
    placed = [_on(part, devices) for part in devices]
    if on_host := layers - offloaded:
        placed.append(
            tr("{count} on the CPU ({size})", count=on_host, size=size)
            if host
            else tr("{count} on the CPU", count=on_host)
        )
    counts = {"count": offloaded, "layers": layers, "places": ", ".join(placed)}
    placement = (
        tr("{count} of {layers} layers run on {places}", **counts)
        if len(devices) == 1
        else tr(
            "{count} of {layers} layers run on {devices} devices: {places}",
            devices=len(devices),
            **counts,
        )
    )
    return _with_reason(placement, info, devices)


def _on(part: DeviceMemory, devices: list[DeviceMemory]) -> str:
    name = part.description or part.device
    if sum(other.description == part.description for other in devices) > 1:
        # Two cards of one make.
        name = part.device
    place = f"{name} ({size_in_words(part.total_bytes)})"
    if len(devices) == 1:
        return place
    return tr("{count} on {place}", count=part.layers, place=place)


def _with_reason(placement: str, info: ModelInfo, devices: list[DeviceMemory]) -> str:
    """Return the sentence of a placement, with why there is no more of it on devices."""
    if info.placement_reason != "memory":
        sentence = _REASONS.get(info.placement_reason, "")
        return tr(sentence, placement=placement) if sentence else f"{placement}."
    free = sum(part.free_bytes for part in devices)
    if not free:
        return trn(
            "{placement}, since its free memory holds no more.",
            "{placement}, since their free memory holds no more.",
            len(devices),
            placement=placement,
        )
    return trn(
        "{placement}, since its free memory of {free} holds no more.",
        "{placement}, since their free memory of {free} holds no more.",
        len(devices),
        placement=placement,
        free=size_in_words(free),
    )


def _unused(info: ModelInfo, problem: Problem | None) -> str:
    if problem is None or info.placement_reason not in {"no_backend", "no_device"}:
        return ""
    return f"{problem.title} {problem.hint}"


def _context(info: ModelInfo) -> str:
    tokens = number(info.context_size)
    if info.kind in {"embedding", "encoder_decoder"}:
        return tr("It reads up to {tokens} tokens at once.", tokens=tokens)
    cache = sum(part.cache_bytes for part in info.memory)
    size = cache or info.cache_bytes_per_token * info.context_size
    if not size:
        return tr("Context {tokens} tokens in {type}.", tokens=tokens, type=info.cache_type)
    return tr(
        "Context {tokens} tokens in {type}: {size}.",
        tokens=tokens,
        type=info.cache_type,
        size=size_in_words(size),
    )


def _template(info: ModelInfo) -> str:
    if info.template_problem is None:
        return ""
    instead = tr("Chats use the fall-back “{name}” in its place.", name=info.template)
    return f"{info.template_problem.title} {instead}"
