"""Folders that this person may not look into, such as those of Ollama's service."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.library.describing import describe
from tests.unit.models.library.conftest import Machine

NOBODY = 65534


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine in a place that everybody may enter; the test runs as nobody in particular."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    machine = Machine(root)
    machine.scan()  # what is imported on the way, nobody may not read
    yield machine
    for folder in root.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o700)
    shutil.rmtree(root)


@pytest.fixture
def nobody() -> Iterator[None]:
    """The superuser may read everything, so the rest of the test is somebody else's."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed(machine: Machine) -> Path:
    """Ollama's folder, closed above, and one in the added folder."""
    root = machine.home / ".ollama" / "models"
    machine.ollama(
        root, "registry.ollama.ai/library/c/latest", {"model": machine.ollama_blob(root, "llama")}
    )
    machine.model(machine.added / "open.gguf", "qwen3")
    machine.model(machine.added / "closed" / "x.gguf")
    (machine.added / "unreadable.gguf").write_bytes(b"GGUF")
    (machine.added / "unreadable.gguf").chmod(0o000)
    (machine.added / "closed").chmod(0o000)
    (machine.home / ".ollama").chmod(0o000)
    return root


@pytest.mark.usefixtures("closed", "nobody")
def test_closed_folders_are_told_and_the_rest_is_found(machine: Machine) -> None:
    entries = machine.scan()
    assert {Path(entry.path).name: entry.problem and entry.problem.code for entry in entries} == {
        "open.gguf": None,
        "unreadable.gguf": "model_missing",
    }
    told = "\n".join(trouble.title for trouble in machine.troubles)
    assert {trouble.code for trouble in machine.troubles} == {"folder_unreadable"}
    assert str(machine.added / "closed") in told
    assert str(machine.home / ".ollama" / "models" / "manifests") in told


@pytest.mark.usefixtures("nobody")
def test_a_file_in_a_closed_folder_is_described(closed: Path) -> None:
    problem = describe(closed / "blobs" / "x.gguf").problem
    assert problem is not None
    assert problem.code == "model_missing"
    assert "Permission denied" in problem.title
