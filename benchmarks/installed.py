"""The installed Snug beside the checkout: its start, its engine, and the size of its package.

Measures what `make installers` has left in ``build/`` and ``dist/``, and says so where that is
nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.display import virtual_screen
from benchmarks.engine_side import PASSAGE, engine
from benchmarks.figures import Figure, ratio_of_medians
from benchmarks.x_keys import Keyboard
from desktop.__main__ import ENGINE_FLAG
from models.records import RawPrompt, Sampling

ROOT: Final = Path(__file__).resolve().parent.parent
TREES: Final = ROOT / "build" / "installers"
PROGRAM: Final = TREES / "snug" / "usr" / "lib" / "snug" / "snug"
CHECKOUT: Final = Path(sys.executable).parent / "snug"

START_RUNS: Final = 9
DECODE_RUNS: Final = 11
REPLY_TOKENS: Final = 96
CONTEXT: Final = 4096
REST_S: Final = 0.3
SAMPLING: Final = Sampling(temperature=0.7, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.1)


def measure() -> Iterator[Figure]:
    """Measure what is there; a line on stderr tells of what is not."""
    packages = sorted((ROOT / "dist").glob("snug-lite_*_amd64.deb"))
    if packages:
        yield from _sizes(packages[-1])
    else:
        _say("there is no package in dist/: run 'make installers' to have its size measured")
    if not PROGRAM.exists():
        _say(f"{PROGRAM.relative_to(ROOT)} is missing: run 'make installers' to have it measured")
        return
    yield _start()
    yield _decode()


def _sizes(package: Path) -> Iterator[Figure]:
    """Weigh the form without a model; MB are a million bytes."""
    packed = package.stat().st_size / 1e6
    yield Figure(name="package without model", value=packed, reach=70, better="lower", unit="MB")
    shown = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Installed-Size"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed = int(shown.stdout) * 1024 / 1e6
    yield Figure(name="the same, installed", value=installed, reach=260, better="lower", unit="MB")


def _start() -> Figure:
    ours, theirs = [], []
    with virtual_screen() as environment, tempfile.TemporaryDirectory() as folder:
        installed = [str(PROGRAM), "--basedir", f"{folder}/installed"]
        checkout = [str(CHECKOUT), "--basedir", f"{folder}/checkout"]
        _first_key(installed, environment)
        _first_key(checkout, environment)
        for _ in range(START_RUNS):
            theirs.append(_first_key(checkout, environment))
            ours.append(_first_key(installed, environment))
    return Figure(
        name="installed start to keys ÷ the checkout's",
        value=ratio_of_medians(ours, theirs),
        reach=1.2,
        better="lower",
        runs=tuple(a / b for a, b in zip(ours, theirs, strict=True)),
        detail={"installed_s": statistics.median(ours), "checkout_s": statistics.median(theirs)},
    )


def _first_key(command: list[str], environment: Mapping[str, str]) -> float:
    keyboard = Keyboard(environment["DISPLAY"])
    try:
        return keyboard.first_key_taken(command, environment)
    finally:
        keyboard.close()
        time.sleep(REST_S)


def _decode() -> Figure:
    """Measure the installed engine against the checkout's, which was built for this processor."""
    portable: list[float] = []
    native: list[float] = []
    command = [str(PROGRAM), ENGINE_FLAG, "--engine", "llama"]
    # This is about the code: left to choose, one engine may take other threads than the other.
    threads = os.cpu_count() or 1
    with (
        engine(command, context_size=CONTEXT, threads=threads) as installed,
        engine(context_size=CONTEXT, threads=threads) as checkout,
    ):
        for run in range(DECODE_RUNS):
            # Whoever comes second finds a warmer machine: each side does, in turn.
            sides = [(installed, portable), (checkout, native)]
            prompt = RawPrompt(text=f"Chapter {run}. {PASSAGE * 3}")
            for side, rates in sides if run % 2 else reversed(sides):
                rates.append(side.complete(prompt, REPLY_TOKENS, SAMPLING).decode_rate)
                time.sleep(REST_S)
    return Figure(
        name="decode of the installed engine ÷ the checkout's",
        value=ratio_of_medians(portable, native),
        reach=0.95,
        better="higher",
        runs=tuple(a / b for a, b in zip(portable, native, strict=True)),
        detail={
            "installed": statistics.median(portable),
            "checkout": statistics.median(native),
            "in": "tokens/s",
        },
    )


def _say(text: str) -> None:
    print(f"installed: {text}", file=sys.stderr)
