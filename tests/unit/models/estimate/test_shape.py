"""Shapes of generated models of every kind, from their headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.estimate.records import ModelShape
from models.estimate.remote import bits_per_weight, usual_shape
from models.estimate.shape import shape_of, shape_of_model, shape_of_remote
from models.gguf import read_header
from models.problems import EngineError
from tests.gguf_writer import Tensor, Value, write_gguf
from tests.model_factory import SMALL, Design, write_model
from tests.unit.models.estimate.samples import GIB, a_repository, a_variant

Shape = Callable[[str], ModelShape]


@pytest.fixture
def shape(tmp_path: Path) -> Shape:
    return lambda kind: shape_of_model(write_model(tmp_path / f"{kind}.gguf", SMALL[kind]))


@pytest.mark.parametrize("kind", SMALL)
def test_every_tensor_is_counted_once(tmp_path: Path, kind: str) -> None:
    path = write_model(tmp_path / "model.gguf", SMALL[kind])
    header, found = read_header(path), shape_of_model(path)
    assert found.weights_bytes == sum(tensor.size_bytes for tensor in header.tensors)
    assert found.layer_count == SMALL[kind].layers + 1
    assert found.parameters == sum(tensor.elements for tensor in header.tensors)
    assert found.exact


def test_grouped_heads_cache_fewer_rows(shape: Shape) -> None:
    found = shape("llama")
    assert {(layer.keys, layer.values) for layer in found.layers} == {(32, 32)}
    assert (found.width, found.heads, found.queries) == (64, 4, 64)
    assert (found.feed_forward, found.vocabulary, found.trained_context) == (128, 640, 4096)


def test_heads_of_their_own_size(shape: Shape) -> None:
    found = shape("qwen3")
    assert (found.layers[0].keys, found.queries) == (64, 128)


def test_a_shared_output_is_counted_with_the_output(shape: Shape) -> None:
    found = shape("qwen2")
    assert found.shared_bytes == found.input_bytes == 64 * 640 * 2
    assert found.output_bytes == found.shared_bytes + 64 * 4
    assert shape("llama").shared_bytes == 0


def test_one_layer_of_six_sees_everything(shape: Shape) -> None:
    found = shape("gemma3")
    assert [layer.windowed for layer in found.layers] == [True] * 5 + [False]
    assert found.window == 128


def test_a_window_that_llama_cpp_ignores(tmp_path: Path) -> None:
    tensors = [Tensor("token_embd.weight", (32, 8)), Tensor("blk.0.attn_norm.weight", (32,))]
    metadata: dict[str, Value] = {
        "general.architecture": "qwen2",
        "qwen2.block_count": 1,
        "qwen2.attention.sliding_window": 64,
    }
    assert shape_of_model(write_gguf(tmp_path / "m.gguf", metadata, tensors)).window == 0


def test_only_the_experts_that_are_used_are_read(shape: Shape) -> None:
    dense, mixed = shape("llama").layers[0], shape("llama-moe").layers[0]
    assert dense.active_bytes == dense.weights_bytes
    experts = 3 * 4 * 64 * 128 * 2
    assert mixed.weights_bytes - mixed.active_bytes == experts // 2
    assert shape("llama-moe").feed_forward == 2 * 128


def test_latent_attention_caches_no_values(shape: Shape) -> None:
    assert {(layer.keys, layer.values) for layer in shape("deepseek2").layers} == {(64, 0)}


def test_recurrent_layers_have_a_state_and_no_cache(shape: Shape) -> None:
    state = 3 * 128 + 16 * 128
    assert {(layer.keys, layer.state) for layer in shape("mamba").layers} == {(0, state)}
    assert [(layer.keys, layer.state) for layer in shape("jamba").layers] == [
        (0, state),
        (32, 0),
        (0, state),
        (0, state),
    ]


def test_encoders(shape: Shape) -> None:
    assert shape("bert").encoder
    assert not any(layer.keys for layer in shape("bert").layers)
    assert shape("t5").encoder_decoder
    assert shape("bert").embedding
    assert not shape("llama").embedding
    assert shape("t5").layers[0].weights_bytes > 2 * shape("bert").layers[0].weights_bytes


def test_tensors_of_split_files_are_added_up(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path / "model.gguf", Design(layers=3)))
    parts = [replace(header, tensors=header.tensors[start::2]) for start in (0, 1)]
    assert shape_of(parts[0], parts[1:]) == shape_of(header)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model-00001-of-00002.gguf")
    with pytest.raises(EngineError) as caught:
        shape_of_model(path)
    assert caught.value.problem.code == "model_missing"
    assert "model-00002-of-00002.gguf" in caught.value.problem.title


def test_an_empty_header_makes_an_empty_shape(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", {"general.architecture": "odd"}, [])
    found = shape_of_model(path)
    assert (found.layer_count, found.weights_bytes) == (1, 0)


# --- from afar -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "layers", "row"),
    [(135_000_000, 30, 192), (1_700_000_000, 28, 1024), (8_030_000_000, 32, 1024),
     (70_600_000_000, 80, 1024)],
)  # fmt: skip
def test_the_usual_shape_of_a_size(parameters: int, layers: int, row: int) -> None:
    variant = a_variant("Q4_K_M", parameters * 6 // 10)
    found = shape_of_remote(a_repository(variant, parameters=parameters), variant)
    assert (len(found.layers), found.layers[0].keys) == (layers, row)
    assert found.weights_bytes == pytest.approx(variant.size_bytes, rel=0.01)
    assert not found.exact


def test_parameters_follow_from_the_size() -> None:
    found = usual_shape(architecture="", name="x", size_bytes=8 * 10**9, quantization="Q8_0")
    assert found.parameters == pytest.approx(7.5e9, rel=0.02)


def test_the_size_follows_from_the_parameters() -> None:
    found = usual_shape(
        architecture="", name="x", size_bytes=0, parameters=8 * 10**9, quantization="Q4_K_M"
    )
    assert found.weights_bytes == pytest.approx(4.8e9, rel=0.02)


def test_nothing_known_is_said() -> None:
    with pytest.raises(EngineError) as caught:
        usual_shape(architecture="", name="x", size_bytes=0)
    assert caught.value.problem.code == "size_unknown"


def test_a_mixture_reads_a_part_of_itself() -> None:
    variant = a_variant("Q4_K_M", 18 * GIB)
    name = "Qwen3-30B-A3B-Instruct"
    mixed = shape_of_remote(a_repository(variant, name=name, parameters=30_500_000_000), variant)
    assert mixed.active_bytes < 0.2 * mixed.weights_bytes
    dense = shape_of_remote(a_repository(variant, parameters=30_500_000_000), variant)
    assert dense.active_bytes > 0.9 * dense.weights_bytes


@pytest.mark.parametrize(
    ("name", "bits"), [("F16", 16), ("Q8_0", 8.5), ("UD-Q4_K_XL", 4.8), ("IQ2_M", 2.5), ("?", 5)]
)
def test_bits_of_a_quantization(name: str, bits: float) -> None:
    assert bits_per_weight(name) == bits
