"""Very long replies: how long the window is away while they come, and how it scrolls them.

The fake engine gives each text back as its reply, so that nothing but the window is measured.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.display import screen
from benchmarks.figures import Figure, percentile
from benchmarks.window import window
from desktop.paths import Paths
from models.client import engine_command

REPLY_BYTES: Final = 100_000
TABLE_ROWS: Final = 2_000
TURNS: Final = 200
SETTINGS: Final = {"context_size": 262_144, "max_tokens": 200_000, "temperature": 0.0}
_ENGINE: Final = ("--tokens-per-second", "4000")
_PARAGRAPH: Final = (
    "## Part {number}\n\nThe *bay* narrows, the water **rises**, and `range({number})` is what the"
    " tables say of it. " + "Fishermen learn them by heart, whatever the harbour master says. " * 5
)
_FIRST: Final = "# A *first* reply\n\n```python\nx = 1\n```\n\n| A | B |\n|---|---|\n| 1 | 2 |"
_LINE: Final = "    height[{number}] = range_of_tide({number}, place='Saint-Malo')  # in metres\n"


def measure() -> Iterator[Figure]:
    """Measure each kind of text: while it is written, and when it is scrolled."""
    with screen() as environment:
        for what, text in _texts().items():
            with tempfile.TemporaryDirectory() as folder:
                Paths(Path(folder)).create()
                with window(folder, environment, engine_command("fake", *_ENGINE)) as order:
                    order("set", json.dumps(SETTINGS))
                    # What a window loads with its first reply is measured with its start.
                    order("send", _FIRST)
                    answer = order("send", text)
                    if answer["state"] != "complete":
                        raise RuntimeError(f"the reply failed: {answer['problem']}")
                    yield _worst(f"{what}: worst gap of a 4 ms timer", answer["gaps"])
                    frames = order("scroll", str(TURNS))["frames"]
                    yield _worst(f"{what}: longest frame of scrolling", frames)


def _texts() -> dict[str, str]:
    paragraphs = "\n\n".join(_PARAGRAPH.format(number=number) for number in range(1_000))
    rows = (f"| {number} | place **{number}** | {number / 7:.3f} |" for number in range(TABLE_ROWS))
    table = "\n".join(("| Number | Place | Height |", "|---:|---|---:|", *rows))
    code = "".join(_LINE.format(number=number) for number in range(5_000))
    return {
        "reply of 100 KB": paragraphs[:REPLY_BYTES],
        "thought of 100 KB": f"<think>\n{paragraphs[:REPLY_BYTES]}\n</think>\n\nSo it is.",
        "code of 100 KB": f"```python\n{code[:REPLY_BYTES]}\n```",
        "table of 2,000 rows": table,
    }


def _worst(name: str, seconds: list[float]) -> Figure:
    spans = [each * 1000 for each in seconds]
    common: dict[str, Any] = {"better": "lower", "unit": "ms", "reach": 50}
    detail = {
        "ticks": len(spans),
        "median": statistics.median(spans),
        "p99": percentile(spans, 99),
    }
    return Figure(name=name, value=max(spans), detail=detail, **common)
