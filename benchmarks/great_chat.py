"""A chat of 100,000 messages: how it opens, scrolls, and takes changes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.display import screen
from benchmarks.figures import Figure, percentile
from benchmarks.long_chat import write_long_chat
from benchmarks.window import Order, window
from desktop.paths import Paths
from models.client import engine_command

MESSAGES: Final = 100_000
OPENINGS: Final = 9
STEPS: Final = 600
CHANGES: Final = ("pin", "edit", "walk", "delete")


def measure() -> Iterator[Figure]:
    """Open it again and again, watch it become whole, and scroll through it."""
    with screen() as environment, tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder))
        paths.create()
        small, great = (write_long_chat(paths.database, size) for size in (2, MESSAGES))
        with window(folder, environment, engine_command("fake")) as order:
            order("open", str(small))
            openings = []
            for _ in range(OPENINGS):
                openings.append(order("open", str(great))["seconds"] * 1000)
                order("open", str(small))
            yield _figure("opening", statistics.median(openings), 300, runs=tuple(openings))
            yield _opening_far_up(order, small, great)
            order("open", str(great))
            whole = order("whole")
            gaps = [gap * 1000 for gap in whole["gaps"]]
            detail = {"seconds": whole["seconds"], "messages": whole["messages"]}
            yield _figure(
                "gap of a 4 ms timer until it is whole: p99", percentile(gaps, 99), 16, **detail
            )
            frames = [frame * 1000 for frame in order("scroll", str(STEPS))["frames"]]
            detail = {"median": statistics.median(frames), "worst": max(frames)}
            yield _figure("a frame of scrolling: p99", percentile(frames, 99), 16, **detail)
            yield _changing(order)


def _changing(order: Order) -> Figure:
    """Pin, edit, walk to another version and delete; each has to be shown as soon as it is done."""
    worst, detail = [], {}
    for how in CHANGES:
        order("whole")
        done = order("change", how)
        worst.append(1000 * max(done["gaps"]))
        detail[f"{how}: s until shown"] = done["seconds"]
        detail[f"{how}: ms"] = worst[-1]
    return _figure("the longest gap of a 4 ms timer at a change", max(worst), 50, **detail)


def _opening_far_up(order: Order, small: int, great: int) -> Figure:
    """Open it where a search's hit leads to: at a message of its beginning."""
    took = []
    for _ in range(OPENINGS):
        # Ids rise along the path, and its first message came right after the small chat's.
        took.append(order("open", str(great), str(MESSAGES // 10))["seconds"] * 1000)
        order("open", str(small))
    return _figure("opening far up", statistics.median(took), 300, runs=tuple(took))


def _figure(
    what: str, value: float, reach: float, runs: tuple[float, ...] = (), **detail: float
) -> Figure:
    return Figure(
        name=f"a chat of {MESSAGES:,} messages, {what}",
        value=value,
        reach=reach,
        better="lower",
        unit="ms",
        runs=runs,
        detail=detail,
    )
