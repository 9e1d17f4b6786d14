"""What is remembered of how fast memory is read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from models.bandwidth import Bandwidth, copy_bandwidth
from models.estimate.records import HOST
from models.estimate.speed import read_by_report
from models.records import Report
from tests.unit.models.estimate.samples import a_shape, options

SHAPE = a_shape(layers=2)


def report(seconds: float = 10.0, tokens: int = 101, drafted: int = 0) -> Report:
    return Report(
        prompt_tokens=100,
        completion_tokens=tokens,
        decode_s=seconds,
        context_size=8192,
        drafted_tokens=drafted,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "bandwidth.json"


def test_a_copy_is_measured_quickly() -> None:
    started = time.perf_counter()
    bandwidth = copy_bandwidth(threads=2, limit_s=0.1)
    assert time.perf_counter() - started < 2
    assert 1e8 < bandwidth < 1e13


def test_it_is_measured_a_few_times_and_the_fastest_counts(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds = iter([1e10, 3e10, 2e10, 9e10])
    now = [1e9]
    monkeypatch.setattr("models.bandwidth.copy_bandwidth", lambda: next(speeds))
    monkeypatch.setattr("models.bandwidth.time.time", lambda: now[0])
    known = Bandwidth(file)
    assert known.of(HOST) is None
    known.measure()
    first = known.of(HOST)
    assert first is not None
    assert 0 < first <= 1e10
    again = Bandwidth(file)
    again.measure()
    assert again.of(HOST) == first
    for _ in range(4):
        now[0] += 3601
        again.measure()
    assert again.of(HOST) == 3 * first


def test_another_processor_is_measured_anew(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = iter([2e10, 1e10])
    monkeypatch.setattr("models.bandwidth.copy_bandwidth", lambda: next(speeds))
    known = Bandwidth(file)
    known.measure()
    known.learn(HOST, SHAPE, report(), options())
    monkeypatch.setattr("models.bandwidth._processor", lambda: "another one")
    known.measure()
    slower = known.of(HOST)
    assert slower is not None
    assert slower <= 1e10


def test_two_windows_do_not_undo_each_other(file: Path) -> None:
    one, other = Bandwidth(file), Bandwidth(file)
    one.learn("GPU0", SHAPE, report(), options())
    other.learn("GPU1", SHAPE, report(), options())
    assert set(Bandwidth(file).all()) == {"GPU0", "GPU1"}


def test_a_reply_tells_better_than_a_copy(file: Path) -> None:
    known = Bandwidth(file)
    known.measure()
    known.learn(HOST, SHAPE, report(), options())
    read = read_by_report(SHAPE, options(), 100, 101)
    assert known.of(HOST) == pytest.approx(read * 100 / 10.0)
    assert Bandwidth(file).of(HOST) == known.of(HOST)
    assert known.all() == {HOST: known.of(HOST)}


def test_replies_are_smoothed(file: Path) -> None:
    known = Bandwidth(file)
    known.learn("GPU0", SHAPE, report(10), options())
    first = known.of("GPU0")
    assert first is not None
    known.learn("GPU0", SHAPE, report(20), options())
    second = known.of("GPU0")
    assert second is not None
    assert first / 2 < second < first
    for _ in range(30):
        known.learn("GPU0", SHAPE, report(20), options())
    assert known.of("GPU0") == pytest.approx(first / 2, rel=0.01)


@pytest.mark.parametrize(
    "useless", [report(tokens=8), report(seconds=0), report(drafted=40), Report()]
)
def test_replies_that_tell_nothing(file: Path, useless: Report) -> None:
    known = Bandwidth(file)
    known.learn("GPU0", SHAPE, useless, options())
    assert known.of("GPU0") is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"learned": 3}', b"\xff" * 100, b"[" * 70_000])
def test_a_broken_file_is_no_trouble(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    known = Bandwidth(file)
    assert known.all() == {}
    known.learn("GPU0", SHAPE, report(), options())
    assert Bandwidth(file).of("GPU0") == known.of("GPU0") is not None


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    known = Bandwidth(tmp_path / "file" / "bandwidth.json")
    known.learn("GPU0", SHAPE, report(), options())
    assert known.of("GPU0") is not None
