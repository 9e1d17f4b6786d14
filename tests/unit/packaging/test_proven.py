"""When the installers must be tested again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import proven
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the fingerprint is taken of, proven."""
    unwanted = shutil.ignore_patterns("__pycache__", ".mypy_cache")
    for folder in ("packaging", "scripts", "tests/packaging"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    proven.note(tmp_path / proven.FILE, proven.fingerprint(tmp_path))
    proven.note(tmp_path / proven.BUILT, proven.fingerprint(tmp_path, proven.MADE_OF))
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_was_proven_stays_proven(checkout: Path) -> None:
    assert proven.is_proven(checkout)
    cache = checkout / "packaging" / "__pycache__"
    cache.mkdir()
    (cache / "build.pyc").write_bytes(b"x")
    replace(checkout / "pyproject.toml", '"ruff>=', '"ruff>=1')  # a tool of the developers'
    assert proven.is_proven(checkout)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: replace(root / "pyproject.toml", '"jinja2>=', '"jinja2>=1'),
        lambda root: replace(root / "pyproject.toml", '"pyinstaller>=', '"pyinstaller>=1'),
        lambda root: replace(root / "pyproject.toml", 'version = "', 'version = "9'),
        lambda root: replace(root / "packaging/linux/install.sh", "set -eu", "set -e"),
        lambda root: replace(root / "scripts/backends.py", "-DGGML_RPC=ON", "-DGGML_RPC=OFF"),
        lambda root: (root / "packaging/linux/postinst").write_text("#!/bin/sh\n"),
        lambda root: (root / "packaging/version.py").unlink(),
        lambda root: (root / "packaging/build.py").rename(root / "packaging/make.py"),
        lambda root: (root / "tests/packaging/clean_root.py").write_text(""),
        lambda root: (root / "packaging/proven").unlink(),
        lambda root: (root / "packaging/proven").write_bytes(b"\xff"),
    ],
)
def test_each_change_of_what_they_are_made_from_asks_for_a_new_proof(
    checkout: Path, change: Callable[[Path], object]
) -> None:
    change(checkout)
    assert not proven.is_proven(checkout)


def test_installers_are_of_their_packaging_and_not_of_its_tests(checkout: Path) -> None:
    (checkout / "tests/packaging/clean_root.py").write_text("")
    assert proven.is_built(checkout)
    replace(checkout / "packaging/linux/install.sh", "set -eu", "set -e")
    assert not proven.is_built(checkout)
