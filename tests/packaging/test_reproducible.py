"""Two builds of one commit are the same, byte for byte."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.packaging.installers import installer

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "build" / "installers" / "venv" / "bin" / "python"
pytestmark = [pytest.mark.installers, pytest.mark.timeout(1200)]


def time_of(package: Path) -> str:
    """Return when the package says that it was made, in seconds since the epoch."""
    with package.open("rb") as file:
        head = file.read(8 + 60)  # the archive's mark, and the first member's head
    return head[8 + 16 : 8 + 28].decode().strip()


def test_a_second_build_is_the_same(tmp_path: Path) -> None:
    first = [installer("snug-lite_*_amd64.deb"), installer("snug-lite-*.run")]
    subprocess.run(
        [str(PYTHON), "packaging/build.py", "--form", "snug-lite", "--into", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"SOURCE_DATE_EPOCH": time_of(first[0])},
        check=True,
    )
    for path in first:
        second = tmp_path / path.name
        digests = [hashlib.sha256(each.read_bytes()).hexdigest() for each in (path, second)]
        assert digests[0] == digests[1], f"{path.name} differs from one build to the next"
