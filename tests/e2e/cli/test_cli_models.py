"""``snug models list|inspect|remove`` as a person types them, in a home of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.gguf import read_header
from models.library.embedded import embedded_model
from tests.model_factory import SMALL, Design, write_model, write_split

TwoLines = Callable[[subprocess.CompletedProcess[str]], tuple[str, str]]

ENTRY_KEYS = {
    "path",
    "name",
    "source",
    "owned",
    "size_bytes",
    "parts",
    "projectors",
    "architecture",
    "parameters",
    "quantization",
    "trained_context",
    "license",
    "has_template",
    "kind",
    "problem",
}
JUDGEMENT_KEYS = {
    "problem",
    "template_problem",
    "verdict",
    "reason",
    "context_size",
    "layers",
    "offloaded_layers",
    "memory_bytes",
    "engine_bytes",
    "missing_bytes",
    "tokens_per_second",
    "devices",
    "choices",
}


@pytest.fixture(name="snug")
def snug_at_home(snug: Any, tmp_path: Path) -> Any:
    """``snug`` where no other program's models lie, and with a trash of its own."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in snug.environment if name.startswith(("HF_", "XDG_", "OLLAMA"))]:
        del snug.environment[name]
    snug.environment["HOME"] = str(home)
    return snug


@pytest.fixture
def models_dir(snug: Any) -> Path:
    folder = Path(snug.basedir) / "data" / "models"
    folder.mkdir(parents=True)
    return folder


def model(path: Path, design: Design = SMALL["llama"]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_model(path, design)


def listed(snug: Any, *flags: str) -> dict[str, Any]:
    done = snug("models", "list", "--json", *flags)
    assert done.returncode == 0
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_the_embedded_model_is_always_listed(snug: Any) -> None:
    record = listed(snug)
    assert set(record) == {"models", "troubles"}
    (only,) = record["models"]
    assert set(only) == ENTRY_KEYS
    assert (only["path"], only["source"]) == (str(embedded_model()), "embedded")
    assert (only["kind"], only["quantization"], only["problem"]) == ("chat", "Q4_1", None)


def test_a_table_for_people(snug: Any, models_dir: Path) -> None:
    model(models_dir / "org" / "repo" / "tiny.gguf", SMALL["bert"])
    (models_dir / "broken.gguf").write_text("<html>")
    done = snug("models", "list")
    assert (done.returncode, done.stderr) == (0, "")
    titles, *rows = done.stdout.split("\n\n")[0].splitlines()
    assert titles.split() == [
        "name",
        "kind",
        "parameters",
        "quantization",
        "size",
        "context",
        "where",
    ]
    assert {row.index("Snug") for row in rows} == {titles.index("where")}
    assert any("embedding" in row for row in rows)
    assert any("can't be used" in row for row in rows)
    assert f"{models_dir / 'broken.gguf'}\n  The model file broken.gguf is not" in done.stdout


def test_added_folders_and_other_programs(snug: Any, tmp_path: Path) -> None:
    added, gone = tmp_path / "added", tmp_path / "gone"
    model(tmp_path / "home" / ".lmstudio" / "models" / "m" / "r" / "theirs.gguf")
    added.mkdir()
    model(added / "mine.gguf", SMALL["qwen3"])
    settings = Path(snug.basedir) / "config" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"model_folders": [str(added), str(gone)]}))
    record = listed(snug)
    assert [each["source"] for each in record["models"]] == ["embedded", "lmstudio", "folder"]
    assert [trouble["code"] for trouble in record["troubles"]] == ["folder_missing"]
    assert [each["source"] for each in listed(snug, "--own")["models"]] == ["embedded", "folder"]
    done = snug("models", "list")
    assert done.returncode == 0
    assert str(gone) in done.stderr


