"""Looking for models on a machine with every program's folders, laid out as they do."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from models.gguf import read_header
from models.library.cache import load_entries, save_entries
from models.library.entry import LibraryEntry
from models.library.scan import Folders, scan
from tests.gguf_writer import write_gguf
from tests.unit.models.library.conftest import Machine


def shown(entries: list[LibraryEntry]) -> list[tuple[str, str, bool]]:
    return [(entry.source, Path(entry.path).name, entry.owned) for entry in entries]


def test_snug_s_folder_and_added_ones_are_the_person_s_own(machine: Machine) -> None:
    machine.model(machine.snug / "org" / "repo" / "a.gguf")
    machine.model(machine.added / "b.gguf")
    assert shown(machine.scan()) == [("snug", "a.gguf", True), ("folder", "b.gguf", True)]
    assert not machine.troubles


def test_unfinished_downloads_are_left_out(machine: Machine) -> None:
    machine.model(machine.snug / "one" / "a.gguf").rename(machine.snug / "one" / "a.gguf.part")
    machine.model(machine.snug / "two" / "b-00001-of-00002.gguf")
    (machine.snug / "two" / "b-00002-of-00002.gguf.part").touch()
    machine.model(machine.snug / "three" / "mmproj-c.gguf")
    (machine.snug / "three" / "c.gguf.part").touch()
    assert machine.scan() == []


def test_the_hub_s_cache(machine: Machine) -> None:
    hub = machine.home / ".cache" / "huggingface" / "hub"
    snapshot = machine.hugging_face(hub, "org/repo", "deep/model-Q4_0.gguf")
    machine.hugging_face(hub, "org/repo", "model-F16.gguf", "qwen3")
    (hub / ".locks").mkdir()
    (hub / "models--org--repo" / "blobs" / "123.incomplete").touch()
    dangling = hub / "models--org--repo" / "snapshots" / "abc123" / "gone.gguf"
    dangling.symlink_to("../../blobs/gone")
    entries = machine.scan()
    assert shown(entries) == [
        ("huggingface", "model-F16.gguf", False),
        ("huggingface", "model-Q4_0.gguf", False),
    ]
    assert entries[1].path == str(snapshot)
    assert not machine.troubles


def test_a_nameless_file_of_the_hub_s_cache_has_its_repository_s_name(machine: Machine) -> None:
    hub = machine.home / ".cache" / "huggingface" / "hub"
    snapshot = machine.hugging_face(hub, "org/Tiny-GGUF", "model.gguf")
    write_gguf(snapshot.resolve(), {"general.architecture": "llama"}, [])
    assert machine.scan()[0].name == "Tiny-GGUF"


def test_two_snapshots_of_one_file_are_one_model(machine: Machine) -> None:
    hub = machine.home / ".cache" / "huggingface" / "hub"
    first = machine.hugging_face(hub, "org/repo", "model.gguf")
    second = first.parent.with_name("def456") / first.name
    second.parent.mkdir()
    second.symlink_to(first.readlink())
    assert len(machine.scan()) == 1


def test_lm_studio_and_gpt4all(machine: Machine) -> None:
    machine.model(machine.home / ".lmstudio" / "models" / "maker" / "repo" / "a.gguf")
    folder = machine.home / ".local" / "share" / "nomic.ai" / "GPT4All"
    machine.model(folder / "b.gguf")
    machine.model(folder / "incomplete-c.gguf")
    assert shown(machine.scan()) == [
        ("lmstudio", "a.gguf", False),
        ("gpt4all", "b.gguf", False),
    ]


def test_jan_s_own_models_and_those_it_imported(machine: Machine) -> None:
    models = machine.home / ".local" / "share" / "Jan" / "data" / "llamacpp" / "models"
    machine.model(models / "org" / "fetched" / "model.gguf")
    (models / "org" / "fetched" / "model.yml").write_text(
        "model_path: llamacpp/models/org/fetched/model.gguf\nname: fetched\n"
    )
    elsewhere = machine.model(machine.home / "Downloads" / "b.gguf", "qwen3")
    (models / "imported").mkdir()
    (models / "imported" / "model.yml").write_text(f"model_path: {elsewhere}\nsize_bytes: 1\n")
    (models / "broken").mkdir()
    (models / "broken" / "model.yml").write_bytes(b"\xff\0model_path: /nowhere\n")
    assert shown(machine.scan()) == [("jan", "model.gguf", False), ("jan", "b.gguf", False)]


def test_ollama_s_blobs_have_the_names_of_their_manifests(machine: Machine) -> None:
    root = machine.home / ".ollama" / "models"
    weights = machine.ollama_blob(root, "llama")
    vision = machine.ollama_blob(root, "t5")
    other = machine.ollama_blob(root, "qwen3")
    registry = "registry.ollama.ai"
    machine.ollama(root, f"{registry}/library/llama3.2/3b", {"model": weights, "projector": vision})
    machine.ollama(root, f"{registry}/library/llama3.2/latest", {"model": weights})
    machine.ollama(root, f"{registry}/someone/tuned/v1", {"model": other})
    machine.ollama(root, f"{registry}/library/cloud/latest", {"template": weights})
    machine.ollama(root, "hf.co/org/gone/Q4_0", {"model": "f" * 64})
    machine.ollama(root, "hf.co/org/evil/Q4_0", {"model": "../../../etc/passwd"})
    (root / "manifests" / registry / "library" / "llama3.2" / "broken").write_text("{")
    entries = machine.scan()
    assert [(entry.name, entry.source, entry.owned) for entry in entries] == [
        ("llama3.2:3b", "ollama", False),
        ("someone/tuned:v1", "ollama", False),
    ]
    assert Path(entries[0].path).name == f"sha256-{weights}"
    assert Path(entries[0].projectors[0]).name == f"sha256-{vision}"
    assert entries[0].problem is None


def test_a_licence_that_only_ollama_knows(machine: Machine) -> None:
    root = machine.home / ".ollama" / "models"
    digest = "e" * 64
    weights = "d" * 64
    (root / "blobs").mkdir(parents=True)
    write_gguf(root / "blobs" / f"sha256-{weights}", {"general.architecture": "llama"}, [])
    (root / "blobs" / f"sha256-{digest}").write_text("\n  MIT License\n\nCopyright …")
    layers = {"model": weights, "license": digest}
    machine.ollama(root, "registry.ollama.ai/library/toy/latest", layers)
    assert machine.scan()[0].license == "MIT License"


def test_other_programs_files_stay_theirs_wherever_they_are_found(machine: Machine) -> None:
    models = machine.home / ".lmstudio" / "models"
    theirs = machine.model(models / "maker" / "repo" / "a.gguf")
    (machine.added / "link.gguf").symlink_to(theirs)
    (machine.added / "all").symlink_to(models)
    assert shown(machine.scan()) == [("lmstudio", "a.gguf", False)]
    alone = Folders(snug=machine.snug, added=(models,), others=False)
    assert shown(list(scan(alone, surroundings=machine.surroundings))[1:]) == [
        ("folder", "a.gguf", False)
    ]


def test_a_link_out_of_snug_s_folder_is_not_snug_s(machine: Machine) -> None:
    outside = machine.model(machine.home / "Downloads" / "a.gguf")
    (machine.snug / "a.gguf").symlink_to(outside)
    assert shown(machine.scan()) == [("snug", "a.gguf", False)]


def test_a_file_with_two_names_is_one_model(machine: Machine) -> None:
    first = machine.model(machine.snug / "a.gguf")
    os.link(first, machine.added / "b.gguf")
    assert shown(machine.scan()) == [("snug", "a.gguf", True)]


def test_an_added_folder_that_is_gone_is_told(machine: Machine) -> None:
    machine.added.rmdir()
    assert machine.scan() == []
    assert [trouble.code for trouble in machine.troubles] == ["folder_missing"]
    assert str(machine.added) in machine.troubles[0].title


def test_damaged_files_are_listed_with_what_is_wrong(machine: Machine) -> None:
    (machine.snug / "empty.gguf").touch()
    (machine.snug / "page.gguf").write_text("<html>Not found</html>")
    machine.model(machine.snug / "s-00001-of-00003.gguf")
    codes = {entry.name: entry.problem.code for entry in machine.scan() if entry.problem}
    assert codes.pop("empty") == codes.pop("page") == "model_not_gguf"
    assert list(codes.values()) == ["parts_missing"]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every header that is read."""
    seen: list[Path] = []

    def read(path: Path) -> object:
        seen.append(path)
        return read_header(path)

    monkeypatch.setattr("models.library.describing.read_header", read)
    return seen


