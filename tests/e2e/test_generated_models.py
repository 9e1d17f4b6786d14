"""The models that tests generate: the real library loads, tokenizes and decodes them."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.gguf import read_header
from models.llama.library import lib
from tests.model_factory import SMALL, Design, sized, write_model

ENCODERS = {"bert", "t5"}
TEXT = b"hello world, an ok test!"


@contextmanager
def opened(path: Path, kind: str) -> Iterator[tuple[Any, Any]]:
    """Yield the context and the vocabulary of a model."""
    model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
    assert model, f"{kind} does not load"
    parameters = lib.llama_context_default_params()
    parameters.n_ctx, parameters.n_threads, parameters.n_threads_batch = 512, 1, 1
    parameters.embeddings = kind == "bert"
    context = lib.llama_init_from_model(model, parameters)
    yield context, lib.llama_model_get_vocab(model)
    lib.llama_free(context)
    lib.llama_model_free(model)


def tokenize(vocabulary: Any, text: bytes) -> Any:
    ids = (lib.llama_token * 128)()
    count = lib.llama_tokenize(vocabulary, text, len(text), ids, len(ids), True, True)
    return (lib.llama_token * count)(*ids[:count])


def text_of(vocabulary: Any, ids: Any) -> bytes:
    text, piece = b"", ctypes.create_string_buffer(64)
    for token in ids:
        length = lib.llama_token_to_piece(vocabulary, token, piece, 64, 0, False)
        text += piece.raw[:length]
    return text


def output(context: Any, kind: str, ids: Any) -> list[float]:
    """Return some numbers of what the model makes of the tokens."""
    batch = lib.llama_batch_get_one(ids, len(ids))
    if kind in ENCODERS:
        assert lib.llama_encode(context, batch) == 0
    if kind == "bert":
        return list(lib.llama_get_embeddings_seq(context, 0)[:64])
    if kind == "t5":
        batch = lib.llama_batch_get_one((lib.llama_token * 1)(0), 1)
    assert lib.llama_decode(context, batch) == 0
    return list(lib.llama_get_logits_ith(context, -1)[:64])


@pytest.mark.parametrize("kind", SMALL)
def test_each_kind_decodes(tmp_path: Path, kind: str) -> None:
    path = write_model(tmp_path / "model.gguf", SMALL[kind])
    with opened(path, kind) as (context, vocabulary):
        ids = tokenize(vocabulary, TEXT)
        said = output(context, kind, ids)
        # WordPiece sets a space before each punctuation mark.
        assert text_of(vocabulary, ids).replace(b" ", b"") == TEXT.replace(b" ", b"")
    assert all(math.isfinite(number) for number in said)
    assert max(said) - min(said) > 0.1


@pytest.mark.parametrize("quantization", ["F32", "F16", "Q4_0", "Q8_0", "Q4_K", "Q6_K"])
def test_each_quantization_decodes(tmp_path: Path, quantization: str) -> None:
    design = Design(width=256, feed_forward=512, quantization=quantization)
    path = write_model(tmp_path / "model.gguf", design)
    with opened(path, "llama") as (context, vocabulary):
        said = output(context, "llama", tokenize(vocabulary, TEXT))
    assert all(math.isfinite(number) for number in said)
    assert max(said) - min(said) > 0.1


@pytest.mark.parametrize("kind", SMALL)
def test_a_size_is_reached_with_whole_layers(tmp_path: Path, kind: str) -> None:
    design = sized(replace(SMALL[kind], vocabulary=700), 3_000_000)
    path = write_model(tmp_path / "model.gguf", design)
    assert 3_000_000 <= path.stat().st_size < 3_800_000
    assert read_header(path).integer(f"{design.architecture}.block_count") == design.layers
