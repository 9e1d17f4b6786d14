"""What Snug says it is made of, held against what is really installed."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import apsw
import msgspec
import pytest

from desktop import licences
from desktop.licences import Component, collect, components
from models.problems import EngineError


@pytest.fixture(scope="module")
def parts() -> dict[str, Component]:
    return {part.name: part for part in collect()}


def test_every_part_has_a_licence_with_its_text_and_a_page(parts: dict[str, Component]) -> None:
    lacking = [
        part.name
        for part in parts.values()
        if not part.text or part.licence == licences.UNKNOWN or "://" not in part.homepage
    ]
    assert lacking == []


def test_the_packages_are_those_that_snug_needs_down_to_the_last(
    parts: dict[str, Component],
) -> None:
    # Asked for by huggingface-hub, by httpx2, by httpcore2 in turn.
    assert {"httpx2", "httpcore2", "h11"} <= parts.keys()
    # Development needs these, Snug doesn't.
    assert not {"pytest", "mypy", "ruff", "fpdf2"} & parts.keys()
    assert parts["msgspec"].version == metadata.version("msgspec")
    assert parts["msgspec"].address == f"pkg:pypi/msgspec@{metadata.version('msgspec')}"


def test_what_packages_carry_is_listed_with_its_own_version(parts: dict[str, Component]) -> None:
    assert parts["SQLite"].version == apsw.sqlite_lib_version()
    assert parts["Qt"].version == metadata.version("PySide6-Essentials")
    assert parts["Python"].version == ".".join(map(str, sys.version_info[:3]))
    carried = {"llama.cpp", "PDFium", "OpenBLAS", "OpenSSL", "STIX Two Math", "DejaVu Sans"}
    assert carried <= parts.keys()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Qt", "GNU LESSER GENERAL PUBLIC LICENSE"),
        ("Qt", "may be replaced"),
        ("PySide6_Essentials", "GNU GENERAL PUBLIC LICENSE"),
        ("llama.cpp", "The ggml authors"),
        ("SmolLM2-135M-Instruct (Q4_1)", "Apache License"),
        ("STIX Two Math", "SIL OPEN FONT LICENSE"),
        ("numpy", "OpenBLAS"),
        ("pypdfium2", "pdfium"),
        ("Python", "PYTHON SOFTWARE FOUNDATION LICENSE"),
    ],
)
def test_the_texts_are_those_of_the_licences(
    parts: dict[str, Component], name: str, words: str
) -> None:
    assert words.lower() in parts[name].text.lower()


def test_a_frozen_build_reads_its_list_and_leaves_out_a_model_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = (
        Component(name="a library", version="1", licence="MIT"),
        Component(name="the model", version="", licence="Apache-2.0", kind="model"),
    )
    file = tmp_path / licences.LISTED_FILE
    file.parent.mkdir()
    file.write_bytes(msgspec.json.encode(listed))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert components() == listed

    def missing() -> Path:
        raise EngineError("model_missing", "There is none.", "")

    monkeypatch.setattr(licences, "embedded_model", missing)
    assert components() == listed[:1]


def test_the_backport_of_metadata_changes_nothing() -> None:
    """It takes the library's place once anybody has imported it, and knows missing fields less."""
    code = "import importlib_metadata, desktop.licences as d; print(len(d.collect()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(collect())
