"""The thread policy: pure decisions from load and token times."""

from __future__ import annotations

import time

import pytest

from models.llama import threads
from models.llama.threads import CoreLoad, ThreadPolicy, Threads

TOKEN_S = 0.01


def settled(most: int = 2, cores: int = 2) -> ThreadPolicy:
    policy = ThreadPolicy(most, cores)
    for number in range(20):
        policy.observe_token(TOKEN_S, number * TOKEN_S)
    return policy


def test_an_idle_machine_gets_every_useful_thread() -> None:
    policy = settled(most=4, cores=8)
    policy.observe_load(0.1, 1)
    assert policy.threads == 4


@pytest.mark.parametrize(
    ("other_cores", "expected"), [(0.0, 4), (0.4, 4), (0.6, 3), (1.1, 3), (2.0, 2), (7.5, 1)]
)
def test_each_core_that_others_use_takes_a_thread(other_cores: float, expected: int) -> None:
    policy = ThreadPolicy(4, 4)
    policy.observe_load(other_cores, 1)
    assert policy.threads == expected


def test_a_load_in_between_does_not_make_threads_come_and_go() -> None:
    policy = ThreadPolicy(2, 2)
    policy.observe_load(0.6, 1)
    seen = []
    for second, other_cores in enumerate((0.45, 0.3, 0.45, 0.2, 0.45, 0.3)):
        policy.observe_load(other_cores, 2 + second)
        seen.append(policy.threads)
    assert seen == [1, 1, 1, 2, 2, 2]


def test_a_slow_token_drops_to_one_thread_at_once() -> None:
    policy = settled()
    policy.observe_token(6 * TOKEN_S, 1)
    assert policy.threads == 1


def test_a_token_that_is_only_a_little_slow_does_not() -> None:
    policy = settled()
    policy.observe_token(4 * TOKEN_S, 1)
    assert policy.threads == 2


def test_the_first_tokens_are_no_measure() -> None:
    policy = ThreadPolicy(2, 2)
    policy.observe_token(TOKEN_S, 0)
    policy.observe_token(1.0, 1)
    assert policy.threads == 2


def test_after_a_slow_token_threads_come_back_only_later() -> None:
    policy = settled()
    policy.observe_token(1.0, 10)
    policy.observe_load(0.0, 10.5)
    assert policy.threads == 1
    policy.observe_load(0.0, 11.5)
    assert policy.threads == 2


def test_slow_tokens_again_and_again_lengthen_the_wait() -> None:
    policy = settled()
    policy.observe_token(1.0, 10)
    policy.observe_load(0.0, 11.5)
    policy.observe_token(1.0, 11.6)
    policy.observe_load(0.0, 12.9)
    assert policy.threads == 1
    policy.observe_load(0.0, 13.7)
    assert policy.threads == 2


def test_the_median_forgives_slow_tokens() -> None:
    policy = settled()
    for number in range(5):
        policy.threads = 2
        policy.observe_token(1.0, 10 + number)
        assert policy.threads == 1


def test_own_work_is_no_load_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([(0.0, 100.0, 10.0), (2.0, 103.5, 12.5), (4.0, 104.0, 14.5)])
    monkeypatch.setattr(threads, "_read", lambda: next(readings))
    load = CoreLoad()
    assert not load.due(0.2)
    assert load.due(0.3)
    assert load.read() == pytest.approx(0.5)
    assert load.read() == 0, "rounding of the system's clock is no negative load"


def test_the_real_reading_is_of_this_machine() -> None:
    load = CoreLoad()
    while not load.due(time.monotonic()):
        sum(range(1000))
    assert 0 <= load.read() <= threads.usable_cores() + 1


def test_wanted_threads_are_kept() -> None:
    fixed = Threads(3)
    assert not fixed.adapts
    for _ in range(20):
        fixed.observe_token(TOKEN_S)
    fixed.observe_token(1.0)
    assert fixed.choose() == fixed.fixed == 3


def test_adaptive_threads_leave_the_fixed_number_alone() -> None:
    adaptive = Threads(0)
    for _ in range(20):
        adaptive.observe_token(TOKEN_S)
    adaptive.observe_token(10.0)
    assert adaptive.choose() == 1
    assert adaptive.fixed == threads.most_useful_threads()


def test_the_load_before_a_job_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = iter([(0.0, 0.0, 0.0), (60.0, 120.0, 0.0), (60.3, 120.0, 0.3)])
    monkeypatch.setattr(threads, "_read", lambda: next(busy))
    monkeypatch.setattr("time.monotonic", lambda: 60.3)
    adaptive = Threads(0)
    adaptive.begin()
    assert adaptive.choose() == adaptive.fixed
