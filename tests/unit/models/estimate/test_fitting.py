"""How many layers, and how long a context, fit into what is free."""

from __future__ import annotations

from typing import Any

import pytest

from models.estimate.fitting import (
    device_margin,
    fit_layers,
    fits,
    host_margin,
    largest_context,
    shortage,
)
from models.estimate.layout import estimate_with
from models.estimate.memory import estimate
from models.estimate.records import HOST
from tests.unit.models.estimate.samples import GIB, MIB, a_gpu, a_machine, a_shape, options


@pytest.mark.parametrize(
    ("total", "margin"), [(1, 256), (2, 256), (8, 819.2), (10, 1024), (80, 1024)]
)
def test_a_margin_is_left_on_a_device(total: int, margin: float) -> None:
    assert device_margin(a_gpu(free=total * GIB)) == int(margin * MIB)


def test_a_margin_is_left_to_the_machine() -> None:
    assert host_margin(a_machine()) == GIB


def test_everything_fits_a_large_device() -> None:
    assert fit_layers(a_shape(), options(), a_machine(a_gpu())) == 33


def test_no_device_no_layers() -> None:
    assert fit_layers(a_shape(), options(), a_machine()) == 0


@pytest.mark.parametrize("free", [1, 2, 3, 4, 6, 8, 10])
def test_as_many_as_fit_and_not_one_more(free: int) -> None:
    shape, card = a_shape(), a_gpu(free=free * GIB)
    machine = a_machine(card)
    layers = fit_layers(shape, options(), machine)
    room = free * GIB - device_margin(card)
    if layers:
        assert estimate(shape, options(), machine).on("GPU0").total_bytes <= room
    if layers < shape.layer_count:
        more = estimate_with(shape, options(), (card,), layers + 1)
        assert more.on("GPU0").total_bytes > room


def test_more_memory_never_holds_fewer_layers() -> None:
    found = [
        fit_layers(a_shape(), options(), a_machine(a_gpu(free=free * 512 * MIB)))
        for free in range(1, 24)
    ]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] == 33
    assert 0 < found[8] < 33


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"cache_type": "q8_0"}, True),
        ({"cache_on_device": False}, True),
        ({"context_size": 2048}, True),
        ({"context_size": 65536}, False),
        ({"sequences": 4}, False),
    ],
)
def test_a_smaller_cache_lets_more_layers_in(change: dict[str, Any], *, more: bool) -> None:
    machine = a_machine(a_gpu(free=5 * GIB))
    usual = fit_layers(a_shape(), options(), machine)
    changed = fit_layers(a_shape(), options(**change), machine)
    assert changed > usual if more else changed < usual


def test_a_cap_is_kept() -> None:
    assert fit_layers(a_shape(), options(most_layers=7), a_machine(a_gpu())) == 7
    assert fit_layers(a_shape(), options(most_layers=0), a_machine(a_gpu())) == 0


def test_two_devices_hold_more_than_one() -> None:
    first, second = a_gpu(free=4 * GIB, name="A"), a_gpu(free=4 * GIB, name="B")
    one = fit_layers(a_shape(), options(), a_machine(first))
    two = fit_layers(a_shape(), options(), a_machine(first, second))
    assert one < two


def test_a_split_that_suits_the_devices_holds_more() -> None:
    machine = a_machine(a_gpu(free=6 * GIB, name="A"), a_gpu(free=2 * GIB, name="B"))
    even = fit_layers(a_shape(), options(split=(1.0, 1.0)), machine)
    suited = fit_layers(a_shape(), options(split=(3.0, 1.0)), machine)
    assert even < suited


def test_an_integrated_device_takes_the_machines_memory() -> None:
    shape, built_in = a_shape(), a_gpu(free=32 * GIB, name="IGPU", kind="igpu")
    machine = a_machine(built_in, free=8 * GIB)
    need = estimate(shape, options(gpu_layers=33), machine)
    assert set(shortage(need, machine)) == {HOST}
    card = a_machine(a_gpu(free=32 * GIB), free=8 * GIB)
    assert shortage(estimate(shape, options(gpu_layers=33), card), card) == {}


def test_what_is_lacking_is_exact() -> None:
    shape, card = a_shape(), a_gpu(free=3 * GIB)
    machine = a_machine(card)
    need = estimate(shape, options(gpu_layers=33), machine)
    lacking = need.on("GPU0").total_bytes - (3 * GIB - device_margin(card))
    assert shortage(need, machine) == {"GPU0": lacking}


def test_a_device_that_tells_no_memory_is_trusted() -> None:
    assert fit_layers(a_shape(), options(), a_machine(a_gpu(free=0))) == 33


@pytest.mark.parametrize("free", [8, 9, 12, 20, 64])
def test_the_largest_context_fits_and_the_next_does_not(free: int) -> None:
    shape, machine = a_shape(), a_machine(free=free * GIB)
    wanted = options(flash_attention="on")
    largest = largest_context(shape, wanted, machine)
    assert largest % 256 == 0
    if largest:
        assert fits(shape, options(flash_attention="on", context_size=largest), machine)
    if largest < shape.trained_context:
        next_one = options(flash_attention="on", context_size=largest + 256)
        assert not fits(shape, next_one, machine)


def test_no_context_is_longer_than_the_trained_one() -> None:
    assert largest_context(a_shape(trained_context=4096), options(), a_machine()) == 4096


def test_no_context_fits_where_the_weights_do_not() -> None:
    assert largest_context(a_shape(), options(), a_machine(free=4 * GIB)) == 0
