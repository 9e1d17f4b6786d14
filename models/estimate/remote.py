"""The shape of a model that isn't here yet: what models of its size are usually like."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from models.estimate.records import LayerShape, ModelShape
from models.hub.records import HubRepository, Variant
from models.problems import EngineError
from models.wording import tr

_BITS: Final[tuple[tuple[str, float], ...]] = (
    ("F32", 32.0),
    ("BF16", 16.0),
    ("F16", 16.0),
    ("Q8", 8.5),
    ("Q6", 6.6),
    ("Q5", 5.6),
    ("Q4", 4.8),
    ("MXFP4", 4.5),
    ("NVFP4", 4.5),
    ("IQ4", 4.4),
    ("Q3", 3.8),
    ("IQ3", 3.5),
    ("Q2", 3.0),
    ("TQ2", 2.1),
    ("IQ2", 2.5),
    ("TQ1", 1.7),
    ("IQ1", 1.8),
)
_DEFAULT_BITS: Final = 5.0


class _Usual(NamedTuple):
    """What a dense model of so many billions of parameters usually looks like."""

    billions: float
    layers: int
    width: int
    heads: int
    kv_heads: int
    head: int
    feed_forward: int


_USUAL: Final = (
    _Usual(0.135, 30, 576, 9, 3, 64, 1536),
    _Usual(0.36, 32, 960, 15, 5, 64, 2560),
    _Usual(0.6, 28, 1024, 16, 8, 128, 3072),
    _Usual(1.2, 16, 2048, 32, 8, 64, 8192),
    _Usual(1.7, 28, 2048, 16, 8, 128, 6144),
    _Usual(3.2, 28, 3072, 24, 8, 128, 8192),
    _Usual(4.0, 36, 2560, 32, 8, 128, 9728),
    _Usual(8.0, 32, 4096, 32, 8, 128, 14336),
    _Usual(12.0, 40, 5120, 32, 8, 128, 14336),
    _Usual(14.0, 40, 5120, 40, 8, 128, 17408),
    _Usual(24.0, 40, 5120, 32, 8, 128, 32768),
    _Usual(32.0, 64, 5120, 64, 8, 128, 25600),
    _Usual(70.0, 80, 8192, 64, 8, 128, 28672),
    _Usual(120.0, 88, 12288, 96, 8, 128, 28672),
    _Usual(405.0, 126, 16384, 128, 8, 128, 53248),
)
_USUAL_MIXTURE: Final = (
    _Usual(7.0, 16, 2048, 16, 16, 128, 8192),
    _Usual(16.0, 27, 2048, 16, 4, 128, 8448),
    _Usual(30.0, 48, 2048, 32, 4, 128, 6144),
    _Usual(47.0, 32, 4096, 32, 8, 128, 28672),
    _Usual(120.0, 36, 2880, 64, 8, 64, 11520),
    _Usual(235.0, 94, 4096, 64, 4, 128, 12288),
    _Usual(670.0, 61, 7168, 128, 1, 288, 18432),
)
_VOCABULARIES: Final[Mapping[str, int]] = {
    "smollm": 49_152,
    "qwen": 151_936,
    "gemma": 262_144,
    "llama": 128_256,
    "gpt-oss": 201_088,
    "phi": 100_352,
    "deepseek": 129_280,
    "mistral": 131_072,
}
_DEFAULT_VOCABULARY: Final = 65_536
_MIXTURE: Final = re.compile(r"moe|mixtral|gpt-oss|deepseek[23]|llama4|dbrx", re.IGNORECASE)
_ACTIVE: Final = re.compile(r"(\d+(?:\.\d+)?)b?-a(\d+(?:\.\d+)?)b", re.IGNORECASE)
_MIXTURE_SHARE: Final = 0.15
_BILLION: Final = 1e9


def bits_per_weight(quantization: str) -> float:
    """Return about how many bits a weight takes in files of this quantization."""
    name = quantization.upper().removeprefix("UD-")
    return next((bits for prefix, bits in _BITS if name.startswith(prefix)), _DEFAULT_BITS)


def shape_of_remote(repository: HubRepository, variant: Variant) -> ModelShape:
    """Return a likely shape of a variant, from what the hub tells: its size is exact.

    Raises EngineError (``size_unknown``) where neither a size nor the parameters are told.
    """
    name = f"{repository.model.name} {repository.architecture}"
    return usual_shape(
        architecture=repository.architecture,
        name=name,
        size_bytes=variant.size_bytes,
        parameters=repository.parameters,
        quantization=variant.quantization or variant.name,
        trained_context=repository.trained_context,
    )


def usual_shape(
    *,
    architecture: str,
    name: str,
    size_bytes: int,
    parameters: int = 0,
    quantization: str = "",
    trained_context: int = 0,
) -> ModelShape:
    """Return what a model of this size usually looks like; ``name`` may tell of a mixture.

    Raises EngineError (``size_unknown``) where neither a size nor the parameters are told.
    """
    if not size_bytes and not parameters:
        raise EngineError(
            "size_unknown",
            tr("Nobody tells how large {name} is.", name=name),
            tr("Look at its page on the hub before you download it."),
        )
    bits = bits_per_weight(quantization)
    parameters = parameters or max(1, round(size_bytes * 8 / bits))
    size_bytes = size_bytes or round(parameters * bits / 8)
    billions = parameters / _BILLION
    mixed = bool(_MIXTURE.search(name) or _ACTIVE.search(name))
    known = _USUAL_MIXTURE if mixed else _USUAL
    usual = min(known, key=lambda one: abs(math.log(one.billions / max(billions, 1e-3))))
    vocabulary = _vocabulary(f"{architecture} {name}".lower())
    ends = min(round(usual.width * vocabulary * max(bits, 6.5) / 8), size_bytes // 2)
    # Small models share the tensor of the input with the output.
    shared = billions < 4.5
    output_bytes = ends if shared else ends // 2
    layer_bytes = max(0, size_bytes - ends) // usual.layers
    row = usual.kv_heads * usual.head
    layer = LayerShape(
        weights_bytes=layer_bytes,
        active_bytes=math.ceil(layer_bytes * (_active_share(name) if mixed else 1.0)),
        keys=row,
        values=row,
    )
    return ModelShape(
        architecture=architecture,
        layers=(layer,) * usual.layers,
        input_bytes=ends if shared else ends - output_bytes,
        output_bytes=output_bytes,
        shared_bytes=output_bytes if shared else 0,
        parameters=parameters,
        width=usual.width,
        heads=usual.heads,
        queries=usual.heads * usual.head,
        feed_forward=usual.feed_forward,
        vocabulary=vocabulary,
        trained_context=trained_context,
        exact=False,
    )


def _vocabulary(name: str) -> int:
    return next((size for part, size in _VOCABULARIES.items() if part in name), _DEFAULT_VOCABULARY)


def _active_share(name: str) -> float:
    """Return which part of a mixture's layers a token reads: names like 30B-A3B tell."""
    if found := _ACTIVE.search(name):
        whole, active = float(found[1]), float(found[2])
        if 0 < active < whole:
            return active / whole
    return _MIXTURE_SHARE
