"""The real engine on the embedded model, driven step by step in the test's own process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from models.cancellation import Cancellation
from models.library.embedded import embedded_model
from models.llama.engine import LlamaEngine
from models.protocol import Cancelled, Event, Failed, Finished, Generate, Tokens
from models.records import (
    ChatPrompt,
    LoadOptions,
    ModelInfo,
    Prompt,
    Report,
    Sampling,
    StateHome,
    Turn,
)

GREEDY = Sampling(temperature=0)


class Reply:
    """What became of one job."""

    def __init__(self, events: Sequence[Event], job_id: int = 1) -> None:
        self.events = [event for event in events if getattr(event, "job_id", None) == job_id]
        parts = [event for event in self.events if isinstance(event, Tokens)]
        self.text = "".join(part.text for part in parts)
        self.ids = [token for part in parts for token in part.token_ids]
        self.end = self.events[-1]

    @property
    def report(self) -> Report:
        assert isinstance(self.end, Finished | Cancelled)
        assert self.end.report is not None
        return self.end.report

    @property
    def reason(self) -> str:
        assert isinstance(self.end, Finished), self.end
        return self.end.reason

    @property
    def problem_code(self) -> str:
        assert isinstance(self.end, Failed), self.end
        return self.end.problem.code


class EngineInHand:
    """A loaded engine; greedy where a test doesn't say otherwise."""

    def __init__(self, **options: Any) -> None:
        self.engine = LlamaEngine()
        self.options = LoadOptions(
            **{"path": str(embedded_model()), "context_size": 2048, "threads": 2, **options}
        )
        try:
            self.info: ModelInfo = self.engine.load(
                self.options, lambda _fraction: None, Cancellation()
            )
        except BaseException:
            self.engine.close()
            raise
        self.jobs = 0

    def submit(
        self,
        prompt: Prompt,
        sampling: Sampling = GREEDY,
        max_tokens: int = 16,
        stop: tuple[str, ...] = (),
        *,
        switch: Cancellation | None = None,
        schema: str = "",
        home: StateHome | None = None,
    ) -> int:
        self.jobs += 1
        request = Generate(
            job_id=self.jobs,
            prompt=prompt,
            sampling=sampling,
            max_tokens=max_tokens,
            stop=stop,
            schema=schema,
            home=home,
        )
        self.engine.submit(request, Cancellation() if switch is None else switch)
        return self.jobs

    def run(self, on_event: Callable[[Event], None] = lambda _event: None) -> list[Event]:
        events: list[Event] = []

        def emit(event: Event) -> None:
            events.append(event)
            on_event(event)

        while self.engine.step(emit):
            pass
        return events

    def reply(self, prompt: Prompt, sampling: Sampling = GREEDY, **how: Any) -> Reply:
        on_event = how.pop("on_event", lambda _event: None)
        job_id = self.submit(prompt, sampling, **how)
        return Reply(self.run(on_event), job_id)

    def encode(self, prompt: Prompt) -> list[int]:
        assert self.engine._model is not None
        return self.engine._model._encoder.encode(prompt).token_ids

    def forget(self) -> None:
        """Empty the KV cache and its record."""
        assert self.engine._model is not None
        for slot in self.engine._model.scheduler._slots:
            slot.truncate(0)


def user(text: str) -> Turn:
    return Turn(role="user", text=text)


def chat(*turns: Turn) -> ChatPrompt:
    return ChatPrompt(turns=turns)
