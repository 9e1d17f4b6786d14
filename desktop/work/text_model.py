"""A model at work on many short prompts: several side by side in one batch.

It has an engine process of its own, so that the chat goes on beside it, and its death ends nothing
but the prompts at hand. The weights are the same file, mapped once for both.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from desktop.domain.errors import UserError
from desktop.work.engine_jobs import TICK_S, batches, load_progress, trouble_of, wait_for
from desktop.work.intake import CancelledError
from desktop.work.prompts import prompt_for
from models.client import EngineClient
from models.protocol import (
    TERMINAL_EVENTS,
    Cancelled,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    TerminalEvent,
    TokenCount,
    Tokens,
)
from models.records import (
    ChatPrompt,
    Countable,
    LoadOptions,
    ModelInfo,
    ModelKind,
    Sampling,
    Texts,
)
from models.wording import tr

COUNTED_LETTERS: Final = 24 * 1024
"""Of texts that are counted at once: a millisecond or so, so that a cancel is soon heard."""
_AHEAD: Final = 2
"""Prompts that wait in the engine for each that runs, so that no slot stands idle."""
SEQUENCES: Final = 4
CONTEXT_SIZE: Final = 4096
"""For each section and its reply: small models read short sections more faithfully."""


def document_load_options(
    options: LoadOptions, *, sequences: int = SEQUENCES, context_size: int = 0
) -> LoadOptions:
    """Return how a model that chats is loaded for work on documents: several sections at once.

    ``context_size`` is in tokens per sequence; 0 takes as many as serve well, and no more than the
    chat has, which is what the person's memory is thought to bear.
    """
    return msgspec.structs.replace(
        options,
        sequences=sequences,
        context_size=context_size or min(options.context_size or CONTEXT_SIZE, CONTEXT_SIZE),
    )


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a prompt. ``failure`` is why there is no text, empty otherwise."""

    text: str = ""
    failure: str = ""
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


class TextModel:
    """Completes prompts and counts tokens, blocking. One thread uses it; ``close`` ends it."""

    def __init__(
        self, options: LoadOptions, log_path: Path, command: Sequence[str] | None = None
    ) -> None:
        self._options = options
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put, command=command, log_path=log_path)
        self.info: ModelInfo | None = None

    @property
    def sequences(self) -> int:
        """Return how many prompts run side by side."""
        return self._options.sequences

    @property
    def kind(self) -> ModelKind:
        """Return what the model is for: one that chats, until it is loaded."""
        return self.info.kind if self.info else "chat"

    @property
    def context_size(self) -> int:
        """Return the tokens that a prompt and its reply may have together."""
        return self.info.context_size if self.info else self._options.context_size

    def load(
        self,
        on_progress: Callable[[float], None] = lambda _fraction: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> ModelInfo:
        """Load the model. Raises UserError and CancelledError."""
        loading = self._client.load(self._options)
        match self._wait(loading, cancelled, load_progress(on_progress)):
            case Loaded(model=info) if info.kind == "embedding":
                raise UserError(
                    tr(
                        "{name} is an embedding model: it turns texts into numbers and writes "
                        "nothing.",
                        name=info.name,
                    ),
                    tr("It serves the search in documents. Choose another model to work on them."),
                )
            case Loaded(model=info):
                self.info = info
                return info
            case ended:
                raise trouble_of(ended)

    def count(
        self, texts: Sequence[str], cancelled: Callable[[], bool] = lambda: False
    ) -> list[int]:
        """Return the tokens of each text. Raises UserError and CancelledError."""
        counts: list[int] = []
        for batch in batches(texts, COUNTED_LETTERS):
            counts += self._count(Texts(texts=tuple(batch)), cancelled).per_turn
        return counts

    def count_prompt(
        self, prompt: ChatPrompt, cancelled: Callable[[], bool] = lambda: False
    ) -> int:
        """Return the tokens of a prompt, the template's own with it. Raises UserError."""
        return self._count(prompt_for(self.kind, prompt), cancelled).total

    def complete(
        self,
        prompts: Sequence[ChatPrompt],
        max_tokens: Sequence[int],
        sampling: Sampling,
        *,
        stop: Sequence[str] = (),
        schemas: Sequence[str] | str = "",
        on_text: Callable[[int, str], None] = lambda _number, _text: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[int, Completion]]:
        """Yield what became of each prompt, by its number, in the order in which they end.

        ``schemas`` are JSON schemas that the replies are held to, one for each prompt or one for
        all. ``on_text`` hears of text as it is written. Raises CancelledError, with every prompt
        that runs cancelled.
        """
        if isinstance(schemas, str):
            schemas = [schemas] * len(prompts)
        waiting = list(enumerate(prompts))[::-1]
        running: dict[JobId, _Run] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self.sequences * (1 + _AHEAD):
                    number, prompt = waiting.pop()
                    job_id = self._client.generate(
                        prompt_for(self.kind, prompt),
                        sampling,
                        max_tokens[number],
                        stop,
                        schemas[number],
                    )
                    running[job_id] = _Run(number)
                ended = self._take(running, on_text)
                if cancelled():
                    raise CancelledError
                if ended is not None:
                    yield ended
        finally:
            for job_id in running:
                self._client.cancel(job_id)

    def close(self) -> None:
        """End the engine process."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count(self, what: Countable, cancelled: Callable[[], bool]) -> TokenCount:
        match self._wait(self._client.count_tokens(what), cancelled):
            case TokenCount() as count:
                return count
            case ended:
                raise trouble_of(ended)

    def _wait(
        self,
        job_id: JobId,
        cancelled: Callable[[], bool],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> TerminalEvent:
        return wait_for(job_id, self._next, self._client.cancel, cancelled, on_event)

    def _take(
        self, running: dict[JobId, _Run], on_text: Callable[[int, str], None]
    ) -> tuple[int, Completion] | None:
        event = self._next()
        job_id = getattr(event, "job_id", None)
        if job_id not in running:
            return None
        run = running[job_id]
        if isinstance(event, Tokens):
            run.text += event.text
            on_text(run.number, run.text)
        if not isinstance(event, TERMINAL_EVENTS):
            return None
        del running[job_id]
        return run.number, run.outcome(event)

    def _next(self) -> Event | None:
        try:
            return self._events.get(timeout=TICK_S)
        except queue.Empty:
            return None


class _Run:
    """A prompt that the engine has."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.text = ""
        self._began = time.monotonic()

    def outcome(self, event: TerminalEvent) -> Completion:
        seconds = time.monotonic() - self._began
        match event:
            case Finished(reason=reason, report=report):
                return Completion(
                    text=self.text,
                    finish_reason=reason,
                    tokens_in=report.prompt_tokens,
                    tokens_out=report.completion_tokens,
                    seconds=seconds,
                )
            case Failed(problem=problem):
                return Completion(failure=f"{problem.title} {problem.hint}", seconds=seconds)
            case Cancelled():
                return Completion(failure=tr("It was cancelled."), seconds=seconds)
            case _:
                raise TypeError(f"a generation ended as {type(event).__name__}")
