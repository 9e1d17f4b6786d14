"""A hundred hostile files against what meets model files; ``python -m benchmarks`` has them all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from models.gguf import read_header
from models.library.scan import Folders, scan
from models.machine_judge import MachineJudge
from models.probe.client import Probe
from models.problems import EngineError
from models.records import LoadOptions, Problem
from tests.hostile import BASES, HostileFile, mutated, sound
from tests.hostile_designs import structured
from tests.hostile_trial import ACCEPTED, DEATHS, Trial, look, try_all

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


def assert_survived(trial: Trial) -> None:
    assert trial.broken == []
    assert trial.replaced == []
    assert trial.left_over == 0
    assert trial.slowest_look[0] < 5, trial.slowest_look
    assert trial.slowest_probe[0] < 40, trial.slowest_probe


def test_sixty_damaged_files(probe: Probe, tmp_path: Path) -> None:
    trial = try_all(mutated(60), probe, tmp_path)
    assert_survived(trial)
    assert trial.files == 60
    # Both sides are met: files that are refused before llama.cpp sees them, and such that it loads.
    assert trial.outcomes["model_damaged"] > 20
    assert trial.outcomes[ACCEPTED] > 5


def test_forty_files_made_with_intent(probe: Probe, tmp_path: Path) -> None:
    trial = try_all(islice(structured(400), 0, None, 10), probe, tmp_path)
    assert_survived(trial)
    assert trial.files == 40
    assert trial.outcomes[DEATHS] > 0


def test_the_files_are_the_same_each_time_and_all_different() -> None:
    first, second = (list(mutated(200)) for _ in range(2))
    assert first == second
    assert len({file.content for file in first}) > 190
    assert next(iter(mutated(1, seed=1))) != first[0]
    designed = list(structured(400))
    assert len(designed) == 400
    assert len({file.name for file in designed}) == 400
    assert all(len(file.content) < 4 << 20 for file in designed)


@pytest.mark.parametrize("base", BASES)
def test_nothing_is_wrong_with_what_they_are_made_of(
    probe: Probe, tmp_path: Path, base: str
) -> None:
    path = tmp_path / "sound.gguf"
    path.write_bytes(sound(base))
    assert probe.check(path) is None
    read_header(path)
    look(path)


def test_the_library_lists_a_folder_of_them(tmp_path: Path) -> None:
    files: list[HostileFile] = [*islice(structured(400), 0, None, 8), *mutated(50)]
    for number, file in enumerate(files):
        (tmp_path / f"{number}.gguf").write_bytes(file.content)
    entries = list(scan(Folders(snug=tmp_path, others=False)))
    listed = [entry for entry in entries if Path(entry.path).parent == tmp_path]
    assert len(listed) == len(files)
    broken = [entry for entry in listed if entry.problem is not None]
    assert len(broken) > 30
    assert all(entry.problem.title and entry.problem.hint for entry in broken if entry.problem)


def test_a_load_of_a_deadly_file_is_refused_before_the_engine_meets_it(tmp_path: Path) -> None:
    deadly = next(file for file in structured(400) if file.name == "llama: one word in twice")
    path = tmp_path / "deadly.gguf"
    path.write_bytes(deadly.content)
    judge = MachineJudge(Probe(quarantine_file=tmp_path / "state.json"), tmp_path / "bandwidth")
    options = LoadOptions(path=str(path), gpu_layers=0)

    def refusal() -> Problem:
        with pytest.raises(EngineError) as raised:
            judge.judge(options)
        return raised.value.problem

    assert "GGML_ASSERT" in refusal().detail
    assert "set apart" in refusal().hint
    assert refusal().code == "quarantined"
    judge.release(str(path))
    assert judge.judge(options).estimate.layers > 0
    path.write_bytes(sound("llama"))
    assert judge.judge(options).estimate.layers > 0
    judge.close()
