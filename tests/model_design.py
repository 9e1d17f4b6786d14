"""The shapes of generated models: see ``tests.model_factory``, which writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CHATML: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class Design:
    """A model's shape.

    ``architecture`` is one of ``llama``, ``qwen2``, ``qwen3``, ``gemma3`` (sliding window in five
    of six layers), ``qwen3moe``, ``deepseek2`` (latent attention, experts), ``mamba`` (recurrent),
    ``jamba`` (attention in every fourth layer, recurrent else), ``bert`` (embeddings) or ``t5``
    (encoder and decoder). ``width`` must be a multiple of ``heads``, and of the quantization's
    blocks (32, for Q4_K 256). ``head_size`` 0 is width ÷ heads. With ``tied`` the output shares the
    tensor of the input. ``experts`` makes a mixture of experts of a ``llama`` too. ``varied`` makes
    norms and biases random as well, so that none of them can be left out unseen. ``gated`` is a
    t5's feed-forward, ``pooling`` how many vectors become one (1 mean, 2 first, 3 last), which
    makes an embedding model of any.
    """

    architecture: str = "llama"
    layers: int = 2
    width: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 0
    feed_forward: int = 128
    vocabulary: int = 640
    context: int = 4096
    quantization: str = "F16"
    tied: bool = False
    window: int = 128
    experts: int = 0
    experts_used: int = 2
    state: int = 16
    template: str = CHATML
    name: str = ""
    seed: int = 0
    varied: bool = False
    gated: bool = True
    pooling: int = 0

    @property
    def head_width(self) -> int:
        return self.head_size or self.width // self.heads


SMALL: Final[Mapping[str, Design]] = {
    "llama": Design(),
    "llama-moe": Design(experts=4),
    "qwen2": Design(architecture="qwen2", tied=True),
    "qwen3": Design(architecture="qwen3", head_size=32),
    "gemma3": Design(architecture="gemma3", layers=6, tied=True, context=8192),
    "qwen3moe": Design(architecture="qwen3moe", experts=4),
    "deepseek2": Design(architecture="deepseek2", experts=4, kv_heads=1),
    "mamba": Design(architecture="mamba", tied=True),
    "jamba": Design(architecture="jamba", layers=4, tied=True),
    "bert": Design(architecture="bert", kv_heads=4, context=512, template="", pooling=1),
    "t5": Design(architecture="t5", kv_heads=4, context=512, template=""),
}
"""A small model of each kind, by name."""


def latent(design: Design) -> tuple[int, int]:
    """Return the rank of the latent keys and values, and the size of the rotated part."""
    return max(32, design.width // 4), 32


def time_rank(design: Design) -> int:
    return max(32, design.width // 16)


def attends(layer: int) -> bool:
    """Return whether a layer of a jamba has attention."""
    return layer % 4 == 1
