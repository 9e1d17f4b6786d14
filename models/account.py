"""Where a loaded model lies, why not more of it is on a device, and what its context takes."""

from __future__ import annotations

from typing import Final

from models.amounts import size_in_words
from models.records import DeviceMemory, ModelInfo, Problem

_HOST: Final = "CPU"
_KINDS: Final = {
    "embedding": "It is an embedding model: it turns texts into numbers and can't chat. It serves "
    "the search in documents.",
    "encoder_decoder": "It is an encoder-decoder model: it answers one text at a time and can't "
    "chat. It can summarize and translate documents.",
    "base": "It is a base model: it goes on with a text, and was not trained to chat.",
}
_REASONS: Final = {
    "asked": ", as asked",
    "fallback": ", since a load with more of them on the device has failed",
    "no_device": ": there is no GPU that the engine can use",
    "no_backend": ": the engine's library is built for the CPU alone",
}


def account(info: ModelInfo, unused: Problem | None = None) -> tuple[str, ...]:
    """Return the account of a load, in sentences that a person can act on.

    ``unused`` is why the machine's graphics card can't be used, where it has one.
    """
    return tuple(
        line
        for line in (
            _placement(info),
            _unused(info, unused),
            _context(info),
            _template(info),
            info.speculation_note,
            _KINDS.get(info.kind, ""),
        )
        if line
    )


def _placement(info: ModelInfo) -> str:
    devices = [part for part in info.memory if part.device != _HOST]
    host = next((part for part in info.memory if part.device == _HOST), None)
    if not info.offloaded_layers:
        amount = f" ({size_in_words(host.total_bytes)})" if host and host.total_bytes else ""
        return f"All {info.layers} layers run on the CPU{amount}{_why(info, devices)}."
    placed = [_on(part, devices) for part in devices]
    on_host = info.layers - info.offloaded_layers
    if on_host:
        amount = f" ({size_in_words(host.total_bytes)})" if host else ""
        placed.append(f"{on_host} on the CPU{amount}")
    total = f"{info.offloaded_layers} of {info.layers} layers run on "
    if len(devices) == 1:
        return f"{total}{', '.join(placed)}{_why(info, devices)}."
    return f"{total}{len(devices)} devices: {', '.join(placed)}{_why(info, devices)}."


def _on(part: DeviceMemory, devices: list[DeviceMemory]) -> str:
    count = "" if len(devices) == 1 else f"{part.layers} on "
    name = part.description or part.device
    if sum(other.description == part.description for other in devices) > 1:
        # Two cards of one make.
        name = part.device
    return f"{count}{name} ({size_in_words(part.total_bytes)})"


def _why(info: ModelInfo, devices: list[DeviceMemory]) -> str:
    if info.placement_reason != "memory":
        return _REASONS.get(info.placement_reason, "")
    free = sum(part.free_bytes for part in devices)
    whose = "its" if len(devices) == 1 else "their"
    amount = f" of {size_in_words(free)}" if free else ""
    return f", since {whose} free memory{amount} holds no more"


def _unused(info: ModelInfo, problem: Problem | None) -> str:
    if problem is None or info.placement_reason not in {"no_backend", "no_device"}:
        return ""
    return f"{problem.title} {problem.hint}"


def _context(info: ModelInfo) -> str:
    if info.kind in {"embedding", "encoder_decoder"}:
        return f"It reads up to {info.context_size:,} tokens at once."
    cache = sum(part.cache_bytes for part in info.memory)
    size = cache or info.cache_bytes_per_token * info.context_size
    amount = f": {size_in_words(size)}" if size else ""
    return f"Context {info.context_size:,} tokens in {info.cache_type}{amount}."


def _template(info: ModelInfo) -> str:
    if info.template_problem is None:
        return ""
    return f"{info.template_problem.title} Chats use the fall-back “{info.template}” in its place."
