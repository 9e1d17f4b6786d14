"""What the engine process asks of an inference engine: the seam between worker and llama.cpp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from models.cancellation import Cancellation
from models.protocol import (
    Embed,
    Embedded,
    Event,
    Generate,
    StateRequest,
    StatesDone,
    TokenCount,
)
from models.records import (
    Countable,
    Device,
    LoadOptions,
    ModelInfo,
    Sampling,
    StateHome,
    Versions,
)

Emit = Callable[[Event], None]
"""Sends an event to the application; safe to call from any thread."""


class Engine(Protocol):
    """An engine; all but ``count_tokens`` and ``foresee`` run on the one llama thread.

    Every method may raise ``EngineError``, which the worker turns into Failed.
    """

    versions: Versions

    def load(
        self, options: LoadOptions, progress: Callable[[float], None], cancelled: Cancellation
    ) -> ModelInfo:
        """Load a model in place of the loaded one; ``progress`` gets fractions of 1."""

    def submit(self, request: Generate, cancelled: Cancellation) -> None:
        """Take a job in; ``step`` carries it on."""

    def step(self, emit: Emit) -> bool:
        """Decode one batch for the jobs in hand and emit what came of it.

        Return whether any job is left. Every submitted job ends in exactly one terminal event.
        """

    def resample(self, job_id: int, sampling: Sampling) -> None:
        """Use this chain for the job from its next token on."""

    def count_tokens(self, job_id: int, prompt: Countable) -> TokenCount:
        """Count on the vocabulary alone; called on a thread of its own."""

    def embed(self, request: Embed, cancelled: Cancellation) -> Embedded:
        """Return a vector for each text."""

    def keep_states(self, request: StateRequest) -> StatesDone:
        """Move what the KV cache holds of chats to their files or back, or forget it.

        Without a model there is nothing to move. ``unload`` and ``load`` save it by themselves.
        """

    def foresee(self, home: StateHome) -> None:
        """Know that a chat is about to be restored; called on any thread, and returns at once."""

    def devices(self) -> tuple[Device, ...]:
        """List the devices."""

    def unload(self) -> None:
        """Free the model."""

    def cached_tokens(self) -> int:
        """Return how many tokens the KV cache holds."""