def test_a_model_is_inspected_and_judged(snug: Any) -> None:
    done = snug("models", "inspect", "embedded", "--json", "--context-size", "4096")
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    assert set(record) == {"model", "judgement", "metadata", "tensors", "template"}
    assert set(record["judgement"]) == JUDGEMENT_KEYS
    assert record["judgement"]["verdict"] in {"cpu", "gpu", "partly"}
    assert record["judgement"]["context_size"] == 4096
    assert record["judgement"]["memory_bytes"] > record["model"]["size_bytes"]
    assert record["judgement"]["tokens_per_second"] > 0
    assert record["metadata"]["general.architecture"] == "llama"
    assert record["tensors"][0]["type_name"] == "Q4_1"
    assert "<|im_start|>" in record["template"]


def test_inspect_speaks_to_people_as_well(snug: Any) -> None:
    done = snug("models", "inspect", "smollm2 135m")
    assert (done.returncode, done.stderr) == (0, "")
    facts, verdict, tensors, metadata = done.stdout.split("\n\n")
    assert "parameters     135M" in facts
    assert "tokens a second" in verdict
    assert "Q4_1" in tensors
    assert "llama.block_count" in metadata
    template = snug("models", "inspect", "embedded", "--template")
    assert template.stdout.startswith("{% for message in messages %}")


def test_a_broken_model_says_what_is_wrong(
    snug: Any, models_dir: Path, two_lines: TwoLines
) -> None:
    path = model(models_dir / "cut.gguf", SMALL["llama"])
    os.truncate(path, path.stat().st_size - 100)
    done = snug("models", "inspect", "cut")
    assert done.returncode == 1
    cause, remedy = two_lines(done)
    assert "is cut short" in cause
    assert "Download it again" in remedy
    record = json.loads(snug("models", "inspect", str(path), "--json").stdout)
    assert record["model"]["problem"]["code"] == "model_damaged"
    assert record["judgement"]["verdict"] is None


def test_an_architecture_that_llama_cpp_does_not_know(
    snug: Any, models_dir: Path, two_lines: TwoLines
) -> None:
    content = model(models_dir / "new.gguf", SMALL["llama"]).read_bytes()
    (models_dir / "new.gguf").write_bytes(content.replace(b"llama", b"lemma"))
    done = snug("models", "inspect", "new.gguf")
    assert done.returncode == 1
    assert "architecture" in two_lines(done)[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inspect", "nothing-like-it"], "No model on this machine"),
        (["inspect", "/nowhere/x.gguf"], "no model file at /nowhere/x.gguf"),
        (["inspect"], "FILE|NAME"),
        ([], "needs to be told"),
        (["frobnicate"], "frobnicate"),
        (["list", "--frobnicate"], "--frobnicate"),
        (["remove", "embedded"], "came with Snug"),
        (["remove", "embedded", "--yes"], "came with Snug"),
    ],
)
def test_mistakes_are_two_lines(
    snug: Any, two_lines: TwoLines, arguments: list[str], words: str
) -> None:
    done = snug("models", *arguments)
    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert words in two_lines(done)[0]


def test_a_name_that_two_models_bear_is_asked_back(
    snug: Any, models_dir: Path, two_lines: TwoLines
) -> None:
    for name in ("alike-1.gguf", "alike-2.gguf"):
        model(models_dir / name)
    cause, remedy = two_lines(snug("models", "inspect", "alike"))
    assert "2 models" in cause
    assert "alike-1.gguf" in remedy


def test_a_model_is_thrown_away(snug: Any, models_dir: Path, two_lines: TwoLines) -> None:
    path = model(models_dir / "org" / "old.gguf", SMALL["llama"])
    size = path.stat().st_size
    asked = snug("models", "remove", "old")
    assert asked.returncode == 2
    assert "--yes" in two_lines(asked)[1]
    assert path.exists()
    done = snug("models", "remove", "old", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "path": str(path),
        "name": "Random llama",
        "freed_bytes": size,
    }
    trash = Path(snug.environment["HOME"]) / ".local" / "share" / "Trash" / "files"
    assert [each.name for each in trash.iterdir()] == ["old.gguf"]
    assert not path.exists()
    assert len(listed(snug)["models"]) == 1


