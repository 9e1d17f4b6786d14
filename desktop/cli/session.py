"""An engine for one command: loads a model, completes prompts, and heeds Ctrl-C.

The client's reader thread queues the events; the main thread takes them off. Ctrl-C is only
counted, and looked at in between, so that no event is lost in an exception.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Final, Self

from desktop.cli.interrupts import Interrupts
from desktop.cli.terminal import StatusLine, trouble_of
from desktop.paths import Paths
from models.client import EngineClient
from models.protocol import (
    TERMINAL_EVENTS,
    Cancelled,
    Device,
    Devices,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    LoadOptions,
    LoadProgress,
    ModelInfo,
    PrefillProgress,
    Prompt,
    Ready,
    Sampling,
    TerminalEvent,
    Tokens,
    Versions,
)

_TICK_S: Final = 0.1
"""How long Ctrl-C and checkpoints may have to wait while the engine is silent."""

Outcome = Finished | Cancelled | Failed
OnEvent = Callable[[Event], None]


class EngineSession:
    """The engine process as a command drives it: one job after the other, blocking.

    ``versions`` are the engine's own, known once a job has been answered. ``command`` starts
    another engine process than the application's own.
    """

    def __init__(self, paths: Paths, command: Sequence[str] | None = None) -> None:
        self.versions: Versions | None = None
        self.interrupts = Interrupts()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put, command=command, log_path=paths.engine_log)
        self._status = StatusLine()

    def load(self, options: LoadOptions, name: str) -> ModelInfo:
        """Load a model. Raises UserError, and KeyboardInterrupt on Ctrl-C."""

        def show(event: Event) -> None:
            if isinstance(event, LoadProgress):
                self._status.show(f"Loading {name} … {event.fraction:.0%}")

        self._status.show(f"Loading {name} …")
        match self._wait(self._client.load(options), show):
            case Loaded(model=model):
                return model
            case Failed(problem=problem):
                raise trouble_of(problem)
            case _:
                raise KeyboardInterrupt

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that llama.cpp sees. Raises UserError."""
        match self._wait(self._client.list_devices(), lambda _: None):
            case Devices(devices=devices):
                return devices
            case Failed(problem=problem):
                raise trouble_of(problem)
            case _:
                raise KeyboardInterrupt

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        max_tokens: int,
        stop: tuple[str, ...],
        *,
        on_tokens: Callable[[Tokens], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Complete a prompt and return how it ended; Ctrl-C cancels it.

        ``on_tick`` is called several times a second. A second Ctrl-C raises KeyboardInterrupt.
        """

        def show(event: Event) -> None:
            if isinstance(event, PrefillProgress) and event.done < event.total:
                self._status.show(f"Reading the prompt: {event.done} of {event.total} tokens")
            elif isinstance(event, Tokens):
                self._status.clear()
                on_tokens(event)

        job_id = self._client.generate(prompt, sampling, max_tokens, stop)
        outcome = self._wait(job_id, show, on_tick)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"a generation ended as {type(outcome).__name__}")
        return outcome

    def close(self) -> None:
        """End the engine process."""
        self._client.close()

    def __enter__(self) -> Self:
        self.interrupts.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.interrupts.__exit__()

    def _wait(
        self, job_id: JobId, on_event: OnEvent, on_tick: Callable[[], None] = lambda: None
    ) -> TerminalEvent:
        """Hand on the job's events up to its terminal one, and return that."""
        is_cancelled = False
        try:
            while True:
                if self.interrupts.count > 1:
                    raise KeyboardInterrupt
                if self.interrupts.count and not is_cancelled:
                    self._client.cancel(job_id)
                    is_cancelled = True
                event = self._next()
                on_tick()
                if event is None or getattr(event, "job_id", None) != job_id:
                    continue
                if isinstance(event, TERMINAL_EVENTS):
                    return event
                on_event(event)
        finally:
            self._status.clear()

    def _next(self) -> Event | None:
        try:
            event = self._events.get(timeout=_TICK_S)
        except queue.Empty:
            return None
        if isinstance(event, Ready):
            self.versions = event.versions
        return event
