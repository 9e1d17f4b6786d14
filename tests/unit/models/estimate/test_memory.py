"""The arithmetic of memory, in numbers that one can check by head."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models.estimate.compute import context_of, outputs_of, uses_flash_attention
from models.estimate.layout import cache_by_device, estimate_with, weights_by_device
from models.estimate.memory import estimate
from models.estimate.placement import offload_devices, place
from models.estimate.records import HOST, LayerShape
from models.records import Device
from tests.unit.models.estimate.samples import (
    GIB,
    LAYER,
    MIB,
    a_gpu,
    a_machine,
    a_shape,
    options,
)

TWO = (a_gpu(name="A", free=3 * GIB), a_gpu(name="B", free=GIB))


@pytest.mark.parametrize(
    ("layers", "devices", "split", "placed"),
    [
        (0, TWO[:1], (), "CCCCC"),
        (2, TWO[:1], (), "CCCAA"),
        (99, TWO[:1], (), "AAAAA"),
        (4, (), (), "CCCCC"),
        (4, TWO, (), "CAAAB"),
        (4, TWO, (1, 1), "CAABB"),
        (4, TWO, (0, 1), "CBBBB"),
        (4, TWO, (1,), "CAAAA"),
        (4, TWO, (0, 0), "CAAAB"),
    ],
)
def test_layers_are_placed_as_llama_cpp_does(
    layers: int, devices: tuple[Device, ...], split: tuple[float, ...], placed: str
) -> None:
    assert "".join(name[0] for name in place(5, layers, devices, split)) == placed


def test_devices_to_offload_to() -> None:
    card, built_in, host = a_gpu(), a_gpu(name="IGPU", kind="igpu"), a_machine()
    assert offload_devices(options(), host) == ()
    assert offload_devices(options(), a_machine(built_in, card)) == (card,)
    assert offload_devices(options(), a_machine(built_in)) == (built_in,)
    chosen = options(devices=("IGPU", "gone", "GPU0"))
    assert offload_devices(chosen, a_machine(card, built_in)) == (built_in, card)


def test_weights_lie_with_their_layers() -> None:
    shape = a_shape(layers=4)
    assert weights_by_device(shape, (HOST,) * 5) == {HOST: (256 + 4 * 200 + 256) * MIB}
    assert weights_by_device(shape, (HOST, HOST, "A", "A", "A")) == {
        HOST: (256 + 2 * 200) * MIB,
        "A": (2 * 200 + 256) * MIB,
    }


def test_a_shared_output_is_copied_to_a_device_only() -> None:
    shape = a_shape(layers=1, shared_bytes=250 * MIB)
    assert weights_by_device(shape, (HOST, HOST))[HOST] == (256 + 200 + 6) * MIB
    assert weights_by_device(shape, (HOST, "A")) == {HOST: 456 * MIB, "A": 256 * MIB}


@pytest.mark.parametrize(
    ("how", "mib"),
    [
        ({}, 8192 * 4 / 1024 * 4),
        ({"context_size": 16384}, 16384 * 4 / 1024 * 4),
        ({"context_size": 1000}, 1024 * 4 / 1024 * 4),
        ({"context_size": 0}, 131072 * 4 / 1024 * 4),
        ({"sequences": 3}, 3 * 8192 * 4 / 1024 * 4),
        ({"cache_type": "q8_0"}, 8192 * 4 / 1024 * 4 * 17 / 32),
        ({"cache_type": "q4_0"}, 8192 * 4 / 1024 * 4 * 9 / 32),
    ],
)
def test_the_cache(how: dict[str, Any], mib: float) -> None:
    cache = cache_by_device(a_shape(layers=4), options(**how), (HOST,) * 5, flash=True)
    assert cache == {HOST: mib * MIB}


def test_the_cache_lies_beside_its_layer_or_not() -> None:
    shape, placed = a_shape(layers=4), (HOST, HOST, HOST, "A", "A")
    beside = cache_by_device(shape, options(), placed, flash=True)
    assert beside == {HOST: 96 * MIB, "A": 32 * MIB}
    kept = cache_by_device(shape, options(cache_on_device=False), placed, flash=True)
    assert kept == {HOST: 128 * MIB}


def test_a_recurrent_state_is_kept_for_each_sequence() -> None:
    state = LayerShape(weights_bytes=1, active_bytes=1, state=1000)
    shape = a_shape(layer=state, layers=2)
    assert cache_by_device(shape, options(sequences=2), (HOST,) * 3, flash=True) == {HOST: 16_000}


def test_transposed_values_are_as_wide_as_the_widest() -> None:
    narrow = LayerShape(weights_bytes=1, active_bytes=1, keys=512, values=512)
    mixed = msgspec.structs.replace(a_shape(), layers=(LAYER, narrow))
    flash, plain = (
        cache_by_device(mixed, options(), (HOST,) * 3, flash=flash)[HOST] for flash in (True, False)
    )
    assert plain - flash == 8192 * 512 * 2


@pytest.mark.parametrize(
    ("how", "offloaded", "used"),
    [
        ({"flash_attention": "on"}, 0, True),
        ({"flash_attention": "off"}, 3, False),
        ({}, 3, True),
        ({"cache_type": "q8_0"}, 0, True),
        ({"context_size": 8192}, 0, False),
        ({"context_size": 32768}, 0, True),
        ({"context_size": 32768, "micro_batch_size": 128}, 0, False),
    ],
)
def test_flash_attention(how: dict[str, Any], offloaded: int, used: bool) -> None:
    assert uses_flash_attention(a_shape(), options(**how), offloaded) is used


def test_scores_are_the_most_of_a_graph_without_flash_attention() -> None:
    shape = a_shape()
    off, on = (
        estimate_with(shape, options(flash_attention=flash), (), 0).on(HOST).compute_bytes
        for flash in ("off", "on")
    )
    scores = 4 * 32 * 8192 * 512
    assert scores < off < 1.15 * scores
    assert on < 0.3 * off


def test_drafts_need_rows_of_logits() -> None:
    assert outputs_of(options(sequences=2)) == 16
    assert outputs_of(options(sequences=3, speculation="prompt_lookup", draft_tokens=7)) == 24


def test_an_encoder_computes_texts_whole() -> None:
    shape = a_shape(encoder=True, trained_context=512)
    assert context_of(shape, options()) == 512


def test_an_embedding_model_reads_no_more_at_once_than_its_scores_allow() -> None:
    shape = a_shape(embedding=True, trained_context=32768)
    assert context_of(shape, options(context_size=8192)) == 2048
    assert context_of(shape, options(context_size=512)) == 512


def test_the_sum_is_of_all_devices_and_the_engine() -> None:
    machine = a_machine(*TWO)
    need = estimate(a_shape(layers=4), options(gpu_layers=4), machine)
    assert [part.device for part in need.memory] == [HOST, "A", "B"]
    assert [part.layers for part in need.memory] == [1, 3, 1]
    assert need.memory[1].description == "Card A"
    assert (need.layers, need.offloaded_layers, need.context_size) == (5, 4, 8192)
    parts = sum(part.total_bytes for part in need.memory)
    assert need.total_bytes == parts + need.engine_bytes > parts
    assert need.host_bytes == need.on(HOST).total_bytes + need.engine_bytes
    assert need.on("nothing").total_bytes == 0
