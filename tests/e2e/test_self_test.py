"""The installed program's test of itself, from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys

WITHOUT_MODEL = """
import sys
from models.library import embedded
embedded._EMBEDDED_FILE = "none.gguf"
from desktop.__main__ import main
sys.argv = ["snug", "--self-test"]
sys.exit(main())
"""


def self_test(*command: str) -> tuple[int, dict[str, str]]:
    """Run it; return its status and what its table says of each part."""
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert not done.stderr
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    return done.returncode, {row[0].strip(): next(filter(None, row[1:])).strip() for row in rows}


def test_every_part_works() -> None:
    status, words = self_test("-m", "desktop", "--self-test")
    assert status == 0
    assert set(words.values()) == {"ok"}
    assert {"window", "model", "answer", "code", "math", "database", "document .pdf"} <= set(words)


def test_without_a_model_the_rest_is_tried() -> None:
    status, words = self_test("-c", WITHOUT_MODEL)
    assert status == 0
    left_out = {name for name, word in words.items() if word == "left out"}
    assert left_out == {"model", "answer"}
    assert words["database"] == "ok"


def test_a_part_that_fails_is_told() -> None:
    broken = WITHOUT_MODEL.replace(
        "sys.argv", "import desktop.self_test as t; t._SENTENCE = 'Not in any sample.'\nsys.argv"
    )
    status, words = self_test("-c", broken)
    assert status == 1
    assert words["document .txt"] == "FAILED"
