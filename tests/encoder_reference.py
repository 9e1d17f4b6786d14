"""BERT and T5 in numpy, as their papers define them: what llama.cpp's numbers are held against.

``read_weights`` takes the tensors of a file in F32; ``bert_states`` and ``pooled`` are the one,
``T5`` the other. Rows are tokens throughout; a matrix of the file has a row for each output, so it
is applied as ``x @ matrix.T``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.gguf import read_header

Array = Any
"""A numpy array of float64; numpy's stubs don't follow what arithmetic makes of one."""
Weights = Mapping[str, Array]
_FARTHEST: Final = 128
"""Distances beyond this share a bucket of T5's relative positions."""


def read_weights(path: Path) -> Weights:
    """Return the tensors of a file whose tensors are all F32, each with its rows first."""
    header, data = read_header(path), path.read_bytes()
    return {
        tensor.name: np.frombuffer(data, "<f4", tensor.elements, header.data_start + tensor.offset)
        .reshape(tensor.shape[::-1])
        .astype(np.float64)
        for tensor in header.tensors
    }


# --- BERT ----------------------------------------------------------------------------------------


def bert_states(weights: Weights, token_ids: Sequence[int], heads: int) -> Array:
    """Return the last layer's state of each token; all tokens are of the first segment."""
    ids = list(token_ids)
    states = weights["token_embd.weight"][ids] + weights["token_types.weight"][0]
    states = states + weights["position_embd.weight"][: len(ids)]
    states = _layer_norm(states, weights, "token_embd_norm")
    for layer in range(_layers(weights, "blk.{}.attn_q.weight")):
        block = f"blk.{layer}"
        query, keys, values = (
            _linear(states, weights, f"{block}.attn_{part}") for part in ("q", "k", "v")
        )
        scale = 1 / math.sqrt(query.shape[1] // heads)
        mixed = _attend(query, keys, values, heads, scale=scale)
        states = states + _linear(mixed, weights, f"{block}.attn_output")
        states = _layer_norm(states, weights, f"{block}.attn_output_norm")
        inner = _erf_gelu(_linear(states, weights, f"{block}.ffn_up"))
        states = states + _linear(inner, weights, f"{block}.ffn_down")
        states = _layer_norm(states, weights, f"{block}.layer_output_norm")
    return states


def pooled(states: Array, pooling: int) -> Array:
    """Return the vector of length 1 that a text's states are pooled to: 1 mean, 2 first, 3 last."""
    vector = {1: states.mean(axis=0), 2: states[0], 3: states[-1]}[pooling]
    return vector / np.linalg.norm(vector)


# --- T5 ------------------------------------------------------------------------------------------


class T5:
    """A T5; one whose file has gates has FLAN-T5's feed-forward, any other the first T5's."""

    def __init__(self, weights: Weights, heads: int) -> None:
        self._weights = weights
        self._heads = heads

    def logits(self, source: Sequence[int], answer: Sequence[int]) -> Array:
        """Return the logits after each token of ``answer``, which begins with the start token."""
        memory = self._encode(source)
        weights, count = self._weights, len(answer)
        states = weights["token_embd.weight"][list(answer)]
        bias = self._bias("dec", count, both_ways=False)
        bias = bias + np.where(np.tri(count, dtype=bool), 0.0, -np.inf)
        for layer in range(_layers(weights, "dec.blk.{}.attn_q.weight")):
            block = f"dec.blk.{layer}"
            normed = _rms_norm(states, weights, f"{block}.attn_norm")
            states = states + self._attention(f"{block}.attn", normed, normed, bias)
            normed = _rms_norm(states, weights, f"{block}.cross_attn_norm")
            states = states + self._attention(f"{block}.cross_attn", normed, memory)
            states = states + self._feed_forward(block, states)
        return _rms_norm(states, weights, "dec.output_norm") @ weights["output.weight"].T

    def _encode(self, source: Sequence[int]) -> Array:
        weights = self._weights
        states = weights["token_embd.weight"][list(source)]
        bias = self._bias("enc", len(source), both_ways=True)
        for layer in range(_layers(weights, "enc.blk.{}.attn_q.weight")):
            block = f"enc.blk.{layer}"
            normed = _rms_norm(states, weights, f"{block}.attn_norm")
            states = states + self._attention(f"{block}.attn", normed, normed, bias)
            states = states + self._feed_forward(block, states)
        return _rms_norm(states, weights, "enc.output_norm")

    def _attention(
        self, name: str, queries: Array, others: Array, bias: Array | float = 0.0
    ) -> Array:
        """Attend without a scale: T5 has it in its weights."""
        weights = self._weights
        query = queries @ weights[f"{name}_q.weight"].T
        keys, values = (others @ weights[f"{name}_{part}.weight"].T for part in ("k", "v"))
        mixed = _attend(query, keys, values, self._heads, bias=bias)
        return mixed @ weights[f"{name}_o.weight"].T

    def _feed_forward(self, block: str, states: Array) -> Array:
        weights = self._weights
        normed = _rms_norm(states, weights, f"{block}.ffn_norm")
        inner = normed @ weights[f"{block}.ffn_up.weight"].T
        if f"{block}.ffn_gate.weight" in weights:
            inner = _tanh_gelu(normed @ weights[f"{block}.ffn_gate.weight"].T) * inner
        else:
            inner = np.maximum(inner, 0)
        return inner @ weights[f"{block}.ffn_down.weight"].T

    def _bias(self, side: str, count: int, *, both_ways: bool) -> Array:
        """Return what each head adds for the distance from each token to each other."""
        table = self._weights[f"{side}.blk.0.attn_rel_b.weight"]
        places = range(count)
        buckets = [
            [_bucket(key - query, len(table), both_ways=both_ways) for key in places]
            for query in places
        ]
        return table[np.array(buckets)].transpose(2, 0, 1)


def _bucket(distance: int, count: int, *, both_ways: bool) -> int:
    """Return the bucket of a distance: small ones have their own, farther ones share in logs."""
    first = 0
    if both_ways:
        count //= 2
        first = count if distance > 0 else 0
        distance = abs(distance)
    else:
        distance = -min(distance, 0)
    exact = count // 2
    if distance < exact:
        return first + distance
    share = math.log(distance / exact) / math.log(_FARTHEST / exact)
    return first + min(count - 1, exact + int(share * (count - exact)))


# --- what both are made of -----------------------------------------------------------------------


def _layers(weights: Weights, name: str) -> int:
    return next(layer for layer in range(1000) if name.format(layer) not in weights)


def _linear(states: Array, weights: Weights, name: str) -> Array:
    return states @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _attend(
    query: Array,
    keys: Array,
    values: Array,
    heads: int,
    *,
    scale: float = 1.0,
    bias: Array | float = 0.0,
) -> Array:
    """Return the values as each head mixes them, one head's beside the other's."""

    def split(rows: Array) -> Array:
        return rows.reshape(len(rows), heads, -1).transpose(1, 0, 2)

    scores = split(query) @ split(keys).transpose(0, 2, 1) * scale + bias
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = odds / odds.sum(axis=-1, keepdims=True) @ split(values)
    return mixed.transpose(1, 0, 2).reshape(len(query), -1)


def _layer_norm(states: Array, weights: Weights, name: str) -> Array:
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _rms_norm(states: Array, weights: Weights, name: str) -> Array:
    size = np.sqrt((states**2).mean(axis=-1, keepdims=True) + 1e-5)
    return states / size * weights[f"{name}.weight"]


def _erf_gelu(values: Array) -> Array:
    return values * 0.5 * (1 + np.vectorize(math.erf)(values / math.sqrt(2)))


def _tanh_gelu(values: Array) -> Array:
    inner = math.sqrt(2 / math.pi) * (values + 0.044715 * values**3)
    return values * 0.5 * (1 + np.tanh(inner))
