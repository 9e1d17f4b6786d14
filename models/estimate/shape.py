"""The shape of a model, from its header."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.estimate.architecture import (
    Numbers,
    cached_rows,
    is_encoder,
    states,
    window_of,
    windowed_layers,
)
from models.estimate.records import LayerShape, ModelShape
from models.estimate.remote import shape_of_remote
from models.gguf import GgufHeader, TensorInfo, read_header
from models.library.describing import kind_of

__all__ = ["ModelShape", "shape_of", "shape_of_model", "shape_of_remote"]

_BLOCK: Final = re.compile(r"(?:enc\.|dec\.)?blk\.(\d+)\.")
_INPUTS: Final = ("token_embd", "position_embd", "token_types", "per_layer_token_embd")
_EXPERTS: Final = re.compile(r"_exps\.|_chexps\.")
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_MAX_PARTS: Final = 1000


def shape_of_model(path: Path) -> ModelShape:
    """Return the shape of the model in a file, or in the split files that it is the first of.

    Raises EngineError, as ``read_header`` does, also for a part that is missing.
    """
    first, *more = headers_of_model(path)
    return shape_of(first, more)


def headers_of_model(path: Path) -> list[GgufHeader]:
    """Return the header of a file, or of all the split files that it is the first of.

    Raises EngineError, as ``read_header`` does, also for a part that is missing.
    """
    headers = [read_header(path)]
    if found := _PART.search(path.name):
        count = min(int(found[2]), _MAX_PARTS)
        stem = path.name[: found.start()]
        names = (f"{stem}-{number:05}-of-{found[2]}.gguf" for number in range(2, count + 1))
        headers.extend(read_header(path.with_name(name)) for name in names)
    return headers


def shape_of(header: GgufHeader, more_parts: Sequence[GgufHeader] = ()) -> ModelShape:
    """Return the shape of the model with this header; split files have theirs in each part."""
    numbers = Numbers(header)
    tensors = [tensor for part in (header, *more_parts) for tensor in part.tensors]
    names = {tensor.name for tensor in tensors}
    embedding = next((item for item in tensors if item.name == "token_embd.weight"), None)
    tied = "output.weight" not in names and not is_encoder(numbers.architecture)
    input_bytes = sum(tensor.size_bytes for tensor in tensors if _is_input(tensor))
    output_bytes = sum(
        tensor.size_bytes
        for tensor in tensors
        if not _is_input(tensor) and _BLOCK.match(tensor.name) is None
    )
    shared_bytes = embedding.size_bytes if tied and embedding else 0
    heads = numbers.one("attention.head_count")
    width = numbers.one("embedding_length")
    head = numbers.one("attention.key_length_mla") or numbers.one(
        "attention.key_length", width // max(1, heads)
    )
    return ModelShape(
        architecture=numbers.architecture,
        layers=_layers(numbers, tensors),
        input_bytes=input_bytes,
        output_bytes=output_bytes + shared_bytes,
        shared_bytes=shared_bytes,
        parameters=sum(tensor.elements for tensor in tensors),
        width=width,
        heads=heads,
        queries=heads * head,
        feed_forward=_feed_forward(numbers),
        inner=numbers.one("ssm.inner_size"),
        vocabulary=embedding.shape[-1] if embedding else 0,
        window=window_of(numbers),
        trained_context=numbers.one("context_length"),
        encoder=is_encoder(numbers.architecture),
        encoder_decoder=numbers.architecture == "t5",
        embedding=kind_of(header) == "embedding",
    )


def _is_input(tensor: TensorInfo) -> bool:
    return tensor.name.startswith(_INPUTS)


def _layers(numbers: Numbers, tensors: Sequence[TensorInfo]) -> tuple[LayerShape, ...]:
    share = _used_share(numbers)
    weights: Counter[int] = Counter()
    active: Counter[int] = Counter()
    for tensor in tensors:
        if found := _BLOCK.match(tensor.name):
            layer = int(found[1])
            weights[layer] += tensor.size_bytes
            used = share if _EXPERTS.search(tensor.name) else 1.0
            active[layer] += math.ceil(used * tensor.size_bytes)
    kept = zip(cached_rows(numbers), states(numbers), windowed_layers(numbers), strict=True)
    return tuple(
        LayerShape(
            weights_bytes=weights[layer],
            active_bytes=active[layer],
            keys=keys,
            values=values,
            state=state,
            windowed=windowed,
        )
        for layer, ((keys, values), state, windowed) in enumerate(kept)
    )


def _used_share(numbers: Numbers) -> float:
    """Return which part of its experts a token takes."""
    experts = numbers.one("expert_count")
    return min(1.0, numbers.one("expert_used_count", experts) / experts) if experts else 1.0


def _feed_forward(numbers: Numbers) -> int:
    """Return the width of the feed-forward of all experts that a token takes together."""
    dense = numbers.one("feed_forward_length")
    experts = numbers.one("expert_feed_forward_length", dense)
    used = numbers.one("expert_used_count")
    return max(dense, used * experts) if numbers.one("expert_count") else dense
