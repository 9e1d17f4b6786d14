"""What the tests of the installers share."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

DIST: Final = Path(__file__).resolve().parents[2] / "dist"
OFFSCREEN: Final = {"QT_QPA_PLATFORM": "offscreen"}
DATA: Final = ".local/share/snug"
"""Where a person's chats are, below their home."""


def installer(pattern: str) -> Path:
    """Return the newest installer of that name."""
    found = sorted(DIST.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail(f"there is no {pattern} in dist/: run 'make installers' first")
    return found[-1]


def assert_passed(done: subprocess.CompletedProcess[str], platform: str = "offscreen") -> None:
    """Assert that a self-test has passed, on a platform of Qt's."""
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert not [line for line in lines if "FAILED" in line]
    assert any(f"on {platform}" in line for line in lines)
    assert len(lines) > 15


def assert_told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Assert that a command has ended with a cause and a remedy that have these words."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("snug: ")]
    assert len(told) >= 2, done.stderr
    for word in words:
        assert word in done.stderr


def rebuilt(package: Path, folder: Path, version: str) -> Path:
    """Return the same Debian package under another version."""
    tree = folder / "rebuilt"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    text = re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE)
    control.write_text(text)
    path = folder / f"snug-{version}.deb"
    how = ("--root-owner-group", "-Znone", "--build")
    subprocess.run(["dpkg-deb", *how, str(tree), str(path)], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return path
