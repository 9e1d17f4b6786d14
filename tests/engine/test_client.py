"""The client and a real engine process, when all goes well."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from models.client import EngineClient, engine_command
from models.protocol import (
    Cancelled,
    Devices,
    Embedded,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    LoadProgress,
    PrefillProgress,
    Ready,
    StatsReport,
    TokenCount,
    Tokens,
    Unloaded,
)
from models.records import ChatPrompt, LoadOptions, RawPrompt, Sampling, Turn

MakeClient = Callable[..., EngineClient]
MODEL = LoadOptions(path="fake.gguf")
WAIT_S = 30


def all_of(client: EngineClient, job_id: JobId) -> list[Event]:
    return list(client.events(job_id, WAIT_S))


def ask(client: EngineClient, text: str, *, max_tokens: int = 999) -> JobId:
    prompt = ChatPrompt(turns=(Turn(role="user", text=text),))
    return client.generate(prompt, Sampling(), max_tokens)


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Tokens))


def test_a_model_is_loaded_and_answers(make_client: MakeClient) -> None:
    client = make_client("--load-s", "0.05")
    loading = all_of(client, client.load(MODEL))
    assert any(isinstance(event, LoadProgress) for event in loading)
    assert isinstance(loading[-1], Loaded)
    assert loading[-1].model.name == "fake"

    events = all_of(client, ask(client, "Größe 😀 of it"))
    assert isinstance(events[0], PrefillProgress)
    assert text_of(events) == "Größe 😀 of it"
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reason == "end_of_turn"
    assert end.report.completion_tokens == 4


def test_requests_need_not_wait_for_each_other(make_client: MakeClient) -> None:
    client = make_client()
    jobs = [client.load(MODEL), ask(client, "a"), ask(client, "b"), client.unload()]
    ends = [all_of(client, job)[-1] for job in jobs]
    assert [type(end) for end in ends] == [Loaded, Finished, Finished, Unloaded]


def test_each_limit_has_its_reason(make_client: MakeClient) -> None:
    client = make_client("--reply-tokens", "400")
    client.load(LoadOptions(path="fake.gguf", context_size=256))
    prompt = RawPrompt(text="a b c d")
    jobs = {
        "max_tokens": client.generate(prompt, Sampling(), 3),
        "context_full": client.generate(prompt, Sampling(), 999),
        "stop_string": client.generate(prompt, Sampling(), 999, ("b c",)),
    }
    for reason, job in jobs.items():
        end = all_of(client, job)[-1]
        assert isinstance(end, Finished)
        assert end.reason == reason


def test_the_other_questions_are_answered(make_client: MakeClient) -> None:
    client = make_client()
    client.load(MODEL)
    count = all_of(client, client.count_tokens(RawPrompt(text="a b c")))[-1]
    assert isinstance(count, TokenCount)
    assert count.total == 3
    devices = all_of(client, client.list_devices())[-1]
    assert isinstance(devices, Devices)
    assert devices.devices[0].kind == "cpu"
    stats = all_of(client, client.stats())[-1]
    assert isinstance(stats, StatsReport)
    assert stats.memory_bytes > 0


def test_a_running_reply_is_cancelled_and_resampled(make_client: MakeClient) -> None:
    client = make_client("--tokens-per-second", "200")
    client.load(MODEL)
    job = ask(client, "a " * 900)
    events = client.events(job, WAIT_S)
    seen = [next(event for event in events if isinstance(event, Tokens))]
    client.resample(job, Sampling(temperature=0.5))
    for event in events:
        if isinstance(event, Tokens):
            seen.append(event)
            if "[temperature 0.5]" in event.text:
                break
    client.cancel(job)
    client.cancel(job)
    assert isinstance(list(events)[-1], Cancelled)
    assert isinstance(all_of(client, ask(client, "b"))[-1], Finished)


def test_texts_are_embedded_between_the_tokens_of_a_reply(make_client: MakeClient) -> None:
    client = make_client("--tokens-per-second", "50", "--reply-tokens", "500")
    all_of(client, client.load(MODEL))
    reply = ask(client, "Hello.")
    next(event for event in client.events(reply, WAIT_S) if isinstance(event, Tokens))
    (made,) = all_of(client, client.embed(["one", "two words", ""]))
    assert isinstance(made, Embedded)
    assert made.tokens == (1, 2, 0)
    assert len(made.vectors) == 3 * 4 * made.dimension
    client.cancel(reply)
    assert isinstance(all_of(client, reply)[-1], Cancelled)


def test_an_embedding_waits_for_the_model_and_fails_without_one(make_client: MakeClient) -> None:
    client = make_client("--load-s", "0.2")
    loading = client.load(MODEL)
    (made,) = all_of(client, client.embed(["one"]))
    assert isinstance(made, Embedded)
    assert isinstance(all_of(client, loading)[-1], Loaded)
    all_of(client, client.unload())
    (failed,) = all_of(client, client.embed(["one"]))
    assert isinstance(failed, Failed)
    assert failed.problem.code == "no_model"


def test_a_failed_load_is_also_the_answer_to_the_prompt_behind_it(make_client: MakeClient) -> None:
    client = make_client("--load-failure")
    job = client.load(MODEL)
    failed = all_of(client, job)[-1]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "model_damaged"
    answer = all_of(client, ask(client, "a"))[-1]
    assert isinstance(answer, Failed)
    assert answer.problem.code == "model_damaged"


def test_after_a_failed_load_the_model_before_serves(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client()
    all_of(client, client.load(MODEL))
    bad = LoadOptions(path="/fake --load-failure")
    assert isinstance(all_of(client, client.load(bad))[-1], Failed)
    assert isinstance(all_of(client, ask(client, "a"))[-1], Finished)


def test_what_c_code_prints_does_not_reach_the_pipe(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client("--say", "printed by C", "--reply-tokens", "3")
    client.load(MODEL)
    assert isinstance(all_of(client, ask(client, "a"))[-1], Finished)
    assert "printed by C" in (tmp_path / "engine.log").read_text()


def test_a_listener_gets_all_events_and_may_be_buggy(tmp_path: Path) -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def listen(event: Event) -> None:
        events.put(event)
        raise RuntimeError("a bug of the listener")

    client = EngineClient(listen, command=engine_command("fake"), log_path=tmp_path / "log")
    client.load(MODEL)
    ask(client, "a b")
    kinds = []
    while Finished not in kinds:
        kinds.append(type(events.get(timeout=WAIT_S)))
    client.close()
    assert kinds[0] is Ready
    assert set(kinds[1:]) == {LoadProgress, Loaded, PrefillProgress, Tokens, Finished}


def test_a_large_log_is_put_aside_once(make_client: MakeClient, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_bytes(b"x" * 2_000_000)
    client = make_client()
    assert isinstance(all_of(client, client.load(MODEL))[-1], Loaded)
    assert log.stat().st_size < 1_000_000
    assert (tmp_path / "engine.log.1").stat().st_size == 2_000_000


# --- the end -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["load", "prefill", "decode", "none"])
def test_close_leaves_no_process(make_client: MakeClient, place: str) -> None:
    client = make_client(*(("--hang-in", place) if place != "none" else ()))
    jobs = [client.load(MODEL), ask(client, "a")]
    if place == "none":
        assert isinstance(all_of(client, jobs.pop())[-1], Finished)
    pid = None
    while pid is None:
        pid = client.pid
    client.close()
    assert not psutil.pid_exists(pid)
    assert client.pid is None
    ends = [all_of(client, job)[-1] for job in jobs]
    assert isinstance(ends[-1], Loaded if place == "none" else Cancelled)
    client.close()
    with pytest.raises(RuntimeError):
        client.stats()


def test_close_ends_a_process_that_is_stopped(make_client: MakeClient) -> None:
    client = make_client()
    all_of(client, client.load(MODEL))
    pid = client.pid
    assert pid is not None
    psutil.Process(pid).suspend()
    # More than a pipe holds, so that the writer is stuck in it.
    client.generate(RawPrompt(text="x " * 500_000), Sampling(), 1)
    client.close()
    assert not psutil.pid_exists(pid)


def test_a_client_may_be_closed_by_its_listener(tmp_path: Path) -> None:
    closed = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Loaded):
            client.close()
            closed.set()

    client = EngineClient(listen, command=engine_command("fake"), log_path=tmp_path / "log")
    client.load(MODEL)
    assert closed.wait(WAIT_S)
    client.close()
    assert client.pid is None


def test_a_client_that_was_never_used_closes() -> None:
    EngineClient(command=["no such program"]).close()


def test_waiting_for_events_ends_in_time(make_client: MakeClient) -> None:
    client = make_client("--hang-in", "load")
    with pytest.raises(TimeoutError):
        list(client.events(client.load(MODEL), 0.2))
