"""Who says whether a load will fit, and remembers the files that kill the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from models.estimate.records import Judgement, MemoryEstimate
from models.records import DeviceMemory, LoadOptions, ModelInfo, Report


class LoadJudge(Protocol):
    """What a load plan's driver asks before a load and after a death. Each call may block."""

    def judge(self, options: LoadOptions) -> Judgement:
        """Judge a load. Raises EngineError: the file is no model, is damaged, is quarantined."""

    def learn(self, options: LoadOptions, model: ModelInfo, report: Report) -> None:
        """Take in how fast a reply was."""

    def note_death(self, path: str) -> bool:
        """Remember that a file has killed the engine; return whether it is quarantined now."""

    def release(self, path: str) -> None:
        """Take a file out of quarantine."""

    def close(self) -> None:
        """End what helped to judge."""


class LateJudge:
    """Asks a judge that is made when it is first needed, on the thread that needs it."""

    def __init__(self, make: Callable[[], LoadJudge]) -> None:
        self._make = make
        self._made: LoadJudge | None = None

    def judge(self, options: LoadOptions) -> Judgement:
        """Judge a load."""
        return self._real().judge(options)

    def learn(self, options: LoadOptions, model: ModelInfo, report: Report) -> None:
        """Take in how fast a reply was."""
        self._real().learn(options, model, report)

    def note_death(self, path: str) -> bool:
        """Remember that a file has killed the engine."""
        return self._real().note_death(path)

    def release(self, path: str) -> None:
        """Take a file out of quarantine."""
        self._real().release(path)

    def close(self) -> None:
        """End what helped to judge, if anything has."""
        if self._made is not None:
            self._made.close()

    def _real(self) -> LoadJudge:
        if self._made is None:
            self._made = self._make()
        return self._made


class TrustingJudge:
    """Lets everything load: for engines that play a script, whose models are no files.

    ``layers`` is how many of them it says go to a device.
    """

    def __init__(self, layers: int = 0, judgement: Judgement | None = None) -> None:
        self.deaths: list[str] = []
        self.released: list[str] = []
        self._layers = layers
        self._judgement = judgement

    def judge(self, options: LoadOptions) -> Judgement:
        """Say that it fits."""
        if self._judgement is not None:
            return self._judgement
        wanted = self._layers if options.gpu_layers < 0 else min(self._layers, options.gpu_layers)
        estimate = MemoryEstimate(
            memory=(DeviceMemory(device="CPU"),),
            layers=self._layers,
            offloaded_layers=wanted,
            context_size=options.context_size,
        )
        return Judgement(verdict="gpu" if wanted else "cpu", estimate=estimate, reason="It fits.")

    def learn(self, options: LoadOptions, model: ModelInfo, report: Report) -> None:
        """Do nothing."""

    def note_death(self, path: str) -> bool:
        """Keep the path."""
        self.deaths.append(path)
        return False

    def release(self, path: str) -> None:
        """Keep the path."""
        self.released.append(path)

    def close(self) -> None:
        """Do nothing."""
