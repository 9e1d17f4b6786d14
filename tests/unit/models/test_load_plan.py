"""The plan of a load: every way from the judgement to its end."""

from __future__ import annotations

import msgspec
import pytest

from models.estimate.records import Choice, Judgement, MemoryEstimate
from models.fake_model import fake_info
from models.fake_script import Script
from models.load_plan import Attempt, Done, Judge, LoadPlan, Refused, Step
from models.records import LoadOptions, ModelInfo, Problem

WANTED = LoadOptions(path="/m/some.gguf")
TROUBLE = Problem(code="device_out_of_memory", title="The GPU is full.", hint="Fewer layers.")
DEATH = Problem(code="engine_died", title="The engine crashed.", hint="Again.")


def judgement(offloaded: int, layers: int = 33, **more: object) -> Judgement:
    estimate = MemoryEstimate(
        memory=(), layers=layers, offloaded_layers=offloaded, context_size=8192
    )
    fields: dict[str, object] = {"verdict": "gpu" if offloaded else "cpu", **more}
    return Judgement(estimate=estimate, reason="It fits.", **fields)  # type: ignore[arg-type]


def info(offloaded: int) -> ModelInfo:
    script = Script(layers=33, gpu_memory_mib=1000)
    return fake_info(WANTED, script, offloaded, 0.1)


def attempt(step: Step) -> Attempt:
    assert isinstance(step, Attempt)
    return step


def begun(offloaded: int, wanted: LoadOptions = WANTED) -> LoadPlan:
    plan = LoadPlan(wanted)
    plan.judged(judgement(offloaded))
    return plan


def test_a_model_that_fits_is_loaded_as_wanted() -> None:
    plan = LoadPlan(WANTED)
    assert isinstance(plan.step, Judge)
    first = attempt(plan.judged(judgement(33)))
    assert (first.options, first.fresh) == (WANTED, False)
    assert plan.loaded(info(33)) == Done(info(33))


def test_what_does_not_fit_is_refused_with_what_is_missing_and_what_would() -> None:
    choice = Choice(label="Half", detail="", options=WANTED)
    plan = LoadPlan(WANTED)
    judged = judgement(0, verdict="no_fit", missing_bytes=1_200_000_000, choices=(choice,))
    step = plan.judged(judged)
    assert isinstance(step, Refused)
    assert step.problem.code == "no_fit"
    assert "1.2 GB" in step.problem.hint
    assert step.choices == (choice,)
    assert step.can_force


def test_what_does_not_fit_is_loaded_anyway_when_that_is_wanted() -> None:
    plan = LoadPlan(WANTED, anyway=True)
    assert attempt(plan.judged(judgement(0, verdict="no_fit"))).options == WANTED


def test_as_many_replies_at_once_as_there_is_room_for_and_a_sentence_on_it() -> None:
    wanted = msgspec.structs.replace(WANTED, sequences=2)
    plan = LoadPlan(wanted)
    first = attempt(plan.judged(judgement(33, sequences=1)))
    assert (first.options, plan.wanted) == (WANTED, wanted)
    done = plan.loaded(info(33))
    assert isinstance(done, Done)
    assert "one by one" in done.told[0]


def test_a_file_that_is_no_model_ends_the_plan() -> None:
    plan = LoadPlan(WANTED)
    problem = Problem(code="quarantined", title="Set apart.")
    assert plan.refused(problem) == Refused(problem)


def test_a_failing_device_gets_less_and_less_and_then_nothing() -> None:
    plan = begun(32)
    tried = []
    while isinstance(plan.failed(TROUBLE), Attempt):
        step = attempt(plan.step)
        assert step.fresh
        assert "The GPU is full." in step.sentence
        tried.append(step.options.most_layers)
    assert tried == [16, 8, 0]
    assert len(plan.told) == 3
    assert plan.told[-1].endswith("So Snug tried the CPU alone.")
    # On the CPU there is nothing left to take away.
    assert plan.step == Refused(TROUBLE)


def test_what_was_told_on_the_way_stands_at_the_end() -> None:
    plan = begun(32)
    plan.failed(DEATH)
    assert plan.loaded(info(16)) == Done(info(16), plan.told)
    assert "16 layers on it" in plan.told[0]


def test_one_layer_is_followed_by_the_cpu() -> None:
    plan = begun(1)
    assert attempt(plan.failed(TROUBLE)).options.most_layers == 0
    assert "With 1 layer on the device" in plan.told[0]


def test_a_number_that_was_asked_for_fails_with_choices() -> None:
    wanted = msgspec.structs.replace(WANTED, gpu_layers=20)
    plan = begun(20, wanted)
    step = plan.failed(TROUBLE)
    assert isinstance(step, Refused)
    assert [choice.options.gpu_layers for choice in step.choices] == [-1, 10, 0]
    assert step.problem == TROUBLE
    assert not plan.told


@pytest.mark.parametrize("code", ["model_damaged", "out_of_memory", "model_unsupported"])
def test_what_the_device_is_not_to_blame_for_is_not_tried_again(code: str) -> None:
    problem = Problem(code=code, title="No.")
    assert begun(32).failed(problem) == Refused(problem)


def test_a_death_on_the_cpu_is_not_tried_again() -> None:
    plan = begun(0)
    assert not plan.on_device
    assert plan.failed(DEATH) == Refused(DEATH)


def test_a_death_before_the_first_token_counts_as_failed_on_the_device() -> None:
    plan = begun(33)
    plan.loaded(info(33))
    step = attempt(plan.died(DEATH))
    assert (step.options.most_layers, step.fresh) == (16, True)


def test_a_death_that_nothing_points_at_loads_the_same_again() -> None:
    plan = begun(33)
    plan.failed(TROUBLE)
    plan.loaded(info(16))
    assert attempt(plan.again()).options.most_layers == 16


def test_a_driver_that_keeps_the_engine_from_starting_is_left_out() -> None:
    plan = LoadPlan(WANTED, drivers=True)
    plan.judged(judgement(0))
    dead = Problem(code="engine_start_failed", title="The engine crashed.")
    step = attempt(plan.failed(dead))
    assert (step.options.most_layers, step.fresh) == (0, True)
    assert "driver" in plan.told[0]
    assert plan.failed(dead) == Refused(dead)