@pytest.mark.parametrize(("typed", "status"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1), (b"\x04", 1)])
def test_a_person_is_asked_first(snug: Any, models_dir: Path, typed: bytes, status: int) -> None:
    path = model(models_dir / "old.gguf")
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, typed)
        with snug.start("models", "remove", "old", stdin=terminal) as process:
            out, err = process.communicate(timeout=60)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert process.returncode == status
    assert b"Move Random llama" in err
    assert b"Traceback" not in err
    assert path.exists() == bool(status)
    assert (b"is in the trash" in out) == (not status)


def test_a_listed_model_answers_by_its_name(snug: Any, models_dir: Path) -> None:
    model(models_dir / "org" / "tiny.gguf")
    done = snug("ask", "Hi", "--model", "tiny", "--max-tokens", "2", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["model_path"] == str(models_dir / "org" / "tiny.gguf")


def test_a_split_model_is_one_model_and_answers(snug: Any, models_dir: Path) -> None:
    design = Design(name="In two", layers=4)
    parts = write_split(models_dir, "split-Q8_0", design)
    whole = model(models_dir / "whole.gguf", design)
    first, second = listed(snug)["models"][1:]
    assert (first["name"], first["problem"]) == ("In two", None)
    assert first["parts"] == [str(part) for part in parts]
    assert (first["parameters"], first["quantization"]) == (
        second["parameters"],
        second["quantization"],
    )
    assert first["size_bytes"] > whole.stat().st_size
    inspected = snug("models", "inspect", first["path"], "--json")
    assert inspected.returncode == 0, inspected.stderr
    in_all = sum(group["count"] for group in json.loads(inspected.stdout)["tensors"])
    assert in_all == read_header(whole).tensor_count
    done = snug("ask", "Hi", "--model", "split-Q8_0", "--max-tokens", "2", "--json")
    assert done.returncode == 0, done.stderr
    parts[1].unlink()
    broken = snug("models", "inspect", "split-Q8_0")
    assert broken.returncode == 1
    assert "1 of the 2 parts of split-Q8_0 is missing" in broken.stderr


def test_other_programs_models_are_used_in_place(snug: Any, tmp_path: Path) -> None:
    ollama = tmp_path / "home" / ".ollama" / "models"
    blob = model(ollama / "blobs" / f"sha256-{'a' * 64}")
    manifest = ollama / "manifests" / "registry.ollama.ai" / "library" / "tiny" / "1b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'a' * 64}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    repo = tmp_path / "home" / ".cache" / "huggingface" / "hub" / "models--org--repo"
    model(repo / "blobs" / "b", SMALL["qwen3"])
    link = repo / "snapshots" / "c" / "linked.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../blobs/b")
    for name, path in (("tiny:1b", blob), ("linked", link)):
        done = snug("ask", "Hi", "--model", name, "--max-tokens", "2", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["model_path"] == str(path)


def test_other_programs_models_are_left_alone(
    snug: Any, tmp_path: Path, two_lines: TwoLines
) -> None:
    path = tmp_path / "home" / ".lmstudio" / "models" / "m" / "r" / "theirs.gguf"
    model(path)
    done = snug("models", "remove", "theirs", "--yes")
    assert done.returncode == 1
    assert "belongs to another program" in two_lines(done)[0]
    assert path.exists()


def test_the_shape_of_a_name_does_no_harm(snug: Any, models_dir: Path) -> None:
    model(models_dir / "x.gguf", Design(name="\x1b[31mred\x07"))
    done = snug("models", "list")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "red" in done.stdout


def test_a_file_whose_name_is_no_text(snug: Any, models_dir: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(models_dir) + b"/\xff.gguf"))
    model(models_dir / "x.gguf").rename(path)
    (odd,) = listed(snug)["models"][1:]
    assert odd["path"] == str(models_dir / "?.gguf")
    assert odd["problem"]["code"] == "name_unreadable"
    assert snug("models", "list").returncode == 0
    assert snug("models", "inspect", str(path)).returncode == 1
