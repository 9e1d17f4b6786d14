"""Bytes that a token reads, and tokens a second that follow."""

from __future__ import annotations

import pytest

from models.estimate.records import HOST, LayerShape
from models.estimate.speed import bytes_per_token, read_by_report, tokens_per_second
from tests.unit.models.estimate.samples import MIB, a_gpu, a_machine, a_shape, options

SHAPE = a_shape(layers=4)
WEIGHTS = (4 * 200 + 256) * MIB
CACHED = 4 * 2048 * 2 * 1024
"""What a thousand tokens have left in the cache of four layers."""


def test_a_token_reads_weights_output_and_cache_and_no_input() -> None:
    assert bytes_per_token(SHAPE, options(), (HOST,) * 5) == {HOST: WEIGHTS + CACHED}
    half = bytes_per_token(SHAPE, options(cache_type="q8_0"), (HOST,) * 5)
    assert half[HOST] == WEIGHTS + CACHED * 17 // 32


def test_a_window_and_a_context_limit_what_is_read() -> None:
    layer = LayerShape(weights_bytes=0, active_bytes=0, keys=1024, values=1024, windowed=True)
    shape = a_shape(layers=4, layer=layer, window=256)
    assert bytes_per_token(shape, options(), (HOST,) * 5)[HOST] == 256 * MIB + CACHED // 4
    full = bytes_per_token(SHAPE, options(context_size=512), (HOST,) * 5)
    assert full[HOST] == WEIGHTS + CACHED // 2


def test_experts_that_are_not_used_are_not_read() -> None:
    layer = LayerShape(weights_bytes=200 * MIB, active_bytes=20 * MIB)
    shape = a_shape(layers=4, layer=layer)
    assert bytes_per_token(shape, options(), (HOST,) * 5) == {HOST: (4 * 20 + 256) * MIB}


def test_the_speed_on_one_device() -> None:
    machine = a_machine(CPU=1e10)
    assert tokens_per_second(SHAPE, options(), machine, 0) == pytest.approx(
        1e10 / (WEIGHTS + CACHED)
    )


def test_two_devices_work_one_after_the_other() -> None:
    machine = a_machine(a_gpu(), CPU=1e10, GPU0=1e11)
    read = bytes_per_token(SHAPE, options(), (HOST, HOST, "GPU0", "GPU0", "GPU0"))
    expected = 1 / (read[HOST] / 1e10 + read["GPU0"] / 1e11)
    assert tokens_per_second(SHAPE, options(), machine, 3) == pytest.approx(expected)


def test_an_unmeasured_device_makes_no_promise() -> None:
    assert tokens_per_second(SHAPE, options(), a_machine(a_gpu(), CPU=1e10), 5) is None
    assert tokens_per_second(SHAPE, options(), a_machine(), 0) is None


def test_a_report_is_taken_at_the_middle_of_its_reply() -> None:
    read = read_by_report(SHAPE, options(), prompt_tokens=924, completion_tokens=200)
    assert read == WEIGHTS + CACHED
