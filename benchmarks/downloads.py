"""Downloads that are cut at random bytes, and such that arrive with wrong bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from tests.downloading import fetch_corrupted, fetch_through_cuts

CUTS = 500
CORRUPTED = 100


def measure() -> Iterator[Figure]:
    """Cut, corrupt, and compare every file that was accepted with what the hub has."""
    with tempfile.TemporaryDirectory(prefix="snug-downloads-") as folder:
        started = time.perf_counter()
        cut = fetch_through_cuts(Path(folder), CUTS, seed=1)
        seconds = time.perf_counter() - started
        corrupted = fetch_corrupted(Path(folder), CORRUPTED, seed=2)
    yield Figure(
        name="bad files accepted from cut and corrupted downloads",
        value=cut.bad_files + corrupted.bad_files,
        reach=0,
        better="lower",
        unit="files",
        detail={
            "cuts": cut.cuts,
            "corrupted": corrupted.cuts,
            "that ended otherwise than they should": cut.unfinished + corrupted.unfinished,
        },
    )
    yield Figure(
        name="bytes sent twice to resumed downloads",
        value=100 * cut.twice,
        reach=5,
        better="lower",
        unit="%",
        detail={"cuts": cut.cuts, "MB wanted": cut.wanted_bytes / 1e6, "seconds": seconds},
    )
