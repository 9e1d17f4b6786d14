"""What is judged before a load or a download, and the words and numbers of the verdict."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.protocol import Device, DeviceMemory, LoadOptions

Verdict = Literal["gpu", "partly", "cpu", "no_fit"]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine has. Bytes; ``bandwidth`` in bytes per second by the device's name.

    ``devices`` are llama.cpp's, the CPU among them. ``bandwidth`` is measured: by copying memory,
    then by the speed of replies; a device that nobody has measured is missing.
    """

    memory_total: int
    memory_available: int
    devices: tuple[Device, ...] = ()
    bandwidth: dict[str, float] = {}


class MemoryEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a load is going to take, by device, and with how many layers off the CPU.

    ``layers`` counts the output layer as one, as llama.cpp does.
    """

    memory: tuple[DeviceMemory, ...]
    layers: int
    offloaded_layers: int
    context_size: int

    @property
    def total_bytes(self) -> int:
        """Return what all devices take together."""
        return sum(part.total_bytes for part in self.memory)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to load that does fit, for one click: what a button says, and what it does."""

    label: str
    detail: str
    options: LoadOptions


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a model runs here, and how.

    ``reason`` is a sentence for people. ``missing_bytes`` is what is lacking for ``no_fit``.
    ``tokens_per_second`` is None where no bandwidth was measured. ``choices`` are ways that fit,
    the best first, where the wanted one doesn't.
    """

    verdict: Verdict
    estimate: MemoryEstimate
    reason: str
    missing_bytes: int = 0
    tokens_per_second: float | None = None
    choices: tuple[Choice, ...] = ()
