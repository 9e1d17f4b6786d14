"""Models that can't chat, in the terminal: where they serve, and what is said where they don't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.model_factory import SMALL, write_model


@pytest.fixture
def t5(tmp_path: Path) -> Path:
    return write_model(tmp_path / "t5.gguf", SMALL["t5"])


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text("# The harbour\n\nIt opened in 1871.\n\nForty ships fit into it.\n")
    return path


def test_an_encoder_decoder_summarizes_a_document(snug: Any, t5: Path, note: Path) -> None:
    done = snug("summarize", "--json", "--model", str(t5), str(note))
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["summary"]
    assert [section["status"] for section in record["sections"]] == ["done"]
    assert not record["failures"]


def test_an_encoder_decoder_translates_a_document(snug: Any, t5: Path, note: Path) -> None:
    done = snug("translate", "--json", "--to", "German", "--model", str(t5), str(note))
    record = json.loads(done.stdout)
    assert len(record["segments"]) == 3
    assert all(segment["translation"] for segment in record["segments"])


def test_an_encoder_decoder_completes_a_text_and_refuses_a_chat(
    snug: Any, t5: Path, two_lines: Any
) -> None:
    raw = snug("ask", "--raw", "--max-tokens", "8", "--model", str(t5), "say it shortly")
    assert raw.returncode == 0, raw.stderr
    assert raw.stdout.strip()
    cause, remedy = two_lines(snug("ask", "--model", str(t5), "Hello?"))
    assert "can't chat" in cause
    assert "summarize and translate documents" in remedy


def test_an_embedding_model_writes_nothing_and_says_where_it_serves(
    snug: Any, tmp_path: Path, note: Path, two_lines: Any
) -> None:
    bert = write_model(tmp_path / "bert.gguf", SMALL["bert"])
    cause, remedy = two_lines(snug("ask", "--model", str(bert), "Hello?"))
    assert "embedding model" in cause
    assert "search in documents" in remedy
    cause, remedy = two_lines(snug("summarize", "--model", str(bert), str(note)))
    assert "embedding model" in cause
    assert "Choose" in remedy
