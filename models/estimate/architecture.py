"""What each layer keeps of a context, by the rules of llama.cpp's architectures.

Source: llama.cpp, src/llama-hparams.cpp, src/llama-model.cpp (create_memory), src/models/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.gguf import GgufHeader

_RECURRENT: Final = {"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"}
_BOTH: Final = {"falcon-h1"}
"""Every layer of these has attention and a state."""
_ENCODERS: Final = (
    "bert", "jina-bert-v2", "jina-bert-v3", "nomic-bert", "nomic-bert-moe", "neo-bert", "eurobert",
    "modern-bert", "gemma-embedding", "wavtokenizer-dec", "dream", "llada", "llada-moe", "rnd1",
)  # fmt: skip
_INTERVAL: Final = {"qwen3next", "qwen35", "qwen35moe", "qwen4exp", "minimax-01"}
"""Of these only each n-th layer has attention."""
_WINDOWS: Final[Mapping[str, tuple[int, bool]]] = {
    "gemma2": (2, False),
    "gemma3": (6, False),
    "gemma3n": (5, False),
    "gemma4": (0, False),
    "gemma-embedding": (6, False),
    "cohere2": (4, False),
    "cohere2moe": (4, True),
    "gpt-oss": (2, False),
    "exaone4": (4, False),
    "exaone-moe": (4, False),
    "olmo2": (4, False),
    "llama4": (4, False),
    "smallthinker": (4, True),
    "plamo3": (8, False),
    "afmoe": (4, False),
    "mellum": (4, False),
    "modern-bert": (3, True),
    "laguna": (4, True),
    "mimo2": (0, False),
}
"""Architecture → one layer of so many is not windowed, and whether it is the first of them.

Other files name a window too, but llama.cpp makes no use of it.
"""
_DEFAULT_WINDOW: Final = {"gemma2": 4096, "exaone4": 4096, "exaone-moe": 128, "llama4": 8192}


class Numbers:
    """An architecture's own numbers in a header, one for each layer where they differ."""

    def __init__(self, header: GgufHeader) -> None:
        self._header = header
        self.architecture: Final = header.architecture
        self.layers: Final = max(0, min(self.one("block_count"), 4096))

    def one(self, key: str, default: int = 0) -> int:
        """Return a number; of an array the largest."""
        full = f"{self.architecture}.{key}"
        array = self._header.arrays.get(full)
        if array:
            return int(max(array))
        return self._header.integer(full, default)

    def each(self, key: str, default: int = 0) -> tuple[int, ...]:
        """Return a number for each layer."""
        array = self._header.arrays.get(f"{self.architecture}.{key}")
        if array:
            padded = [int(number) for number in array] + [0] * self.layers
            return tuple(padded[: self.layers])
        return (self.one(key, default),) * self.layers

    def pattern(self, key: str) -> tuple[bool, ...] | None:
        """Return a flag for each layer, or None where the header has no such array."""
        array = self._header.arrays.get(f"{self.architecture}.{key}")
        return tuple(bool(flag) for flag in self.each(key)) if array else None


def is_encoder(architecture: str) -> bool:
    """Return whether models of the architecture keep no context at all."""
    return architecture in _ENCODERS


def window_of(numbers: Numbers) -> int:
    """Return the sliding window in tokens, 0 where there is none."""
    if numbers.architecture not in _WINDOWS:
        return 0
    default = _DEFAULT_WINDOW.get(numbers.architecture, 0)
    return max(0, numbers.one("attention.sliding_window", default))


def windowed_layers(numbers: Numbers) -> tuple[bool, ...]:
    """Return for each layer whether it looks back no further than the window."""
    if not window_of(numbers):
        return (False,) * numbers.layers
    key = "attention.sliding_window_pattern"
    if (pattern := numbers.pattern(key)) is not None:
        return pattern
    period, first = _WINDOWS[numbers.architecture]
    period = numbers.one(key, period)
    full = 0 if first else period - 1
    return tuple(not period or layer % period != full for layer in range(numbers.layers))


def recurrent_layers(numbers: Numbers) -> tuple[bool, ...]:
    """Return for each layer whether it has a state in place of a KV cache."""
    if numbers.architecture in _RECURRENT:
        return (True,) * numbers.layers
    if numbers.architecture in _INTERVAL:
        interval = max(1, numbers.one("full_attention_interval", 4))
        return tuple((layer + 1) % interval != 0 for layer in range(numbers.layers))
    if not state_elements(numbers) or numbers.architecture in _BOTH:
        return (False,) * numbers.layers
    heads = numbers.each("attention.head_count_kv")
    if numbers.architecture.startswith("nemotron_h"):
        inner = numbers.each("feed_forward_length")
        return tuple(not kv and not ff for kv, ff in zip(heads, inner, strict=True))
    return tuple(not kv for kv in heads)


def cached_rows(numbers: Numbers) -> tuple[tuple[int, int], ...]:
    """Return for each layer how many elements of keys and of values a token leaves."""
    if is_encoder(numbers.architecture):
        return ((0, 0),) * numbers.layers
    heads = max(1, numbers.one("attention.head_count", 1))
    head = numbers.one("embedding_length") // heads
    keys = numbers.one("attention.key_length", head)
    values = numbers.one("attention.value_length", head)
    short_keys = numbers.one("attention.key_length_swa", keys)
    short_values = numbers.one("attention.value_length_swa", values)
    if numbers.one("attention.key_length_mla") and numbers.one("attention.value_length_mla"):
        # Latent attention: the values are a part of the keys.
        values = short_values = 0
    kv_heads = numbers.each("attention.head_count_kv", numbers.one("attention.head_count", heads))
    windowed, recurrent = windowed_layers(numbers), recurrent_layers(numbers)
    last_own = _first_shared(numbers)
    rows: list[tuple[int, int]] = []
    for layer in range(numbers.layers):
        count = 0 if recurrent[layer] or layer >= last_own else kv_heads[layer]
        wide, narrow = (short_keys, short_values) if windowed[layer] else (keys, values)
        rows.append((count * wide, count * narrow))
    return tuple(rows)


def _first_shared(numbers: Numbers) -> int:
    """Return the first layer that reads the cache of another one and has none of its own."""
    if numbers.architecture == "gemma3n":
        return 20
    return numbers.layers - numbers.one("attention.shared_kv_layers")


def states(numbers: Numbers) -> tuple[int, ...]:
    """Return for each layer the elements of its recurrent state."""
    size = state_elements(numbers)
    if numbers.architecture in _BOTH:
        return (size,) * numbers.layers
    return tuple(size if recurrent else 0 for recurrent in recurrent_layers(numbers))


def state_elements(numbers: Numbers) -> int:
    """Return the elements of one layer's recurrent state; 0 where the model has none."""
    width = numbers.one("embedding_length")
    if head := numbers.one("wkv.head_size"):
        return numbers.one("token_shift_count", 2) * width + width * head
    if cached := numbers.one("shortconv.l_cache"):
        return width * (cached - 1)
    conv, inner = numbers.one("ssm.conv_kernel"), numbers.one("ssm.inner_size")
    state, groups = numbers.one("ssm.state_size"), numbers.one("ssm.group_count")
    if head := numbers.one("kda.head_dim"):
        heads = numbers.one("attention.head_count")
        return 3 * max(3, conv - 1) * heads * head + head * head * heads
    return max(0, conv - 1) * (inner + 2 * groups * state) + state * inner
