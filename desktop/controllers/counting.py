"""Tokens of texts, counted by the loaded model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject

from desktop.engine.client import EngineClient
from models.protocol import Cancelled, Event, Failed, JobId, TokenCount
from models.records import Countable, Problem, Prompt, Texts
from models.wording import tr

_BATCH_BYTES = 24 * 1024
"""Of texts that are counted at once: the draft that is being typed is counted in between."""

Counted = Callable[[list[int]], object]
NotCounted = Callable[[Problem], object]


@dataclass
class _Order:
    waiting: list[Sequence[str]]
    done: Counted
    failed: NotCounted
    counts: list[int] = field(default_factory=list)


class TokenCounter(QObject):
    """Asks the engine for counts and hands each to whom it is for."""

    def __init__(self, engine: EngineClient) -> None:
        super().__init__()
        self._engine = engine
        self._orders: dict[JobId, _Order] = {}
        self._prompts: dict[JobId, tuple[Callable[[TokenCount], object], NotCounted]] = {}
        engine.event_received.connect(self._on_event)

    def count(self, texts: Sequence[str], done: Counted, failed: NotCounted) -> None:
        """Give ``done`` the tokens of each text, or ``failed`` why they can't be counted."""
        self._go_on(_Order(_batches(texts), done, failed))

    def count_prompt(
        self, prompt: Prompt, done: Callable[[int], object], failed: NotCounted
    ) -> None:
        """Give ``done`` the tokens of a prompt with all that its template adds."""
        self.count_turns(prompt, lambda count: done(count.total), failed)

    def count_turns(
        self, prompt: Prompt, done: Callable[[TokenCount], object], failed: NotCounted
    ) -> None:
        """Give ``done`` the tokens of a prompt turn by turn."""
        self._prompts[self._ask(prompt)] = (done, failed)

    def _ask(self, what: Countable) -> JobId:
        return self._engine.count_tokens(what)

    def _go_on(self, order: _Order) -> None:
        if order.waiting:
            job_id = self._ask(Texts(texts=tuple(order.waiting.pop(0))))
            self._orders[job_id] = order
        else:
            order.done(order.counts)

    def _on_event(self, event: Event) -> None:
        match event:
            case TokenCount(job_id=job_id) if job_id in self._orders:
                order = self._orders.pop(job_id)
                order.counts += event.per_turn
                self._go_on(order)
            case TokenCount(job_id=job_id) if job_id in self._prompts:
                done, _ = self._prompts.pop(job_id)
                done(event)
            case Failed(job_id=job_id):
                self._fail(job_id, event.problem)
            case Cancelled(job_id=job_id):
                self._fail(job_id, Problem(code="cancelled", title=tr("The count was cancelled.")))

    def _fail(self, job_id: JobId, problem: Problem) -> None:
        if (order := self._orders.pop(job_id, None)) is not None:
            order.failed(problem)
        elif (prompt := self._prompts.pop(job_id, None)) is not None:
            prompt[1](problem)


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    batches: list[Sequence[str]] = []
    start = size = 0
    for number, text in enumerate(texts):
        if number > start and size + len(text) > _BATCH_BYTES:
            batches.append(texts[start:number])
            start, size = number, 0
        size += len(text)
    return [*batches, texts[start:]] if texts else []
