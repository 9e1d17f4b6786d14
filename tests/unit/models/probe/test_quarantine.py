"""Files that killed the engine twice: set apart, across restarts, until released or changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from models.probe.quarantine import Quarantine, fingerprint
from models.problems import EngineError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 10)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "quarantine.json"


def assert_held(quarantine: Quarantine, path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        quarantine.check(path)
    assert raised.value.problem.code == "quarantined"
    assert path.name in raised.value.problem.title
    assert raised.value.problem.hint


def test_the_second_death_sets_a_file_apart(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    assert quarantine.note_death(model) is False
    quarantine.check(model)
    assert quarantine.note_death(model) is True
    assert_held(quarantine, model)


def test_it_survives_a_restart(state: Path, model: Path) -> None:
    Quarantine(state).note_death(model)
    Quarantine(state).note_death(model)
    assert_held(Quarantine(state), model)


def test_a_release_is_a_way_out_and_starts_anew(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)
    quarantine.note_death(model)
    quarantine.release(model)
    Quarantine(state).check(model)
    assert quarantine.note_death(model) is False


def test_a_copy_under_another_name_is_held_too(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)
    copy = Path(shutil.copy(model, model.with_name("copy.gguf")))
    assert quarantine.note_death(copy) is True
    assert_held(quarantine, model)
    assert_held(quarantine, copy)


def test_other_files_are_free(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    other = model.with_name("other.gguf")
    other.write_bytes(model.read_bytes()[:-1] + b"!")
    quarantine.note_death(model)
    quarantine.note_death(model)
    quarantine.check(other)
    quarantine.check(model.with_name("missing.gguf"))


def test_a_file_that_changes_is_free_again(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)
    quarantine.note_death(model)
    model.write_bytes(model.read_bytes() + b"!")
    quarantine.check(model)


def test_a_file_that_was_downloaded_again_is_free_though_it_looks_the_same(
    state: Path, model: Path
) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)
    quarantine.note_death(model)
    os.utime(model, ns=(1, 1))
    quarantine.check(model)
    assert quarantine.note_death(model) is False


def test_a_missing_file_is_not_counted(state: Path, tmp_path: Path) -> None:
    quarantine = Quarantine(state)
    for _ in range(3):
        assert quarantine.note_death(tmp_path / "missing.gguf") is False
    assert not state.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", b'[{"digest": 5}]', b"[" * 100_000])
def test_a_state_that_makes_no_sense_is_kept_aside(
    state: Path, model: Path, content: bytes
) -> None:
    state.parent.mkdir()
    state.write_bytes(content)
    quarantine = Quarantine(state)
    quarantine.check(model)
    assert state.with_name("quarantine.json.broken").read_bytes() == content
    quarantine.note_death(model)
    quarantine.note_death(model)
    assert_held(quarantine, model)


def test_the_state_is_bounded_and_forgets_the_oldest(state: Path, tmp_path: Path) -> None:
    quarantine = Quarantine(state)
    paths = [tmp_path / f"{number}.gguf" for number in range(260)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % number)
        quarantine.note_death(path)
    assert state.stat().st_size < 128 * 1024
    assert quarantine.note_death(paths[0]) is False
    assert quarantine.note_death(paths[-1]) is True


def test_a_write_that_fails_leaves_the_old_state(
    state: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)
    before = state.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    # In memory it counts, so that the person is told; only the memory of it is lost.
    assert quarantine.note_death(model) is True
    assert state.read_bytes() == before
    assert list(state.parent.iterdir()) == [state]


# --- trust ---------------------------------------------------------------------------------------


def test_a_sound_file_is_trusted_across_restarts_until_it_changes(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    assert not quarantine.trusts(model)
    quarantine.note_trust(model)
    assert Quarantine(state).trusts(model)
    assert not quarantine.trusts(model.with_name("missing.gguf"))
    model.write_bytes(model.read_bytes() + b"!")
    assert not quarantine.trusts(model)


def test_a_death_ends_the_trust_and_a_release_brings_it_back(state: Path, model: Path) -> None:
    quarantine = Quarantine(state)
    quarantine.note_trust(model)
    assert quarantine.note_death(model) is False
    assert not quarantine.trusts(model)
    assert quarantine.note_death(model) is True
    quarantine.release(model)
    assert quarantine.trusts(model)


def test_a_release_that_can_not_be_kept_is_told(
    state: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine = Quarantine(state)
    quarantine.note_death(model)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EngineError) as raised:
        quarantine.release(model)
    assert raised.value.problem.code == "release_failed"
    assert "No space left" in raised.value.problem.title


# --- fingerprints --------------------------------------------------------------------------------


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def change(path: Path, position: int) -> None:
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(position)
        file.write(b"!")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_large_file_costs_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = sparse(tmp_path / "large.gguf", 40 << 30)
    read = 0
    add = fingerprint.__globals__["_add"]

    def counted(digest: object, file: object, start: int, length: int) -> None:
        nonlocal read
        read += length
        add(digest, file, start, length)

    monkeypatch.setitem(fingerprint.__globals__, "_add", counted)
    first = fingerprint(large)
    assert read <= 3 << 20
    for position in (0, 1000, (1 << 20) - 1, (40 << 30) - 1):
        change(large, position)
        second = fingerprint(large)
        assert second != first
        first = second


def test_the_size_tells_files_apart(tmp_path: Path) -> None:
    sizes = (0, 1, 3 << 20, (3 << 20) + 1, (40 << 30) - 1, 40 << 30)
    prints = {fingerprint(sparse(tmp_path / "file", size)) for size in sizes}
    assert len(prints) == len(sizes)
