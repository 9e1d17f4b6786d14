"""Small but real models for tests: GGUF files that llama.cpp loads and decodes, of random weights.

``write_model(path, Design(architecture="qwen3", layers=4))`` writes one; ``SMALL`` has a design of
about a megabyte for each kind of model, ``sized`` one of about so many bytes. They answer any
prompt with gibberish. A file of 50 MB takes a few tenths of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.gguf_writer import TYPES, Short, Signed, Tensor, Value, write_gguf
from tests.model_design import CHATML, SMALL, Design, attends, latent, time_rank
from tests.tokenizer_factory import TOKENIZERS

__all__ = ["CHATML", "SMALL", "Design", "sized", "write_model", "write_split"]

_FILE_TYPES: Final = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "Q4_K": 15, "Q6_K": 18}


def write_model(path: Path, design: Design | None = None) -> Path:
    """Write the design (a small llama by default) as a file that llama.cpp loads; return it."""
    design = Design() if design is None else design
    tensors = tuple(_tensors(design))
    return write_gguf(path, _metadata(design), tensors, design.seed)


def write_split(folder: Path, stem: str, design: Design | None = None) -> list[Path]:
    """Write the design as a model in two files, named and numbered as llama.cpp's own are."""
    design = Design() if design is None else design
    tensors = tuple(_tensors(design))
    half = len(tensors) // 2
    parts: list[tuple[dict[str, Value], tuple[Tensor, ...]]] = [
        (_metadata(design), tensors[:half]),
        ({}, tensors[half:]),
    ]
    return [
        write_gguf(
            folder / f"{stem}-{number + 1:05}-of-{len(parts):05}.gguf",
            metadata
            | {"split.no": Short(number), "split.count": Short(len(parts))}
            | {"split.tensors.count": Signed(len(tensors))},
            part,
            design.seed,
        )
        for number, (metadata, part) in enumerate(parts)
    ]


