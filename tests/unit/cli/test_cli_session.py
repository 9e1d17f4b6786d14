"""Loads in the terminal: each step told, and a refusal that names the flags that would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from desktop.cli.session import EngineSession, flags_between
from desktop.domain.errors import UserError
from desktop.paths import Paths
from models.client import engine_command
from models.estimate.records import Choice, Judgement, MemoryEstimate
from models.load_judge import TrustingJudge
from models.records import LoadOptions

GPU = ("--gpu-memory-mib", "8000", "--layers", "32")
WANTED = LoadOptions(path="/m/some.gguf")

Open = Callable[..., EngineSession]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Open]:
    opened: list[EngineSession] = []

    def begin(*script: str, judge: TrustingJudge | None = None) -> EngineSession:
        paths = Paths(tmp_path)
        paths.create()
        judge = judge or TrustingJudge()
        opened.append(EngineSession(paths, engine_command("fake", *script), judge))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_a_failing_device_is_left_in_steps_that_are_told(
    session: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = TrustingJudge(32)
    opened = session(*GPU, "--die-above", "0", "--crash-by", "SIGABRT", judge=judge)
    model = opened.load(WANTED, "some")
    assert (model.offloaded_layers, model.placement_reason) == (0, "fallback")
    told = capsys.readouterr().err
    for step in ("Trying 16 layers", "Trying 8 layers", "Trying the CPU alone"):
        assert step in told
    assert opened.account[2].endswith("So Snug tried the CPU alone.")
    assert judge.deaths == []


def test_a_crash_on_the_cpu_counts_against_the_file(session: Open) -> None:
    judge = TrustingJudge()
    opened = session("--crash-in", "load", "--crash-by", "SIGSEGV", judge=judge)
    with pytest.raises(UserError):
        opened.load(WANTED, "some")
    assert judge.deaths == [WANTED.path]


def test_a_refusal_names_the_flags_that_would_do(session: Open) -> None:
    small = msgspec.structs.replace(WANTED, cache_type="q8_0", context_size=4096)
    judged = Judgement(
        verdict="no_fit",
        estimate=MemoryEstimate(memory=(), layers=32, offloaded_layers=0, context_size=8192),
        reason="It needs 9.0 GB of memory, and 8.0 GB are free.",
        missing_bytes=1_000_000_000,
        choices=(Choice(label="8-bit cache", detail="", options=small),),
    )
    opened = session(judge=TrustingJudge(judgement=judged))
    with pytest.raises(UserError) as caught:
        opened.load(WANTED, "some")
    assert "9.0 GB" in caught.value.title
    assert "1.0 GB" in caught.value.hint
    assert "--context-size 4096 --cache-type q8_0 (8-bit cache)" in caught.value.hint
    assert "--anyway" in caught.value.hint
    assert opened.load(WANTED, "some", anyway=True).path == WANTED.path


def test_a_number_of_layers_that_was_asked_for_is_kept_or_refused(session: Open) -> None:
    opened = session(*GPU, "--fail-above", "8", judge=TrustingJudge(32))
    with pytest.raises(UserError) as caught:
        opened.load(msgspec.structs.replace(WANTED, gpu_layers=20), "some")
    assert caught.value.code == "device_out_of_memory"
    for way in ("--gpu-layers automatic", "--gpu-layers 10", "--gpu-layers 0"):
        assert way in caught.value.hint


def test_flags_turn_one_way_into_another() -> None:
    other = msgspec.structs.replace(
        WANTED, gpu_layers=3, cache_on_device=False, split=(3.0, 1.0), devices=("A", "B")
    )
    flags = flags_between(WANTED, other)
    assert "--gpu-layers 3" in flags
    assert "--cache-on-device off" in flags
    assert "--split 3,1" in flags
    assert "--device A --device B" in flags
    assert flags_between(WANTED, WANTED) == ""