def test_what_is_as_it_was_is_not_read_again(machine: Machine, reads: list[Path]) -> None:
    machine.model(machine.snug / "a.gguf")
    changing = machine.model(machine.snug / "b.gguf")
    embedded = next(scan(machine.folders, surroundings=machine.surroundings))
    first = machine.scan()
    known = {entry.path: entry for entry in (embedded, *first)}
    reads.clear()
    assert machine.scan(known) == first
    assert reads == []
    os.utime(changing, ns=(1, 1))
    again = machine.scan(known)
    assert reads == [changing]
    assert [entry.stamp == old.stamp for entry, old in zip(again, first, strict=True)] == [
        True,
        False,
    ]


def test_a_projector_that_comes_later_is_noticed(machine: Machine) -> None:
    model = machine.model(machine.snug / "a.gguf")
    known = {entry.path: entry for entry in machine.scan()}
    projector = machine.model(machine.snug / "mmproj-a.gguf", "t5")
    (entry,) = machine.scan(known)
    assert entry.projectors == (str(projector),)
    assert entry.size_bytes == model.stat().st_size + projector.stat().st_size


def test_a_scan_can_be_stopped_between_models(machine: Machine, reads: list[Path]) -> None:
    for number in range(5):
        machine.model(machine.snug / f"{number}.gguf")
    entries = scan(machine.folders, surroundings=machine.surroundings)
    next(entries)
    next(entries)
    entries.close()  # type: ignore[attr-defined]
    assert len(reads) == 2


def test_entries_outlive_the_process(machine: Machine, tmp_path: Path) -> None:
    machine.model(machine.snug / "a.gguf")
    (machine.snug / "b.gguf").touch()
    entries = machine.scan()
    file = tmp_path / "cache" / "library.json"
    machine.model(machine.snug / "c.gguf").rename(
        Path(os.fsdecode(os.fsencode(machine.snug) + b"/\xff.gguf"))
    )
    save_entries(file, machine.scan())
    assert load_entries(file) == {entry.path: entry for entry in entries}
    assert [path.name for path in file.parent.iterdir()] == ["library.json"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"version": 1}', b'{"version": 0, "entries": []}', b"\xff" * 100]
)
def test_a_broken_cache_is_no_trouble(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "library.json"
    file.write_bytes(content)
    assert load_entries(file) == {}
    assert load_entries(tmp_path / "none.json") == {}
    save_entries(file, [])
    assert msgspec.json.decode(file.read_bytes())["entries"] == []
