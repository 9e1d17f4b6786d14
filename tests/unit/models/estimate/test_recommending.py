"""One variant of many, with its reason."""

from __future__ import annotations

import pytest

from models.estimate.judging import judge_variants, recommend
from models.estimate.records import Judgement, Machine, MemoryEstimate, Verdict
from models.hub.records import Variant
from tests.unit.models.estimate.samples import (
    GIB,
    a_gpu,
    a_machine,
    a_repository,
    a_variant,
    options,
)

BITS = {"Q2_K": 3.0, "Q3_K_M": 3.8, "Q4_0": 4.5, "Q4_K_M": 4.8, "Q5_K_M": 5.7, "Q6_K": 6.6,
        "Q8_0": 8.5, "F16": 16.0}  # fmt: skip
VARIANTS = tuple(a_variant(name, round(bits * 1e9)) for name, bits in BITS.items())
NOTHING = MemoryEstimate(memory=(), layers=1, offloaded_layers=0, context_size=8192)


def judged(name: str, verdict: Verdict, speed: float | None = None) -> tuple[Variant, Judgement]:
    variant = next(one for one in VARIANTS if one.name == name)
    return variant, Judgement(verdict=verdict, estimate=NOTHING, reason="", tokens_per_second=speed)


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        (a_machine(a_gpu(free=24 * GIB)), "Q8_0"),
        (a_machine(a_gpu(free=9 * GIB)), "Q6_K"),
        (a_machine(a_gpu(free=7 * GIB)), "Q5_K_M"),
        (a_machine(free=32 * GIB, CPU=100e9), "Q8_0"),
        (a_machine(free=32 * GIB, CPU=60e9), "Q6_K"),
        (a_machine(free=32 * GIB, CPU=20e9), "Q4_0"),
        (a_machine(free=32 * GIB), "Q4_0"),
        (a_machine(free=13 * GIB // 2), "Q3_K_M"),
    ],
)
def test_eight_billion_parameters_on(machine: Machine, name: str) -> None:
    chosen = recommend(judge_variants(a_repository(*VARIANTS), options(), machine))
    assert chosen is not None
    assert chosen[0].name == name
    assert chosen[1].endswith(".")


def test_nothing_fits() -> None:
    assert recommend(()) is None
    assert recommend([judged("Q2_K", "no_fit")]) is None


def test_wholly_on_the_gpu_goes_before_quality() -> None:
    chosen = recommend([judged("Q4_K_M", "gpu"), judged("Q8_0", "partly"), judged("F16", "cpu")])
    assert chosen is not None
    assert (chosen[0].name, "wholly on the GPU" in chosen[1]) == ("Q4_K_M", True)


def test_below_four_bits_only_where_nothing_else_fits() -> None:
    chosen = recommend([judged("Q3_K_M", "gpu"), judged("Q4_K_M", "partly")])
    assert chosen is not None
    assert chosen[0].name == "Q4_K_M"
    chosen = recommend([judged("Q2_K", "gpu"), judged("Q3_K_M", "cpu"), judged("F16", "no_fit")])
    assert chosen is not None
    assert chosen[0].name == "Q3_K_M"


def test_more_than_eight_bits_are_a_waste_unless_alone() -> None:
    chosen = recommend([judged("Q8_0", "gpu"), judged("F16", "gpu")])
    assert chosen is not None
    assert chosen[0].name == "Q8_0"
    chosen = recommend([judged("F16", "cpu")])
    assert chosen is not None
    assert chosen[0].name == "F16"


def test_the_old_kind_of_blocks_is_second() -> None:
    chosen = recommend([judged("Q4_0", "gpu"), judged("Q4_K_M", "gpu")])
    assert chosen is not None
    assert chosen[0].name == "Q4_K_M"


def test_the_speed_is_told() -> None:
    chosen = recommend([judged("Q4_K_M", "cpu", 14.2), judged("Q8_0", "cpu", 7.0)])
    assert chosen is not None
    assert (chosen[0].name, "14 tokens/s" in chosen[1]) == ("Q4_K_M", True)
