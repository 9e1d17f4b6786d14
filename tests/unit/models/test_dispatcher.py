"""The order of jobs, on the fake engine, stepped by hand."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from models.dispatcher import Dispatcher
from models.fake_engine import FakeEngine
from models.fake_script import Script
from models.protocol import (
    TERMINAL_EVENTS,
    Accepted,
    Cancel,
    Cancelled,
    CountTokens,
    Event,
    Failed,
    Finished,
    Generate,
    ListDevices,
    Load,
    Loaded,
    LoadProgress,
    Resample,
    Stats,
    StatsReport,
    TerminalEvent,
    TokenCount,
    Tokens,
    Unload,
)
from models.records import LoadOptions, RawPrompt, Sampling


class Running:
    """A dispatcher on a thread of its own, with what it has said so far."""

    def __init__(self, script: Script) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.seen: list[Event] = []
        self.dispatcher = Dispatcher(self.events.put)
        self.accept = self.dispatcher.accept
        self._engine = FakeEngine(script)

    def start(self) -> None:
        run = self.dispatcher.run_forever
        threading.Thread(target=run, args=(self._engine,), daemon=True).start()

    def until(self, is_last: Callable[[Event], bool]) -> list[Event]:
        while True:
            event = self.events.get(timeout=20)
            self.seen.append(event)
            if is_last(event):
                return self.seen

    def until_ended(self, *job_ids: int) -> list[Event]:
        open_jobs = set(job_ids)

        def is_last(event: Event) -> bool:
            if isinstance(event, TERMINAL_EVENTS):
                open_jobs.discard(event.job_id)
            return not open_jobs

        return self.until(is_last)

    def ends(self) -> list[TerminalEvent]:
        return [event for event in self.seen if isinstance(event, TERMINAL_EVENTS)]

    def text_of(self, job_id: int) -> str:
        tokens = (event for event in self.seen if isinstance(event, Tokens))
        return "".join(event.text for event in tokens if event.job_id == job_id)


def running(*, started: bool = True, **script: object) -> Running:
    job = Running(Script(**script))  # type: ignore[arg-type]
    job.accept(load(1))
    if started:
        job.start()
    return job


def load(job_id: int, **options: int) -> Load:
    return Load(job_id=job_id, options=LoadOptions(path="fake.gguf", **options))  # type: ignore[arg-type]


def generate(job_id: int, text: str = "a b c", sampling: Sampling | None = None) -> Generate:
    return Generate(
        job_id=job_id, prompt=RawPrompt(text=text), sampling=sampling or Sampling(), max_tokens=99
    )


def test_loads_and_generations_keep_their_order() -> None:
    job = running(started=False)
    for request in (generate(2), load(3), generate(4), Unload(job_id=5), generate(6)):
        job.accept(request)
    job.start()
    job.until_ended(6)
    assert [event.job_id for event in job.ends()] == [1, 2, 3, 4, 5, 6]
    last = job.ends()[-1]
    assert isinstance(last, Failed)
    assert last.problem.code == "no_model"


def test_generations_run_side_by_side() -> None:
    job = Running(Script(tokens_per_second=200))
    job.accept(load(1, sequences=2))
    job.accept(generate(2, "a b c d"))
    job.accept(generate(3, "a b c d"))
    job.start()
    seen = job.until_ended(2, 3)
    order = [event.job_id for event in seen if isinstance(event, Tokens)]
    assert order[:4] == [2, 3, 2, 3]


def test_a_new_generation_joins_those_that_run() -> None:
    job = Running(Script(tokens_per_second=100))
    job.accept(load(1, sequences=2))
    job.accept(generate(2, "a " * 50))
    job.start()
    job.until(lambda event: isinstance(event, Tokens))
    job.accept(generate(3, "x"))
    job.until_ended(3)
    assert [event.job_id for event in job.ends()] == [1, 3]
    job.accept(Cancel(job_id=2))
    job.until_ended(2)


def test_small_questions_pass_what_waits() -> None:
    job = running(tokens_per_second=100)
    job.accept(generate(2, "a " * 50))
    job.until(lambda event: isinstance(event, Tokens))
    for request in (load(3), generate(4, "x"), Stats(job_id=5), ListDevices(job_id=6)):
        job.accept(request)
    job.accept(CountTokens(job_id=7, prompt=RawPrompt(text="a b")))
    job.until_ended(5, 6, 7)
    assert not {2, 3, 4} & {event.job_id for event in job.ends()}
    stats = next(event for event in job.seen if isinstance(event, StatsReport))
    assert stats.model_path == "fake.gguf"
    assert stats.memory_bytes > 0
    assert stats.queued_jobs >= 3
    count = next(event for event in job.seen if isinstance(event, TokenCount))
    assert count.total == 2
    job.accept(Cancel(job_id=2))
    job.until_ended(2, 3, 4)


def test_a_count_waits_for_the_first_model() -> None:
    job = running(load_s=0.1)
    job.accept(CountTokens(job_id=2, prompt=RawPrompt(text="a b")))
    job.until_ended(1, 2)
    assert [type(event) for event in job.ends()] == [Loaded, TokenCount]


def test_a_waiting_job_is_cancelled_at_once() -> None:
    job = running(started=False)
    job.accept(generate(2))
    job.accept(Cancel(job_id=2))
    accepted = [Accepted(job_id=1), Accepted(job_id=2)]
    assert [job.events.get(timeout=0) for _ in range(3)] == [*accepted, Cancelled(job_id=2)]
    job.start()
    job.accept(generate(3))
    job.until_ended(3)
    assert [event.job_id for event in job.ends()] == [1, 3]


def test_a_running_job_is_cancelled_with_a_report_and_the_others_go_on() -> None:
    job = Running(Script(tokens_per_second=200))
    job.accept(load(1, sequences=2))
    job.accept(generate(2, "a " * 500))
    job.accept(generate(3, "a b c"))
    job.start()
    job.until(lambda event: isinstance(event, Tokens))
    job.accept(Cancel(job_id=2))
    job.until_ended(2, 3)
    cancelled = next(event for event in job.ends() if event.job_id == 2)
    assert isinstance(cancelled, Cancelled)
    assert cancelled.report is not None
    assert cancelled.report.completion_tokens < 500
    assert job.text_of(3) == "a b c"


def test_a_load_is_cancelled() -> None:
    job = running(load_s=60)
    job.until(lambda event: isinstance(event, LoadProgress))
    job.accept(Cancel(job_id=1))
    job.until_ended(1)
    assert job.ends() == [Cancelled(job_id=1)]


def test_cancelling_what_has_ended_does_nothing() -> None:
    job = running()
    job.until_ended(1)
    job.accept(Cancel(job_id=1))
    job.accept(generate(2))
    job.until_ended(2)
    assert [type(event) for event in job.ends()] == [Loaded, Finished]


def test_the_sampling_of_a_waiting_job_is_replaced() -> None:
    job = running(started=False)
    job.accept(generate(2))
    job.accept(Resample(job_id=2, sampling=Sampling(seed=77)))
    job.start()
    job.until_ended(2)
    end = job.ends()[-1]
    assert isinstance(end, Finished)
    assert end.report.seed == 77


def test_a_running_job_is_resampled() -> None:
    job = running(tokens_per_second=200)
    job.accept(generate(2, "a " * 30))
    job.until(lambda event: isinstance(event, Tokens))
    job.accept(Resample(job_id=2, sampling=Sampling(temperature=0.25)))
    job.accept(Resample(job_id=99, sampling=Sampling()))
    job.until_ended(2)
    assert "[temperature 0.25]" in job.text_of(2)


@pytest.mark.parametrize("place", ["prefill", "decode", "count"])
def test_a_bug_of_the_engine_fails_the_job_and_the_next_works(place: str) -> None:
    job = running()
    prompt = RawPrompt(text=f"/fake --bug-in {place}\nx")
    if place == "count":
        job.accept(CountTokens(job_id=2, prompt=prompt))
    else:
        job.accept(generate(2, prompt.text))
    job.until_ended(2)
    failed = job.ends()[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "internal"
    assert "RuntimeError" in failed.problem.detail
    job.accept(generate(3))
    job.until_ended(3)
    assert isinstance(job.ends()[-1], Finished)
