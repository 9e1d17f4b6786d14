"""Hand hostile files to everything that meets a model file, and keep count of how it ends."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from models.estimate.judging import judge
from models.estimate.shape import shape_of_model
from models.hardware import measure_machine
from models.library.scan import describe, detail
from models.probe.client import Probe
from models.problems import EngineError
from models.records import LoadOptions
from tests.hostile import HostileFile

DEATHS: Final = "model_deadly"
HANGS: Final = "model_endless"
ACCEPTED: Final = "accepted"
TEMPLATE: Final = "template_failed"


@dataclass
class Trial:
    """How a lot of files ended.

    ``outcomes`` counts the probe's answers by code. ``broken`` names each file at which anything
    raised what it never should, and ``replaced`` each at which the probe's own process was another
    one than before. The slowest ones are in seconds, of computing where it is this process's look.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    slowest_probe: tuple[float, str] = (0.0, "")
    slowest_look: tuple[float, str] = (0.0, "")
    left_over: int = 0
    """Processes that were still there at the end, other than the probe's own."""
    grown_bytes: int = 0
    """What this process grew by, after the first fifty files."""

    @property
    def files(self) -> int:
        """Return how many files there were."""
        return self.outcomes.total()


def try_all(files: Iterable[HostileFile], probe: Probe, folder: Path) -> Trial:
    """Look at each file as the window's process does, then have the probe load it."""
    trial = Trial()
    own = psutil.Process()
    others = {child.pid for child in own.children(recursive=True)}
    path = folder / "hostile.gguf"
    probe.devices()
    pid, before = probe.pid, 0
    for file in files:
        path.write_bytes(file.content)
        trial.slowest_look = max(trial.slowest_look, (_timed(look, path, file, trial), file.name))
        began = time.perf_counter()
        trial.outcomes[_outcome(probe, path, file, trial)] += 1
        trial.slowest_probe = max(trial.slowest_probe, (time.perf_counter() - began, file.name))
        if probe.pid != pid:
            trial.replaced.append(file.name)
            pid = probe.pid
        if trial.files == 50:
            before = own.memory_info().rss
    trial.grown_bytes = own.memory_info().rss - before if before else 0
    # Templates are rendered in a process that takes a moment to notice its parent's end.
    _, alive = psutil.wait_procs(
        [child for child in own.children(recursive=True) if child.pid not in {pid, *others}],
        timeout=5,
    )
    trial.left_over = len(alive)
    return trial


def look(path: Path) -> None:
    """Do all that the application's own process does with a model file. Raises EngineError."""
    entry = describe(path)
    if entry.problem is None:
        detail(entry)
    shape = shape_of_model(path)
    for layers in (0, -1):
        judge(shape, LoadOptions(path=os.fspath(path), gpu_layers=layers), measure_machine(()))


def _timed(action: Callable[[Path], None], path: Path, file: HostileFile, trial: Trial) -> float:
    began = time.process_time()
    try:
        action(path)
    except EngineError:
        pass
    except Exception as error:  # noqa: BLE001 - this is what the trial looks for
        trial.broken.append(f"{file.name}: {type(error).__name__}: {error}")
    return time.process_time() - began


def _outcome(probe: Probe, path: Path, file: HostileFile, trial: Trial) -> str:
    """Return the code of the probe's answer, which must be a sentence and what to do."""
    try:
        problem = probe.check(path)
    except EngineError as error:
        problem = error.problem
    except Exception as error:  # noqa: BLE001
        trial.broken.append(f"{file.name}: {type(error).__name__}: {error}")
        return "broken"
    if problem is None:
        return ACCEPTED
    if not (problem.title.endswith(".") and problem.hint.endswith(".")):
        trial.broken.append(f"{file.name}: says “{problem.title}”, “{problem.hint}”")
    return problem.code
