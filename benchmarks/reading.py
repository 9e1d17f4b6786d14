"""Reading documents: pages a second beside pypdfium2's own, and the memory of the process."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pypdfium2

from benchmarks.figures import Figure, ratio_of_medians
from desktop.documents.parts import Block
from desktop.documents.reader import draw_page, read_document
from tests.document_factory import write_pdf

PAGES: Final = 1_000
LOG_BYTES: Final = 50_000_000
RUNS: Final = 5
_LOOK_EVERY: Final = 200
_MEGABYTE: Final = 1_000_000
_WORDS: Final = (
    "harbour", "ship", "wall", "storm", "keeper", "lighthouse", "log", "tide", "coast", "railway",
)  # fmt: skip


def measure() -> Iterator[Figure]:
    """Yield the figures of reading."""
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder) / "annals.pdf")
        yield _speed(path)
        yield _memory(f"memory of the process that reads {PAGES:,} pages", path, 160)
        log = Path(folder) / "log.txt"
        line = "2026-11-23 10:00:00 the keeper wrote a line into the log of the harbour\n"
        log.write_text((line * 12 + "\n") * (LOG_BYTES // (12 * len(line) + 1)))
        yield _memory(f"memory of the process that reads a text of {LOG_BYTES:,} bytes", log, 400)
        yield _drawing(path)


def _speed(path: Path) -> Figure:
    """Interleave ours, its process included, with the bare library."""
    ours, bare = [], []
    for _ in range(RUNS):
        bare.append(PAGES / _seconds_bare(path))
        ours.append(PAGES / _seconds_read(path))
    return Figure(
        name="pages read a second ÷ pypdfium2's own text",
        value=ratio_of_medians(ours, bare),
        reach=0.5,
        better="higher",
        runs=tuple(mine / theirs for mine, theirs in zip(ours, bare, strict=True)),
        detail={
            "pages/s": round(statistics.median(ours)),
            "pypdfium2": round(statistics.median(bare)),
        },
    )


def _memory(name: str, path: Path, reach: float) -> Figure:
    before = {child.pid for child in psutil.Process().children()}
    most, characters = 0, 0
    for number, part in enumerate(read_document(path)):
        characters += len(part.text) if isinstance(part, Block) else 0
        if number % _LOOK_EVERY == 0:
            readers = (c for c in psutil.Process().children() if c.pid not in before)
            most = max(most, *(_peak(child) for child in readers), 0)
    return Figure(
        name=name,
        value=most / _MEGABYTE,
        reach=reach,
        better="lower",
        unit="MB",
        detail={"characters": characters},
    )


def _drawing(path: Path) -> Figure:
    seconds = []
    for page in range(1, RUNS + 1):
        began = time.perf_counter()
        draw_page(path, page, 900)
        seconds.append(time.perf_counter() - began)
    return Figure(
        name="a page drawn for a source, its process included",
        value=statistics.median(seconds) * 1000,
        reach=500,
        better="lower",
        unit="ms",
        runs=tuple(each * 1000 for each in seconds),
    )


def _peak(process: psutil.Process) -> int:
    """Return the most memory a process has had, in bytes; what it has now where that isn't told."""
    status = Path(f"/proc/{process.pid}/status")
    if os.name == "posix" and status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)


def _seconds_read(path: Path) -> float:
    began = time.perf_counter()
    for _ in read_document(path):
        pass
    return time.perf_counter() - began


def _seconds_bare(path: Path) -> float:
    began = time.perf_counter()
    document = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        text.get_text_range()
        text.close()
        page.close()
    document.close()
    return time.perf_counter() - began


def _write(path: Path) -> Path:
    dice = random.Random(7)

    def sentence() -> str:
        return " ".join(dice.choices(_WORDS, k=12)).capitalize() + "."

    pages = [[" ".join(sentence() for _ in range(6)) for _ in range(6)] for _ in range(PAGES)]
    return write_pdf(path, pages, headings=[f"Chapter {number + 1}" for number in range(PAGES)])
