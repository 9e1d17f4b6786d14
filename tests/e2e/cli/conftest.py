"""``snug`` as a person starts it: its own process, the real engine, the embedded model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest


class Snug:
    """Starts ``snug`` on a folder of its own."""

    def __init__(self, basedir: Path) -> None:
        self.basedir = basedir
        no_display = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
        self.environment = {
            name: value for name, value in os.environ.items() if name not in no_display
        }

    def command(self, *arguments: str, python: Sequence[str] = ()) -> list[str]:
        base = ["--basedir", str(self.basedir)]
        return [sys.executable, *python, "-m", "desktop", *base, *arguments]

    def __call__(
        self, *arguments: str, stdin: bytes = b"", python: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments, python=python),
            input=stdin,
            capture_output=True,
            env=self.environment,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            self.command(*arguments), env=self.environment, **{**pipes, **options}
        )


@pytest.fixture
def snug(tmp_path: Path) -> Snug:
    return Snug(tmp_path / "snug")


def two_lines(done: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    """Return the cause and the remedy that a failed command ends with."""
    assert "Traceback" not in done.stderr
    cause, remedy = done.stderr.splitlines()[-2:]
    assert cause.startswith("snug: ")
    assert remedy.startswith("snug: ")
    return cause, remedy


@pytest.fixture(name="two_lines")
def two_lines_fixture() -> Any:
    return two_lines
