"""Speed as it is shown, and waits between tries."""

from __future__ import annotations

import pytest

from models.downloads.pacing import Retry, SpeedMeter


def test_a_steady_speed_is_told() -> None:
    meter = SpeedMeter(100.0)
    meter.add(1000, 100.1)
    assert meter.speed(100.2) is None
    for step in range(2, 100):
        meter.add(1000, 100 + step / 10)
    assert meter.speed(109.9) == pytest.approx(10_000, rel=0.02)


def test_a_jump_is_smoothed_and_silence_brings_it_down() -> None:
    meter = SpeedMeter(0.0)
    for step in range(1, 100):
        meter.add(1000, step / 10)
    meter.add(100_000, 10.0)
    jumped = meter.speed(10.0)
    assert jumped is not None
    assert 10_000 < jumped < 60_000
    falling = [meter.speed(10.0 + seconds) or 0 for seconds in (1, 5, 20)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 500
    assert meter.speed(10.0) == jumped, "looking changes nothing"


def test_a_clock_that_goes_backwards_does_no_harm() -> None:
    meter = SpeedMeter(10.0)
    meter.add(1000, 5.0)
    meter.add(1000, 12.0)
    assert (meter.speed(13.0) or 0) > 0


def test_waits_grow_to_a_limit_and_are_shortened_by_chance() -> None:
    retry = Retry(first_s=1.0, longest_s=60.0)
    for attempt, longest in ((1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)):
        waits = [retry.delay(attempt) for _ in range(50)]
        assert longest / 2 <= min(waits) <= max(waits) <= longest
        assert len(set(waits)) > 10


def test_what_a_server_asks_is_never_undercut() -> None:
    assert Retry(first_s=1.0).delay(1, asked_s=30.0) == 30.0
    assert Retry(first_s=100.0, longest_s=100.0).delay(1, asked_s=3.0) >= 50.0