def sized(design: Design, size_bytes: int) -> Design:
    """Return the design with as many layers as make a file of at least this many bytes."""
    first, second = (
        sum(tensor.size_bytes for tensor in _tensors(replace(design, layers=layers)))
        for layers in (4, 8)
    )
    missing = max(0, size_bytes - first)
    return replace(design, layers=4 + -(-missing * 4 // (second - first)))


# --- metadata ------------------------------------------------------------------------------------


def _metadata(design: Design) -> dict[str, Value]:
    name = design.architecture
    own: dict[str, Value] = {
        "context_length": design.context,
        "embedding_length": design.width,
        "block_count": design.layers,
        "feed_forward_length": design.feed_forward,
        "attention.head_count": design.heads,
        "attention.head_count_kv": design.kv_heads,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "attention.layer_norm_epsilon": 1e-5,
        "rope.freq_base": 10000.0,
        **_METADATA.get(name, _nothing)(design),
    }
    if design.experts:
        own |= {"expert_count": design.experts, "expert_used_count": design.experts_used}
    if design.pooling:
        own |= {"pooling_type": design.pooling}
    general: dict[str, Value] = {
        "general.architecture": name,
        "general.name": design.name or f"Random {name}",
        "general.license": "mit",
        "general.file_type": _FILE_TYPES[design.quantization],
    }
    model = {f"{name}.{key}": value for key, value in own.items()}
    tokenizer = TOKENIZERS[_TOKENIZER_OF.get(name, "bpe")](design.vocabulary)
    template: dict[str, Value] = {"tokenizer.chat_template": design.template}
    return general | model | tokenizer | (template if design.template else {})


def _nothing(_design: Design) -> dict[str, Value]:
    return {}


def _head_lengths(design: Design) -> dict[str, Value]:
    return {"attention.key_length": design.head_width, "attention.value_length": design.head_width}


def _qwen3moe_metadata(design: Design) -> dict[str, Value]:
    return {"expert_feed_forward_length": design.feed_forward, **_head_lengths(design)}


def _gemma3_metadata(design: Design) -> dict[str, Value]:
    return {"attention.sliding_window": design.window, **_head_lengths(design)}


def _deepseek2_metadata(design: Design) -> dict[str, Value]:
    rank, rope = latent(design)
    return {
        "leading_dense_block_count": 1,
        "attention.q_lora_rank": rank,
        "attention.kv_lora_rank": rank,
        "attention.key_length": rank + rope,
        "attention.value_length": rank,
        "attention.key_length_mla": design.head_width + rope,
        "attention.value_length_mla": design.head_width,
        "rope.dimension_count": rope,
        "expert_feed_forward_length": design.feed_forward,
        "expert_shared_count": 1,
        "expert_weights_scale": 1.0,
        "vocab_size": design.vocabulary,
    }


def _ssm_metadata(design: Design) -> dict[str, Value]:
    return {
        "ssm.conv_kernel": 4,
        "ssm.inner_size": 2 * design.width,
        "ssm.state_size": design.state,
        "ssm.time_step_rank": time_rank(design),
    }


def _mamba_metadata(design: Design) -> dict[str, Value]:
    none: dict[str, Value] = {
        "attention.head_count": 0,
        "attention.head_count_kv": 0,
        "feed_forward_length": 0,
    }
    return none | _ssm_metadata(design)


def _jamba_metadata(design: Design) -> dict[str, Value]:
    heads = [design.kv_heads * attends(layer) for layer in range(design.layers)]
    return {"attention.head_count_kv": heads, **_ssm_metadata(design)}


def _bert_metadata(_design: Design) -> dict[str, Value]:
    return {"attention.causal": False}


def _t5_metadata(design: Design) -> dict[str, Value]:
    return {
        "attention.relative_buckets_count": 32,
        "decoder_start_token_id": 0,
        **_head_lengths(design),
    }


# --- tensors -------------------------------------------------------------------------------------


class _Plan:
    """Makes the tensors of a design, of its quantization where a matrix's rows allow it."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def matrix(self, name: str, *shape: int) -> Tensor:
        block = TYPES[self.design.quantization][1]
        kind = self.design.quantization if shape[0] % block == 0 else "F16"
        return Tensor(name, shape, kind, spread=shape[0] ** -0.5)

    def norm(self, name: str, length: int) -> Tensor:
        return self._vector(f"{name}.weight", length, 1.0)

    def bias(self, name: str, length: int) -> Tensor:
        return self._vector(f"{name}.bias", length, 0.0)

    def _vector(self, name: str, length: int, mean: float) -> Tensor:
        if self.design.varied:
            return Tensor(name, (length,), spread=0.2, mean=mean)
        return Tensor(name, (length,), constant=mean)

    def attention(self, prefix: str) -> Iterator[Tensor]:
        """Query, key, value and output of plain attention with groups of heads."""
        design = self.design
        queries, keys = design.heads * design.head_width, design.kv_heads * design.head_width
        yield self.matrix(f"{prefix}_q.weight", design.width, queries)
        yield self.matrix(f"{prefix}_k.weight", design.width, keys)
        yield self.matrix(f"{prefix}_v.weight", design.width, keys)
        output = "_o" if prefix.startswith(("enc", "dec")) else "_output"
        yield self.matrix(f"{prefix}{output}.weight", queries, design.width)

    def head_norms(self, block: str) -> Iterator[Tensor]:
        for part in ("q", "k"):
            yield self.norm(f"{block}.attn_{part}_norm", self.design.head_width)

    def feed_forward(self, block: str, *, gated: bool = True, suffix: str = "") -> Iterator[Tensor]:
        width, inner = self.design.width, self.design.feed_forward
        if gated:
            yield self.matrix(f"{block}.ffn_gate{suffix}.weight", width, inner)
        yield self.matrix(f"{block}.ffn_up{suffix}.weight", width, inner)
        yield self.matrix(f"{block}.ffn_down{suffix}.weight", inner, width)

    def experts(self, block: str) -> Iterator[Tensor]:
        design = self.design
        width, inner, count = design.width, design.feed_forward, design.experts
        yield Tensor(f"{block}.ffn_gate_inp.weight", (width, count))
        yield self.matrix(f"{block}.ffn_gate_exps.weight", width, inner, count)
        yield self.matrix(f"{block}.ffn_up_exps.weight", width, inner, count)
        yield self.matrix(f"{block}.ffn_down_exps.weight", inner, width, count)

    def state_space(self, block: str) -> Iterator[Tensor]:
        design, rank = self.design, time_rank(self.design)
        inner, state = 2 * design.width, design.state
        yield self.matrix(f"{block}.ssm_in.weight", design.width, 2 * inner)
        yield Tensor(f"{block}.ssm_conv1d.weight", (4, inner))
        yield self.bias(f"{block}.ssm_conv1d", inner)
        yield self.matrix(f"{block}.ssm_x.weight", inner, rank + 2 * state)
        yield self.matrix(f"{block}.ssm_dt.weight", rank, inner)
        yield self.bias(f"{block}.ssm_dt", inner)
        yield Tensor(f"{block}.ssm_a", (state, inner), constant=-1.0)
        yield Tensor(f"{block}.ssm_d", (inner,), constant=1.0)
        yield self.matrix(f"{block}.ssm_out.weight", inner, design.width)


def _tensors(design: Design) -> Iterator[Tensor]:
    plan = _Plan(design)
    yield plan.matrix("token_embd.weight", design.width, design.vocabulary)
    if design.architecture == "bert":
        yield from _bert_inputs(plan)
    elif design.architecture == "t5":
        yield plan.norm("enc.output_norm", design.width)
        yield plan.norm("dec.output_norm", design.width)
    else:
        yield plan.norm("output_norm", design.width)
    if not design.tied and design.architecture != "bert":
        yield plan.matrix("output.weight", design.width, design.vocabulary)
    layer_of = _LAYERS.get(design.architecture, _llama_layer)
    for layer in range(design.layers):
        yield from layer_of(plan, layer)


def _llama_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    block, width = f"blk.{layer}", plan.design.width
    yield plan.norm(f"{block}.attn_norm", width)
    yield from plan.attention(f"{block}.attn")
    yield plan.norm(f"{block}.ffn_norm", width)
    yield from plan.experts(block) if plan.design.experts else plan.feed_forward(block)


def _qwen2_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    design = plan.design
    yield from _llama_layer(plan, layer)
    yield plan.bias(f"blk.{layer}.attn_q", design.heads * design.head_width)
    for part in ("k", "v"):
        yield plan.bias(f"blk.{layer}.attn_{part}", design.kv_heads * design.head_width)


def _qwen3_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    yield from _llama_layer(plan, layer)
    yield from plan.head_norms(f"blk.{layer}")


def _gemma3_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    yield from _qwen3_layer(plan, layer)
    yield plan.norm(f"blk.{layer}.post_attention_norm", plan.design.width)
    yield plan.norm(f"blk.{layer}.post_ffw_norm", plan.design.width)


def _deepseek2_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    design, block = plan.design, f"blk.{layer}"
    rank, rope = latent(design)
    head, heads, width = design.head_width, design.heads, design.width
    yield plan.norm(f"{block}.attn_norm", width)
    yield plan.norm(f"{block}.attn_q_a_norm", rank)
    yield plan.norm(f"{block}.attn_kv_a_norm", rank)
    yield plan.matrix(f"{block}.attn_q_a.weight", width, rank)
    yield plan.matrix(f"{block}.attn_q_b.weight", rank, heads * (head + rope))
    yield plan.matrix(f"{block}.attn_kv_a_mqa.weight", width, rank + rope)
    yield plan.matrix(f"{block}.attn_k_b.weight", head, rank, heads)
    yield plan.matrix(f"{block}.attn_v_b.weight", rank, head, heads)
    yield plan.matrix(f"{block}.attn_output.weight", heads * head, width)
    yield plan.norm(f"{block}.ffn_norm", width)
    if layer == 0:
        yield from plan.feed_forward(block)
    else:
        yield from plan.experts(block)
        yield from plan.feed_forward(block, suffix="_shexp")


def _mamba_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    yield plan.norm(f"blk.{layer}.attn_norm", plan.design.width)
    yield from plan.state_space(f"blk.{layer}")


def _jamba_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    if attends(layer):
        yield from _llama_layer(plan, layer)
        return
    block, design = f"blk.{layer}", plan.design
    yield from _mamba_layer(plan, layer)
    yield plan.norm(f"{block}.ssm_dt_norm", time_rank(design))
    yield plan.norm(f"{block}.ssm_b_norm", design.state)
    yield plan.norm(f"{block}.ssm_c_norm", design.state)
    yield plan.norm(f"{block}.ffn_norm", design.width)
    yield from plan.feed_forward(block)


def _bert_inputs(plan: _Plan) -> Iterator[Tensor]:
    design = plan.design
    yield Tensor("token_types.weight", (design.width, 2))
    yield Tensor("position_embd.weight", (design.width, design.context))
    yield plan.norm("token_embd_norm", design.width)
    yield plan.bias("token_embd_norm", design.width)


def _bert_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    design, block = plan.design, f"blk.{layer}"
    yield from plan.attention(f"{block}.attn")
    for part in ("q", "k", "v", "output"):
        yield plan.bias(f"{block}.attn_{part}", design.width)
    yield from plan.feed_forward(block, gated=False)
    yield plan.bias(f"{block}.ffn_up", design.feed_forward)
    yield plan.bias(f"{block}.ffn_down", design.width)
    for part in ("attn_output_norm", "layer_output_norm"):
        yield plan.norm(f"{block}.{part}", design.width)
        yield plan.bias(f"{block}.{part}", design.width)


def _t5_layer(plan: _Plan, layer: int) -> Iterator[Tensor]:
    design = plan.design
    for side, parts in (("enc", ("attn",)), ("dec", ("attn", "cross_attn"))):
        block = f"{side}.blk.{layer}"
        for part in parts:
            yield plan.norm(f"{block}.{part}_norm", design.width)
            yield from plan.attention(f"{block}.{part}")
        if layer == 0:
            yield Tensor(f"{block}.attn_rel_b.weight", (design.heads, 32))
        yield plan.norm(f"{block}.ffn_norm", design.width)
        yield from plan.feed_forward(block, gated=design.gated)


_TOKENIZER_OF: Final = {"llama": "spm", "gemma3": "spm", "bert": "wordpiece", "t5": "unigram"}
_METADATA: Final[Mapping[str, Callable[[Design], dict[str, Value]]]] = {
    "qwen3": _head_lengths,
    "qwen3moe": _qwen3moe_metadata,
    "gemma3": _gemma3_metadata,
    "deepseek2": _deepseek2_metadata,
    "mamba": _mamba_metadata,
    "jamba": _jamba_metadata,
    "bert": _bert_metadata,
    "t5": _t5_metadata,
}
_LAYERS: Final[Mapping[str, Callable[[_Plan, int], Iterator[Tensor]]]] = {
    "qwen2": _qwen2_layer,
    "qwen3": _qwen3_layer,
    "qwen3moe": _qwen3_layer,
    "gemma3": _gemma3_layer,
    "deepseek2": _deepseek2_layer,
    "mamba": _mamba_layer,
    "jamba": _jamba_layer,
    "bert": _bert_layer,
    "t5": _t5_layer,
}
