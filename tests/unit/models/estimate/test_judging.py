"""Verdicts in words, and the ways out that really are some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.estimate.fitting import fits
from models.estimate.judging import draft_of, estimate_for_layers, judge, judge_variants
from models.estimate.records import HOST, Machine
from models.estimate.shape import shape_of_model
from models.records import DeviceMemory
from tests.model_factory import write_model
from tests.unit.models.estimate.samples import (
    GIB,
    a_gpu,
    a_machine,
    a_repository,
    a_shape,
    a_variant,
    options,
)

LARGE = a_machine(a_gpu())
SMALL = a_machine(a_gpu(free=4 * GIB))


@pytest.mark.parametrize(
    ("how", "machine", "verdict", "words"),
    [
        ({}, LARGE, "gpu", "All 33 layers fit on Card GPU0"),
        ({}, SMALL, "partly", "of 33 layers fit on Card GPU0"),
        ({}, a_machine(), "cpu", "no GPU that can be used"),
        ({"gpu_layers": 0}, LARGE, "cpu", "as chosen"),
        ({}, a_machine(a_gpu(free=GIB // 2)), "cpu", "no layer fits on the GPU"),
        ({}, a_machine(free=4 * GIB), "no_fit", "of memory, and 4.3 GB are free"),
        ({"gpu_layers": 33}, SMALL, "no_fit", "on Card GPU0, where 4.3 GB are free"),
        ({}, a_machine(a_gpu(free=3 * GIB), free=2 * GIB), "no_fit", "left for the CPU"),
    ],
)
def test_the_verdict_and_its_reason(
    how: dict[str, Any], machine: Machine, verdict: str, words: str
) -> None:
    judged = judge(a_shape(), options(**how), machine)
    assert judged.verdict == verdict
    assert words in judged.reason
    assert judged.reason.endswith(".")
    assert bool(judged.missing_bytes) is (verdict == "no_fit")


CROWDED = [
    (a_machine(free=9 * GIB), {"context_size": 32768}),
    (a_machine(free=9 * GIB), {"context_size": 32768, "cache_type": "q8_0"}),
    (a_machine(free=12 * GIB), {"context_size": 131072, "flash_attention": "off"}),
    (SMALL, {"gpu_layers": 33}),
    (SMALL, {"gpu_layers": 20, "context_size": 65536}),
]


@pytest.mark.parametrize(("machine", "how"), CROWDED)
def test_every_choice_fits_and_is_another(machine: Machine, how: dict[str, Any]) -> None:
    wanted = options(**how)
    judged = judge(a_shape(), wanted, machine)
    assert judged.verdict == "no_fit"
    assert judged.choices
    for choice in judged.choices:
        assert choice.options != wanted
        assert choice.options.path == wanted.path
        assert fits(a_shape(), choice.options, machine)
        assert judge(a_shape(), choice.options, machine).verdict != "no_fit"
        assert choice.label
        assert choice.detail
    assert len({choice.options for choice in judged.choices}) == len(judged.choices)


def test_the_first_choice_costs_least() -> None:
    first = judge(a_shape(), options(gpu_layers=33), SMALL).choices[0]
    assert first.options == options(gpu_layers=-1)
    first = judge(a_shape(), options(context_size=16384), a_machine(free=10 * GIB)).choices[0]
    assert first.options == options(context_size=16384, cache_type="q8_0")


def test_a_cache_is_not_quantized_without_flash_attention() -> None:
    crowded = a_machine(free=12 * GIB)
    judged = judge(a_shape(), options(context_size=131072, flash_attention="off"), crowded)
    assert {choice.options.cache_type for choice in judged.choices} == {"f16"}


def test_where_nothing_helps_it_is_said() -> None:
    judged = judge(a_shape(), options(), a_machine(free=4 * GIB))
    assert judged.choices == ()
    assert "smaller model or quantization" in judged.reason


def test_nothing_is_changed_where_it_fits() -> None:
    assert judge(a_shape(), options(), LARGE).choices == ()


def test_the_librarys_own_figures_decide() -> None:
    own = (DeviceMemory(device=HOST, compute_bytes=40 * GIB),)
    assert judge(a_shape(), options(), a_machine()).verdict == "cpu"
    assert judge(a_shape(), options(), a_machine(), own).verdict == "no_fit"


def test_a_slider_gets_its_numbers() -> None:
    found = [
        estimate_for_layers(a_shape(), options(), SMALL, layers).on("GPU0").total_bytes
        for layers in (0, 10, 20, 33)
    ]
    assert found[0] == 0
    assert found == sorted(found)


def test_variants_are_judged_in_their_order() -> None:
    repository = a_repository(a_variant("Q4_K_M", 5 * GIB), a_variant("F16", 16 * GIB))
    judged = judge_variants(repository, options(), a_machine(free=12 * GIB))
    assert [(variant.name, judgement.verdict) for variant, judgement in judged] == [
        ("Q4_K_M", "cpu"),
        ("F16", "no_fit"),
    ]


DRAFTING = {"speculation": "draft_model", "draft_path": "small.gguf"}


def test_a_draft_model_takes_memory_too() -> None:
    draft = a_shape(layers=4)
    alone = judge(a_shape(), options(**DRAFTING), LARGE)
    both = judge(a_shape(), options(**DRAFTING), LARGE, draft=draft)
    assert both.verdict == alone.verdict == "gpu"
    more = both.estimate.on("GPU0").total_bytes - alone.estimate.on("GPU0").total_bytes
    assert more > 4 * 200 * 2**20
    assert both.estimate.offloaded_layers == alone.estimate.offloaded_layers


def test_a_draft_model_that_does_not_fit_can_be_left_out() -> None:
    tight = a_machine(free=10 * GIB)
    judged = judge(a_shape(), options(**DRAFTING), tight, draft=a_shape(layers=16))
    assert judged.verdict == "no_fit"
    assert "draft model" in judged.reason
    (choice,) = judged.choices
    assert choice.options == options(**{**DRAFTING, "speculation": "off"})
    assert judge(a_shape(), choice.options, tight, draft=a_shape(layers=16)).verdict == "cpu"


def test_a_draft_model_that_is_switched_off_takes_nothing() -> None:
    plain = judge(a_shape(), options(), LARGE)
    assert judge(a_shape(), options(), LARGE, draft=a_shape()) == plain


def test_the_draft_model_is_read(tmp_path: Path) -> None:
    path = write_model(tmp_path / "draft.gguf")
    wanted = options(speculation="draft_model", draft_path=str(path))
    assert draft_of(wanted) == shape_of_model(path)
    assert draft_of(options(draft_path=str(path))) is None
    assert draft_of(options(speculation="draft_model")) is None
    assert draft_of(options(speculation="draft_model", draft_path=str(tmp_path))) is None


def test_a_second_cache_is_worth_neither_a_refusal_nor_layers() -> None:
    two = options(sequences=2, context_size=32768)
    judged = [judge(a_shape(), two, a_machine(free=free * GIB)) for free in range(4, 40, 2)]
    found = list(dict.fromkeys((each.verdict, each.sequences) for each in judged))
    assert found == [("no_fit", 1), ("cpu", 1), ("cpu", 0)]
    card = a_machine(a_gpu(free=7 * GIB))
    layers = judge(a_shape(), options(sequences=1), card).estimate.offloaded_layers
    both = judge(a_shape(), options(sequences=2), card)
    assert both.estimate.offloaded_layers == layers
    assert both.sequences == (1 if layers < 33 else 0)
