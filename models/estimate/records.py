"""What is judged before a load or a download, and the words and numbers of the verdict."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.records import Device, DeviceMemory, LoadOptions

Verdict = Literal["gpu", "partly", "cpu", "no_fit"]
HOST = "CPU"
"""What the machine's own memory is called, as in ``DeviceMemory``."""


class LayerShape(msgspec.Struct, frozen=True, kw_only=True):
    """One layer: what it weighs, and what it caches.

    ``weights_bytes`` are in memory; ``active_bytes`` of them are read for a token (of a mixture
    only the experts that are used). ``keys`` and ``values`` are the elements that a token leaves in
    the KV cache, ``state`` the 32-bit elements of a recurrent state, one for each sequence. A
    ``windowed`` layer looks back no further than the model's window.
    """

    weights_bytes: int
    active_bytes: int
    keys: int = 0
    values: int = 0
    state: int = 0
    windowed: bool = False


class ModelShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's memory and speed depend on.

    ``input_bytes`` are the embeddings, which llama.cpp keeps on the CPU; ``output_bytes`` the
    output layer, which counts as one more than ``layers``. ``shared_bytes`` of it are a tensor of
    the input: counted once on the CPU, copied to a device. ``queries`` is the width of all heads
    together, ``feed_forward`` that of the widest layer with all experts that a token takes,
    ``inner`` that of a recurrent layer, ``window`` the sliding window in tokens. An ``encoder`` has
    no cache; an ``encoder_decoder`` has relative positions that take part in the computing. An
    ``embedding`` model makes a vector of each text, be it an encoder or a decoder with a cache.
    ``exact`` says that a header was read; else it is what models of this size are usually like.
    """

    architecture: str
    layers: tuple[LayerShape, ...]
    input_bytes: int
    output_bytes: int
    shared_bytes: int = 0
    parameters: int = 0
    width: int = 0
    heads: int = 0
    queries: int = 0
    feed_forward: int = 0
    inner: int = 0
    vocabulary: int = 0
    window: int = 0
    trained_context: int = 0
    encoder: bool = False
    encoder_decoder: bool = False
    embedding: bool = False
    exact: bool = True

    @property
    def reads_whole(self) -> bool:
        """Return whether each text is computed at once, in one micro-batch."""
        return self.encoder or self.encoder_decoder or self.embedding

    @property
    def layer_count(self) -> int:
        """Return how many layers can be offloaded: the output layer is one."""
        return len(self.layers) + 1

    @property
    def weights_bytes(self) -> int:
        """Return the bytes of all tensors, each once."""
        ends = self.input_bytes + self.output_bytes - self.shared_bytes
        return ends + sum(layer.weights_bytes for layer in self.layers)

    @property
    def active_bytes(self) -> int:
        """Return the bytes of weights that are read for each token."""
        return self.output_bytes + sum(layer.active_bytes for layer in self.layers)


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

    ``memory`` are llama.cpp's buffers; ``engine_bytes`` is what the engine process takes of the
    machine's memory besides, for the vocabulary's tables and as scratch space of the CPU.
    ``layers`` counts the output layer as one, as llama.cpp does. ``context_size`` is in tokens for
    each sequence.
    """

    memory: tuple[DeviceMemory, ...]
    layers: int
    offloaded_layers: int
    context_size: int
    engine_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Return what it takes in all, on all devices together."""
        return self.engine_bytes + sum(part.total_bytes for part in self.memory)

    @property
    def host_bytes(self) -> int:
        """Return what it takes of the machine's own memory."""
        return self.engine_bytes + self.on(HOST).total_bytes

    def on(self, device: str) -> DeviceMemory:
        """Return what one device takes: nothing, where it isn't used."""
        for part in self.memory:
            if part.device == device:
                return part
        return DeviceMemory(device=device)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A way to load that does fit, for one click: what a button says, and what it does."""

    label: str
    detail: str
    options: LoadOptions


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a model runs here, and how.

    ``reason`` is a sentence for people. ``missing_bytes`` is what is lacking for ``no_fit``.
    ``tokens_per_second`` is None where no bandwidth was measured. ``choices`` are ways that fit,
    the best first, where the wanted one doesn't. ``sequences`` is how many there is room for where
    that is fewer than asked, else 0.
    """

    verdict: Verdict
    estimate: MemoryEstimate
    reason: str
    missing_bytes: int = 0
    tokens_per_second: float | None = None
    choices: tuple[Choice, ...] = ()
    sequences: int = 0
