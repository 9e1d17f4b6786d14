"""A bare low-level loop over llama.cpp: the baseline that the engine is measured against.

It does what any program must do and nothing else: decode the prompt in batches, then sample and
decode token by token. No protocol, no text, no cache, no cancelling.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The engine's own setting (models/llama/library.py): both sides wait for cores in the same way.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import llama_cpp

from models.records import Sampling


@dataclass(frozen=True)
class BareRun:
    """Seconds and ids of one completion. ``decode_s`` covers the tokens after the first."""

    prefill_s: float
    decode_s: float
    token_ids: tuple[int, ...]

    @property
    def decode_rate(self) -> float:
        """Return tokens per second after the first token."""
        return (len(self.token_ids) - 1) / self.decode_s


class BareModel:
    """A model and one context, with fixed threads."""

    def __init__(
        self, path: str, *, context_size: int, threads: int, flash_attention: bool, batch_size: int
    ) -> None:
        llama_cpp.llama_log_set(_SILENCE, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self._model: Any = llama_cpp.llama_model_load_from_file(
            path.encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = context_size
        params.n_batch = params.n_ubatch = batch_size
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = int(flash_attention)
        self._context: Any = llama_cpp.llama_init_from_model(self._model, params)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._batch_size = batch_size
        self._threads = threads

    def set_threads(self, threads: int) -> None:
        """Decode with this many threads from now on; prefill keeps its own."""
        llama_cpp.llama_set_n_threads(self._context, threads, self._threads)

    def tokenize(self, text: str) -> list[int]:
        """Return the ids of plain text."""
        data = text.encode()
        buffer = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, data, len(data), buffer, len(buffer), False, False
        )
        return list(buffer[:count])

    def complete(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling) -> BareRun:
        """Decode ``prompt`` into an empty cache, then ``max_tokens`` tokens."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        chain = _chain(sampling, llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        started = time.perf_counter()
        for first in range(0, len(prompt), self._batch_size):
            self._decode(prompt[first : first + self._batch_size])
        token = llama_cpp.llama_sampler_sample(chain, self._context, -1)
        ids = [token]
        prefilled = time.perf_counter()
        while len(ids) < max_tokens and not llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
            self._decode([token])
            token = llama_cpp.llama_sampler_sample(chain, self._context, -1)
            ids.append(token)
        ended = time.perf_counter()
        llama_cpp.llama_sampler_free(chain)
        return BareRun(prefilled - started, ended - prefilled, tuple(ids))

    def close(self) -> None:
        """Free the context and the model."""
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def _decode(self, ids: Sequence[int]) -> None:
        array = (llama_cpp.llama_token * len(ids))(*ids)
        status = llama_cpp.llama_decode(
            self._context, llama_cpp.llama_batch_get_one(array, len(ids))
        )
        if status:
            raise RuntimeError(f"llama_decode returned {status}")


def _chain(sampling: Sampling, vocabulary_size: int) -> Any:  # noqa: ANN401 - a ctypes pointer without a stub
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    add = llama_cpp.llama_sampler_chain_add
    if sampling.repeat_penalty != 1:
        penalties = llama_cpp.llama_sampler_init_penalties
        last_n, repeat = sampling.repeat_last_n, sampling.repeat_penalty
        add(chain, penalties(vocabulary_size, last_n, repeat, 0.0, 0.0))
    if sampling.temperature == 0:
        add(chain, llama_cpp.llama_sampler_init_greedy())
        return chain
    if sampling.top_k > 0:
        add(chain, llama_cpp.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        add(chain, llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        add(chain, llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1))
    add(chain, llama_cpp.llama_sampler_init_temp(sampling.temperature))
    add(chain, llama_cpp.llama_sampler_init_dist(sampling.seed or 0))
    return chain


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _SILENCE(_level: int, _text: bytes, _data: object) -> None:  # noqa: N802
    """Keep the library's log off the report."""
