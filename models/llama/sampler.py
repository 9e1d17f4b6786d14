"""The sampler chain: logits in, one token id out.

The order is what the window shows: penalties → top-k → top-p → min-p → temperature → draw. A
stage that a setting switches off is left out; temperature 0 takes the likeliest token after the
penalties.

A grammar looks at the one token that the chain has chosen. Only where it refuses that token does it
go over the others: over a whole vocabulary it takes as long as the decoding of a token.
"""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from models.llama.context import LlamaContext, Logits
from models.llama.grammar import (
    CANDIDATE,
    NO_TOKEN,
    Candidates,
    Grammar,
    candidates_array,
)
from models.llama.library import lib
from models.records import Sampling

MAX_SEED: Final = 0xFFFF_FFFE
"""llama.cpp takes the next number for 'draw one yourself'."""

_LIKELIEST: Final = 1024
"""Tokens that a grammar is asked about before all the others are."""


def draw_seed() -> int:
    """Return a fresh seed."""
    return secrets.randbelow(MAX_SEED + 1)


class Sampler:
    """A sampler chain with its state: the random draw and the tokens that penalties look at.

    ``seed`` is the one in use. ``close`` frees the chain.
    """

    def __init__(
        self,
        vocabulary_size: int,
        sampling: Sampling,
        history: Sequence[int],
        grammar: Grammar | None = None,
    ) -> None:
        """Build the chain; ``history`` are the tokens before the first one to be sampled.

        The sampler owns the ``grammar`` that its tokens are held to.
        """
        self._vocabulary_size = vocabulary_size
        self._grammar = grammar
        self.seed = draw_seed() if sampling.seed is None else min(sampling.seed, MAX_SEED)
        self._draw = lib.llama_sampler_init_dist(self.seed)
        self._chain: Any = None
        self._greedy = False
        self._build(sampling, history)

    def change(self, sampling: Sampling, history: Sequence[int]) -> None:
        """Use another chain from the next token on. The draw goes on unless the seed changes."""
        self._free_chain()
        if sampling.seed is not None and min(sampling.seed, MAX_SEED) != self.seed:
            lib.llama_sampler_free(self._draw)
            self.seed = min(sampling.seed, MAX_SEED)
            self._draw = lib.llama_sampler_init_dist(self.seed)
        self._build(sampling, history)

    def sample(self, context: LlamaContext, index: int) -> int:
        """Return the next token from the logits of the batch's token at ``index``, or NO_TOKEN."""
        if self._grammar is not None:
            return self._sample_allowed(context.view_logits(index), self._grammar)
        return int(lib.llama_sampler_sample(self._chain, context.handle, index))

    def sample_saved(self, logits: Logits) -> int:
        """Return the next token from logits kept earlier: the one ``sample`` would have drawn."""
        if self._grammar is not None:
            return self._sample_allowed(logits, self._grammar)
        token = self._apply(_candidates(logits))
        lib.llama_sampler_accept(self._chain, token)
        return token

    def _sample_allowed(self, logits: Logits, grammar: Grammar) -> int:
        candidates = _candidates(logits)
        token = self._apply(candidates)
        if not grammar.allows(token):
            if self._greedy:
                # The penalties are in these logits already.
                token = _likeliest_allowed(candidates, grammar)
            else:
                token = self._draw_allowed(_candidates(logits), grammar)
        if token != NO_TOKEN:
            lib.llama_sampler_accept(self._chain, token)
            grammar.accept(token)
        return token

    def _draw_allowed(self, candidates: Candidates, grammar: Grammar) -> int:
        grammar.mask(candidates)
        likeliest = grammar.likeliest(candidates)
        if likeliest == NO_TOKEN:
            return NO_TOKEN
        token = self._apply(candidates)
        # Where the chain leaves it a choice of tokens without odds, the draw may take one.
        return token if grammar.allows(token) else likeliest

    def _apply(self, candidates: Candidates) -> int:
        """Return the token that the chain chooses. Leaves the candidates as the chain does."""
        array = candidates_array(candidates)
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def close(self) -> None:
        """Free the chain and the grammar."""
        if self._chain is not None:
            self._free_chain()
            lib.llama_sampler_free(self._draw)
        if self._grammar is not None:
            self._grammar.close()

    def _build(self, sampling: Sampling, history: Sequence[int]) -> None:
        parameters = lib.llama_sampler_chain_default_params()
        parameters.no_perf = True
        self._chain = lib.llama_sampler_chain_init(parameters)
        self._greedy = sampling.temperature <= 0
        for stage in self._stages(sampling):
            lib.llama_sampler_chain_add(self._chain, stage)
        if sampling.repeat_last_n > 0:
            for token in history[-sampling.repeat_last_n :]:
                lib.llama_sampler_accept(self._chain, token)

    def _stages(self, sampling: Sampling) -> list[Any]:
        stages = []
        if sampling.repeat_penalty != 1 and sampling.repeat_last_n > 0:
            penalty = sampling.repeat_penalty, 0.0, 0.0
            stages.append(
                lib.llama_sampler_init_penalties(
                    self._vocabulary_size, sampling.repeat_last_n, *penalty
                )
            )
        if self._greedy:
            return [*stages, lib.llama_sampler_init_greedy()]
        if sampling.top_k > 0:
            stages.append(lib.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p < 1:
            stages.append(lib.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            stages.append(lib.llama_sampler_init_min_p(sampling.min_p, 1))
        if sampling.temperature != 1:
            stages.append(lib.llama_sampler_init_temp(sampling.temperature))
        return [*stages, self._draw]

    def _free_chain(self) -> None:
        if not self._greedy:
            # The draw lives longer than the chain that it ends.
            last = lib.llama_sampler_chain_n(self._chain) - 1
            lib.llama_sampler_chain_remove(self._chain, last)
        lib.llama_sampler_free(self._chain)
        self._chain = None


def _candidates(logits: Logits) -> Candidates:
    candidates = np.zeros(len(logits), CANDIDATE)
    candidates["id"] = np.arange(len(logits), dtype=np.int32)
    candidates["logit"] = logits
    return candidates


def _likeliest_allowed(candidates: Candidates, grammar: Grammar) -> int:
    """Return the likeliest token of all that the grammar allows."""
    count = min(_LIKELIEST, len(candidates))
    first = candidates[np.argpartition(-candidates["logit"], count - 1)[:count]]
    grammar.mask(first)
    token = grammar.likeliest(first)
    if token == NO_TOKEN:
        grammar.mask(candidates)
        token = grammar.likeliest(candidates)
    return token
