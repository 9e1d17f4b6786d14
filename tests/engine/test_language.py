"""The engine and the probe say what people read in the window's language."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.client import EngineClient
from models.probe.client import Probe
from models.problems import EngineError
from models.protocol import Failed
from models.records import LoadOptions
from models.wording import LANGUAGE, use_language
from tests.gguf_writer import Tensor, write_gguf

WAIT_S = 60


@pytest.fixture(autouse=True)
def in_german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LANGUAGE, "de")


@pytest.fixture
def cut_short(tmp_path: Path) -> Path:
    """Return a model file of 1,234 bytes, which its refusal names."""
    path = write_gguf(
        tmp_path / "cut.gguf", {"general.architecture": "llama"}, [Tensor("a.weight", (32, 64))]
    )
    os.truncate(path, 1234)
    return path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EngineClient]:
    client = EngineClient(log_path=tmp_path / "engine.log")
    yield client
    client.close()


def refusal(client: EngineClient, path: Path) -> str:
    *_, failed = client.events(client.load(LoadOptions(path=str(path))), WAIT_S)
    assert isinstance(failed, Failed)
    return failed.problem.title


def test_the_engine_changes_its_language_with_the_window(
    client: EngineClient, cut_short: Path
) -> None:
    assert "1.234" in refusal(client, cut_short)
    pid = client.pid
    use_language("en")
    assert "it has 1,234 of " in refusal(client, cut_short)
    use_language("de")
    assert "1.234" in refusal(client, cut_short)
    assert client.pid == pid


def test_the_probe_does_so_too(cut_short: Path) -> None:
    probe = Probe()
    try:
        for code, number in (("de", "1.234"), ("en", "1,234")):
            use_language(code)
            with pytest.raises(EngineError) as raised:
                probe.check(cut_short)
            assert number in raised.value.problem.title
    finally:
        probe.close()
