"""The engine as its users meet it: through the client and the pipe, timed on this side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from models.client import EngineClient
from models.library.embedded import embedded_model
from models.protocol import Cancelled, Event, Failed, Finished, Loaded, Tokens
from models.records import LoadOptions, ModelInfo, Prompt, Report, Sampling, TokenPrompt

E = TypeVar("E", bound=Event)

PASSAGE = (
    "The tide is the rise and fall of the sea under the pull of the moon and the sun. Where a bay "
    "narrows towards its head the water has nowhere to go but up, and a range of two metres at the "
    "mouth becomes ten at the quay. Fishermen learn the tables by heart, and the harbour master "
    "chalks the hour of high water on a board beside the steps. "
)


@dataclass(frozen=True)
class EngineRun:
    """One completion: seconds as the client's user saw them, and the engine's own report."""

    prefill_s: float
    decode_s: float
    token_ids: tuple[int, ...]
    report: Report

    @property
    def decode_rate(self) -> float:
        """Return tokens per second after the first event, as seen at the client."""
        return (len(self.token_ids) - 1) / self.decode_s


class EngineSide:
    """An engine process with a loaded model."""

    def __init__(self, options: LoadOptions, command: Sequence[str] | None = None) -> None:
        self.client = EngineClient(command=command)
        self.model: ModelInfo = _last(self.client, self.client.load(options), Loaded).model

    def complete(
        self, prompt: Prompt, max_tokens: int, sampling: Sampling, stop: tuple[str, ...] = ()
    ) -> EngineRun:
        """Run one completion to its end."""
        started = time.perf_counter()
        first = 0.0
        ids: list[int] = []
        job = self.client.generate(prompt, sampling, max_tokens, stop)
        for event in self.client.events(job):
            match event:
                case Tokens():
                    first = first or time.perf_counter()
                    ids.extend(event.token_ids)
                case Finished():
                    ended = time.perf_counter()
                    return EngineRun(first - started, ended - first, tuple(ids), event.report)
                case Failed() | Cancelled():
                    raise RuntimeError(str(event))
        raise RuntimeError("the job ended without an event")

    def close(self) -> None:
        """End the process."""
        self.client.close()


@contextmanager
def engine(command: Sequence[str] | None = None, **options: object) -> Iterator[EngineSide]:
    """Open an engine on the embedded model; ``options`` are LoadOptions' fields.

    ``command`` starts the process of another Snug than this one.
    """
    loading = msgspec.structs.replace(LoadOptions(path=str(embedded_model())), **options)
    side = EngineSide(loading, command)
    try:
        yield side
    finally:
        side.close()


def cold_prompt(ids: list[int], length: int, run: int) -> TokenPrompt:
    """Return ``length`` ids of which no earlier run's cache can serve any."""
    return TokenPrompt(token_ids=(ids[run % len(ids)] + 1 + run, *ids)[:length])


def _last(client: EngineClient, job: int, kind: type[E]) -> E:
    event = list(client.events(job))[-1]
    if not isinstance(event, kind):
        raise RuntimeError(str(event))  # noqa: TRY004 - a failed job, not a wrong argument
    return event
