"""Hostile model files: whether anything that meets them dies, hangs, or fails without words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from models.client import EngineClient
from models.probe.client import Probe
from models.problems import EngineError
from models.protocol import Event, Failed
from models.records import LoadOptions, RawPrompt, Sampling
from tests.hostile import mutated
from tests.hostile_designs import structured
from tests.hostile_trial import ACCEPTED, DEATHS, HANGS, Trial, try_all

MUTATED: Final = 3000
STRUCTURED: Final = 400
LOADED: Final = 100
"""So many of the accepted files are loaded by a real engine too."""
_MIB: Final = 1 << 20
_WAIT_S: Final = 60


def measure() -> Iterator[Figure]:
    """Try all files with the probe, and some of those that it accepts with the engine."""
    probe = Probe()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, files in (("mutated", mutated(MUTATED)), ("structured", structured(STRUCTURED))):
            yield from _figures(kind, try_all(files, probe, folder))
        yield _engine_figure(probe, folder)
    probe.close()


def _figures(kind: str, trial: Trial) -> Iterator[Figure]:
    outcomes = trial.outcomes
    refused = trial.files - sum(outcomes[code] for code in (DEATHS, HANGS, ACCEPTED))
    broken = [*trial.broken, *(f"{name}: another process" for name in trial.replaced)]
    yield Figure(
        name=f"{trial.files} {kind} hostile files: harm outside of the forks",
        value=len(broken) + trial.left_over,
        reach=0,
        better="lower",
        unit="files",
        detail={
            "refused": refused,
            "accepted": outcomes[ACCEPTED],
            "deaths of the fork": outcomes[DEATHS],
            "hangs stopped": outcomes[HANGS],
            "processes left": trial.left_over,
            "broken": broken[:5],
        },
    )
    yield Figure(
        name=f"{kind} files: slowest answer of the probe",
        value=trial.slowest_probe[0],
        reach=20,
        better="lower",
        unit="s",
        detail={"file": trial.slowest_probe[1]},
    )
    yield Figure(
        name=f"{kind} files: slowest look of the window's process",
        value=trial.slowest_look[0],
        reach=1,
        better="lower",
        unit="s",
        detail={"file": trial.slowest_look[1]},
    )
    yield Figure(
        name=f"{kind} files: growth of the process that asks",
        value=trial.grown_bytes / _MIB,
        reach=16,
        better="lower",
        unit="MiB",
    )


def _engine_figure(probe: Probe, folder: Path) -> Figure:
    """Load accepted files with a real engine and let it write: the trial load should have died."""
    client = EngineClient(log_path=folder / "engine.log")
    path = folder / "accepted.gguf"
    ends: list[Event] = []
    try:
        for _ in islice(_accepted(probe, path), LOADED):
            options = LoadOptions(path=str(path), context_size=512, gpu_layers=0)
            jobs = (
                client.load(options),
                client.generate(RawPrompt(text="Hello"), Sampling(seed=1), 4),
            )
            ends += [list(client.events(job, _WAIT_S))[-1] for job in jobs]
    finally:
        client.close()
    codes = [end.problem.code for end in ends if isinstance(end, Failed)]
    return Figure(
        name=f"{LOADED} files that the probe accepts: deaths of the engine",
        value=codes.count("engine_died"),
        reach=0,
        better="lower",
        unit="deaths",
        detail={"jobs": len(ends), "refused": len(codes)},
    )


def _accepted(probe: Probe, path: Path) -> Iterator[None]:
    """Write one file after another that the probe accepts."""
    for file in mutated(MUTATED, seed=1):
        path.write_bytes(file.content)
        try:
            probe.check(path)
        except EngineError:
            continue
        yield
