"""A back end that a person adds to the frozen program, as docs/packaging.md says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "build/installers/dist/snug"
pytestmark = [pytest.mark.installers, pytest.mark.timeout(300)]


def test_a_back_end_from_elsewhere_comes_beside_the_ones_inside(tmp_path: Path) -> None:
    shutil.copytree(PROGRAM, tmp_path / "snug", symlinks=True)
    inside = tmp_path / "snug" / "_internal" / "llama_cpp" / "lib" / "libggml-rpc.so"
    added = inside.rename(tmp_path / "libggml-added.so")

    def doctor(**variables: str) -> str:
        command = [str(tmp_path / "snug" / "snug"), "doctor", "--basedir", str(tmp_path / "base")]
        environment = os.environ | {"GGML_NO_BACKTRACE": "1"} | variables
        subprocess.run(command, env=environment, check=False, capture_output=True)
        log = tmp_path / "base" / "log" / "engine.log"
        text = log.read_text(encoding="utf-8", errors="replace")
        log.unlink()
        return text

    assert "loaded RPC backend" not in doctor()
    with_it = doctor(GGML_BACKEND_PATH=str(added))
    assert f"loaded RPC backend from {added}" in with_it
    assert "loaded CPU backend from" in with_it
