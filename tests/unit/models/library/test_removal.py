"""Throwing models away: to the trash, and never what is another program's."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
import send2trash

from models.library.entry import LibraryEntry
from models.library.removal import remove
from models.problems import EngineError
from tests.unit.models.library.conftest import Machine

plat_other = import_module("send2trash.plat_other")
"""The trash of a system without a desktop's own service."""


@pytest.fixture(autouse=True)
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's trash, below the test's folder."""
    home = tmp_path / "trash-home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(plat_other, "XDG_DATA_HOME", os.fsencode(home))
    monkeypatch.setattr(plat_other, "HOMETRASH_B", os.fsencode(home / "Trash"))
    monkeypatch.setattr(send2trash, "send2trash", plat_other.send2trash)
    return home / "Trash" / "files"


def in_trash(trash: Path) -> list[str]:
    return sorted(path.name for path in trash.glob("*"))


def refusal(machine: Machine, entry: LibraryEntry) -> str:
    with pytest.raises(EngineError) as caught:
        remove(entry, machine.folders, machine.surroundings)
    assert caught.value.problem.hint
    return caught.value.problem.code


def test_a_model_goes_to_the_trash_with_all_its_files(machine: Machine, trash: Path) -> None:
    names = ["s-00001-of-00002.gguf", "s-00002-of-00002.gguf", "mmproj-s.gguf"]
    sizes = [machine.model(machine.snug / "s" / name).stat().st_size for name in names]
    machine.model(machine.snug / "other.gguf", "qwen3")
    entry = next(each for each in machine.scan() if len(each.parts) == 2)
    assert remove(entry, machine.folders, machine.surroundings) == sum(sizes)
    assert in_trash(trash) == sorted(names)
    assert not (machine.snug / "s").exists()
    assert [Path(each.path).name for each in machine.scan()] == ["other.gguf"]


def test_a_projector_that_another_model_uses_stays(machine: Machine, trash: Path) -> None:
    for name in ("gemma-Q4_0.gguf", "gemma-Q8_0.gguf", "mmproj-f16.gguf"):
        machine.model(machine.added / name)
    first, second = machine.scan()
    assert first.projectors == second.projectors != ()
    freed = remove(first, machine.folders, machine.surroundings)
    assert freed == Path(second.path).stat().st_size
    assert in_trash(trash) == ["gemma-Q4_0.gguf"]
    (left,) = machine.scan()
    assert left.projectors == first.projectors
    remove(left, machine.folders, machine.surroundings)
    assert in_trash(trash) == ["gemma-Q4_0.gguf", "gemma-Q8_0.gguf", "mmproj-f16.gguf"]


def test_folders_that_are_not_empty_and_the_person_s_own_stay(
    machine: Machine, trash: Path
) -> None:
    note = machine.snug / "org" / "note.txt"
    machine.model(machine.snug / "org" / "repo" / "a.gguf")
    note.touch()
    machine.model(machine.added / "mine" / "b.gguf", "qwen3")
    for entry in machine.scan():
        remove(entry, machine.folders, machine.surroundings)
    assert in_trash(trash) == ["a.gguf", "b.gguf"]
    assert note.exists()
    assert not (machine.snug / "org" / "repo").exists()
    assert (machine.added / "mine").is_dir()


def test_other_programs_files_are_refused(machine: Machine, trash: Path) -> None:
    theirs = machine.model(machine.home / ".lmstudio" / "models" / "m" / "r" / "a.gguf")
    hub = machine.home / ".cache" / "huggingface" / "hub"
    machine.hugging_face(hub, "org/repo", "b.gguf", "qwen3")
    root = machine.home / ".ollama" / "models"
    machine.ollama(
        root, "registry.ollama.ai/library/c/latest", {"model": machine.ollama_blob(root, "t5")}
    )
    entries = machine.scan()
    assert len(entries) == 3
    for entry in entries:
        assert refusal(machine, entry) == "not_ours"
        # Whatever an entry claims, the file's place decides.
        assert refusal(machine, msgspec.structs.replace(entry, owned=True, source="snug")) == (
            "not_ours"
        )
    machine.added.rmdir()
    machine.added.symlink_to(theirs.parent)
    claimed = msgspec.structs.replace(
        entries[0],
        path=str(machine.added / "a.gguf"),
        parts=(str(machine.added / "a.gguf"),),
        owned=True,
    )
    assert refusal(machine, claimed) == "not_ours"
    assert theirs.exists()
    assert in_trash(trash) == []


def test_files_outside_the_folders_are_refused(machine: Machine, trash: Path) -> None:
    entry = machine.scan_one(machine.snug / "a.gguf")
    outside = machine.model(machine.home / "b.gguf")
    for path in (outside, machine.snug / ".." / "home" / "b.gguf"):
        moved = msgspec.structs.replace(entry, path=str(path), parts=(str(path),))
        assert refusal(machine, moved) == "not_ours"
    mixed = msgspec.structs.replace(entry, parts=(*entry.parts, str(outside)))
    assert refusal(machine, mixed) == "not_ours"
    assert in_trash(trash) == []


def test_a_link_is_refused(machine: Machine, trash: Path) -> None:
    outside = machine.model(machine.home / "a.gguf")
    (machine.snug / "a.gguf").symlink_to(outside)
    (entry,) = machine.scan()
    assert refusal(machine, entry) == "not_ours"
    assert outside.exists()
    assert in_trash(trash) == []


def test_what_is_gone_already_is_told(machine: Machine) -> None:
    entry = machine.scan_one(machine.snug / "a.gguf")
    Path(entry.path).unlink()
    assert refusal(machine, entry) == "model_missing"


def test_a_file_with_a_second_name_frees_nothing(machine: Machine, trash: Path) -> None:
    entry = machine.scan_one(machine.snug / "a.gguf")
    os.link(entry.path, machine.home / "b.gguf")
    assert remove(entry, machine.folders, machine.surroundings) == 0
    assert in_trash(trash) == ["a.gguf"]


def test_without_a_trash_nothing_is_deleted(
    machine: Machine, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = machine.scan_one(machine.snug / "a.gguf")
    trash.parent.write_text("a file where the trash should be")
    assert refusal(machine, entry) == "trash_failed"
    assert Path(entry.path).exists()

    def pretend(_path: Path) -> None:
        pass

    monkeypatch.setattr(send2trash, "send2trash", pretend)
    assert refusal(machine, entry) == "trash_failed"


def test_trouble_half_way_says_how_much_is_in_the_trash(
    machine: Machine, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        machine.model(machine.snug / f"s-0000{number}-of-00002.gguf")
    (entry,) = machine.scan()
    real = plat_other.send2trash

    def fails_later(path: Path) -> None:
        if trash.exists():
            raise OSError(28, "No space left on device")
        real(path)

    monkeypatch.setattr(send2trash, "send2trash", fails_later)
    with pytest.raises(EngineError) as caught:
        remove(entry, machine.folders, machine.surroundings)
    assert caught.value.problem.code == "trash_failed"
    assert "of the model are in it already" in caught.value.problem.title
    assert "No space left" in caught.value.problem.detail
