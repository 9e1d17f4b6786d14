"""A start where no window can be shown ends with two lines, not with an abort or a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def start(tmp_path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    return subprocess.run(
        [sys.executable, "-m", "desktop", "--basedir", str(tmp_path / "base"), *words],
        env=environment | variables,
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("words", [(), ("--self-test",)], ids=["the window", "the self-test"])
@pytest.mark.parametrize(
    ("variable", "value"), [("DISPLAY", ":4711"), ("QT_QPA_PLATFORM", "nowhere")]
)
def test_a_display_that_does_not_answer_is_named(
    tmp_path: Path, words: tuple[str, ...], variable: str, value: str
) -> None:
    done = start(tmp_path, *words, **{variable: value})
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("snug: No window can be shown here")
    assert value in first
    assert "snug chat" in second


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("libfontconfig.so.1: cannot open shared object file: No such file", "libfontconfig.so.1"),
        ("cannot import name 'QtCore'", "make setup"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--self-test",)], ids=["the window", "the self-test"])
def test_what_the_toolkit_lacks_is_named(
    tmp_path: Path, words: tuple[str, ...], cause: str, remedy: str
) -> None:
    toolkit = tmp_path / "lacking" / "PySide6"
    toolkit.mkdir(parents=True)
    (toolkit / "__init__.py").write_text(f"raise ImportError({cause!r})")
    done = start(tmp_path, *words, PYTHONPATH=str(toolkit.parent), QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert cause in first
    assert remedy in second
    assert "snug chat" in second
