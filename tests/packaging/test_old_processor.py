"""The whole frozen build on a processor of 2008, emulated: no AVX at all.

The kernel is told to start every file with a certain ending through the emulator, so that the
processes which the program starts are emulated too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from add_model import add_model

PROGRAM = Path(__file__).resolve().parents[2] / "build/installers/dist/snug"
EMULATOR = shutil.which("qemu-x86_64-static")
FORMATS = Path("/proc/sys/fs/binfmt_misc")
ENDING = "nehalem"
pytestmark = [
    pytest.mark.installers,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        EMULATOR is None or os.geteuid() != 0, reason="needs qemu-user-static, and root"
    ),
]


@pytest.fixture
def old_program(tmp_path: Path) -> Iterator[Path]:
    """The program, under a name that the kernel gives to the emulator."""
    folder = tmp_path / "snug"
    shutil.copytree(PROGRAM, folder, symlinks=True)
    program = (folder / "snug").rename(folder / f"snug.{ENDING}")
    add_model(folder)
    if not (FORMATS / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", str(FORMATS)], check=True)
    name = FORMATS / f"snug-{ENDING}"
    (FORMATS / "register").write_text(f":{name.name}:E::{ENDING}::{EMULATOR}:F")
    yield program
    name.write_text("-1")


def test_everything_works_without_avx(old_program: Path) -> None:
    environment = os.environ | {"QEMU_CPU": "Nehalem", "QT_QPA_PLATFORM": "offscreen"}

    def run(*words: str) -> str:
        done = subprocess.run(
            [str(old_program), *words],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=1200,
        )
        # Qt's way of starting processes is beyond the emulator, so formulas stay source there.
        failed = [line for line in done.stdout.splitlines() if "FAILED" in line]
        assert all(line.startswith("math") for line in failed), done.stdout + done.stderr
        return done.stdout

    found = run("doctor")
    assert "llama.cpp built for: sse42" in found
    tried = run("--self-test")
    assert [line.split()[1] for line in tried.splitlines() if line.startswith("answer")] == ["ok"]
    sys.stdout.write(f"\non a Nehalem, emulated, llama.cpp built for: sse42\n{tried}")
