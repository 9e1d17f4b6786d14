"""Deaths of a real engine process: each is told in plain words, and the next prompt works."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from models import frames
from models.client import EngineClient, engine_command
from models.protocol import (
    Cancelled,
    EngineDied,
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    PrefillProgress,
    Ready,
    TokenCount,
    Tokens,
)
from models.records import ChatPrompt, LoadOptions, Sampling, Turn, Versions

MakeClient = Callable[..., EngineClient]
MODEL = LoadOptions(path="fake.gguf")
WAIT_S = 30


def all_of(client: EngineClient, job_id: JobId) -> list[Event]:
    return list(client.events(job_id, WAIT_S))


def ask(client: EngineClient, text: str) -> JobId:
    prompt = ChatPrompt(turns=(Turn(role="user", text=text),))
    return client.generate(prompt, Sampling(), 999)


def failure_of(client: EngineClient, job_id: JobId) -> Failed:
    end = all_of(client, job_id)[-1]
    assert isinstance(end, Failed)
    assert end.problem.title.endswith(".")
    assert end.problem.hint
    assert "Traceback" not in end.problem.detail
    return end


def assert_answers(client: EngineClient) -> None:
    assert isinstance(all_of(client, ask(client, "again"))[-1], Finished)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(program)]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGABRT", "SIGSEGV"])
@pytest.mark.parametrize("place", ["prefill", "decode"])
def test_a_crash_while_a_job_runs(make_client: MakeClient, place: str, name: str) -> None:
    client = make_client("--crash-by", name)
    client.load(MODEL)
    died = failure_of(client, ask(client, f"/fake --crash-in {place}\nHi"))
    assert died.problem.code == "engine_died"
    assert name in died.problem.title
    assert_answers(client)


def test_what_was_said_before_a_crash_is_kept_and_each_job_ends(make_client: MakeClient) -> None:
    client = make_client()
    client.load(MODEL)
    first = ask(client, "/fake --crash-after 3\na b c d e")
    second, third = ask(client, "x"), client.unload()
    events = all_of(client, first)
    assert "".join(event.text for event in events if isinstance(event, Tokens)) == "a b c"
    assert failure_of(client, second).problem == failure_of(client, third).problem
    assert_answers(client)


def test_a_crash_while_loading(make_client: MakeClient) -> None:
    client = make_client("--crash-in", "load")
    assert failure_of(client, client.load(MODEL)).problem.code == "engine_died"
    assert failure_of(client, ask(client, "a")).problem.code == "no_model"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--load-s", "60"), ""),
        (("--prefill-tokens-per-second", "10"), "a " * 900),
        (("--tokens-per-second", "10"), "a " * 50),
    ],
    ids=["load", "prefill", "decode"],
)
def test_killed_from_outside(make_client: MakeClient, options: tuple[str, str], text: str) -> None:
    client = make_client(*options)
    job = client.load(MODEL)
    if text:
        job = ask(client, text)
    events = client.events(job, WAIT_S)
    next(events)
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    end = list(events)[-1]
    assert isinstance(end, Failed)
    assert "SIGKILL" in end.problem.title
    if text:
        assert_answers(client)


def test_the_model_is_loaded_again_in_sight_of_the_listener(tmp_path: Path) -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    client = EngineClient(events.put, command=engine_command("fake"), log_path=tmp_path / "log")

    def until(kind: type[Event]) -> list[Event]:
        seen: list[Event] = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(events.get(timeout=WAIT_S))
        return seen

    loading = client.load(MODEL)
    until(Loaded)
    ask(client, "/fake --crash-after 1\na")
    seen = until(EngineDied)
    assert isinstance(seen[-2], Failed)
    died = seen[-1]
    assert isinstance(died, EngineDied)
    assert (died.exit_code, died.problem) == (-signal.SIGKILL, seen[-2].problem)
    assert client.pid is None
    job = client.count_tokens(ChatPrompt(turns=(Turn(role="user", text="a"),)))
    seen = until(TokenCount)
    client.close()
    loaded = next(event for event in seen if isinstance(event, Loaded))
    assert loaded.model.path == MODEL.path
    assert loaded.job_id not in (loading, job)


def test_a_prompt_on_its_way_to_a_dying_engine_is_answered_by_the_next(
    make_client: MakeClient,
) -> None:
    client = make_client()
    all_of(client, client.load(MODEL))
    for _ in range(5):
        assert client.pid is not None
        os.kill(client.pid, signal.SIGKILL)
        assert_answers(client)


def test_a_model_that_was_unloaded_stays_so(make_client: MakeClient) -> None:
    client = make_client()
    client.load(MODEL)
    all_of(client, client.unload())
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    assert failure_of(client, ask(client, "a")).problem.code == "no_model"


# --- cancels -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["prefill", "decode"])
def test_an_engine_that_is_deaf_to_a_cancel_is_killed(make_client: MakeClient, place: str) -> None:
    client = make_client(grace_s=0.1)
    all_of(client, client.load(MODEL))
    hanging = ask(client, f"/fake --hang-in {place}\na")
    behind = client.unload()
    events = client.events(hanging, WAIT_S)
    hung_after = PrefillProgress if place == "prefill" else Tokens
    next(event for event in events if isinstance(event, hung_after))
    client.cancel(hanging)
    assert isinstance(list(events)[-1], Cancelled)
    assert failure_of(client, behind).problem.code == "engine_hung"
    assert_answers(client)


def test_a_load_that_runs_is_cancelled_by_force_and_the_model_before_is_back(
    make_client: MakeClient,
) -> None:
    client = make_client("--load-s", "0.05")
    all_of(client, client.load(MODEL))
    pid = client.pid
    assert pid is not None
    psutil.Process(pid).suspend()  # deaf, so that only force can end it
    loading = client.load(LoadOptions(path="other.gguf"))
    behind = ask(client, "a")
    client.cancel(loading)
    assert isinstance(all_of(client, loading)[-1], Cancelled)
    assert "cancelled" in failure_of(client, behind).problem.title
    assert_answers(client)
    assert not psutil.pid_exists(pid)


def test_a_load_that_waits_is_cancelled_without_harm(make_client: MakeClient) -> None:
    client = make_client("--tokens-per-second", "100")
    client.load(MODEL)
    running = ask(client, "a " * 30)
    events = client.events(running, WAIT_S)
    next(event for event in events if isinstance(event, Tokens))
    loading = client.load(LoadOptions(path="other.gguf"))
    client.cancel(loading)
    assert isinstance(all_of(client, loading)[-1], Cancelled)
    assert isinstance(list(events)[-1], Finished)


def test_the_grace_period_ends_though_the_engine_is_busy(make_client: MakeClient) -> None:
    endless = frames.encode(Tokens(job_id=1, text="a", token_ids=()))
    client = make_client(
        command=python(f"""
            import sys
            while True:
                sys.stdout.buffer.write({endless!r})
                sys.stdout.buffer.flush()
        """),
        grace_s=0.1,
    )
    job = client.stats()
    client.cancel(job)
    assert isinstance(all_of(client, job)[-1], Cancelled)


# --- strangers on the pipe ---------------------------------------------------------------------


def saying(data: bytes) -> list[str]:
    return python(f"""
        import sys, time
        sys.stdout.buffer.write({data!r})
        sys.stdout.buffer.flush()
        time.sleep(60)
    """)


def test_a_frame_of_garbage(make_client: MakeClient) -> None:
    client = make_client()
    client.load(MODEL)
    job = ask(client, "/fake --garbage-after 2 --tokens-per-second 50\na b c d")
    assert "unreadable" in failure_of(client, job).problem.title
    assert_answers(client)


@pytest.mark.parametrize(
    "data", [b"Segmentation fault\n" * 9, b"\xff\xff\xff\xff", b"\1\0\0\0\xc1"]
)
def test_a_process_that_is_no_engine(make_client: MakeClient, data: bytes) -> None:
    client = make_client(command=saying(data))
    assert failure_of(client, client.load(MODEL)).problem.code == "engine_died"
    assert client.pid is None


def test_an_engine_of_another_version(make_client: MakeClient) -> None:
    versions = Versions(engine="fake", llama_cpp="none")
    ready = Ready(protocol=99, pid=1, versions=versions)
    client = make_client(command=saying(frames.encode(ready)))
    failed = failure_of(client, client.load(MODEL))
    assert failed.problem.code == "version_mismatch"
    assert "99" in failed.problem.title


def test_a_program_that_is_not_there(make_client: MakeClient) -> None:
    client = make_client(command=["/no/such/program"])
    for _ in range(2):
        assert failure_of(client, client.load(MODEL)).problem.code == "engine_start_failed"


def test_an_engine_that_can_not_start_says_why(make_client: MakeClient) -> None:
    client = make_client(command=python("import no_such_library"))
    problem = failure_of(client, client.load(MODEL)).problem
    assert problem.code == "engine_start_failed"
    assert problem.detail == "ModuleNotFoundError: No module named 'no_such_library'"


def test_an_assertion_in_the_log_is_told(make_client: MakeClient) -> None:
    client = make_client(
        command=python("""
            import os, sys
            print("ggml.c:7: GGML_ASSERT(a == b) failed", file=sys.stderr, flush=True)
            os.abort()
        """)
    )
    problem = failure_of(client, client.load(MODEL)).problem
    assert problem.detail == "ggml.c:7: GGML_ASSERT(a == b) failed"


def test_an_earlier_death_is_not_told_again(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text("old.c:7: GGML_ASSERT(old) failed\n")
    client = make_client("--crash-in", "load")
    assert failure_of(client, client.load(MODEL)).problem.detail == ""


def test_too_large_a_request_fails_alone(make_client: MakeClient) -> None:
    client = make_client()
    client.load(MODEL)
    assert failure_of(client, ask(client, "x" * 65 * 1024 * 1024)).problem.code == "prompt_too_long"
    assert_answers(client)


# --- no orphan ---------------------------------------------------------------------------------


def is_alive(process: psutil.Process) -> bool:
    """Return whether it runs; a dead one may wait long for whoever adopted it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("place", ["none", "load", "decode"])
def test_an_application_that_is_killed_leaves_no_engine(tmp_path: Path, place: str) -> None:
    program = f"""
        import time
        from pathlib import Path
        from models.client import EngineClient, engine_command
        from models.records import LoadOptions, RawPrompt, Sampling
        options = ("--hang-in", {place!r}) if {place!r} != "none" else ()
        client = EngineClient(
            command=engine_command("fake", *options), log_path=Path({str(tmp_path / "log")!r})
        )
        client.load(LoadOptions(path="fake.gguf"))
        client.generate(RawPrompt(text="/fake --reply-tokens 9999999\\na"), Sampling(), 9999999)
        while client.pid is None:
            time.sleep(0.01)
        print(client.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(python(program), stdout=subprocess.PIPE, text=True) as application:
        assert application.stdout is not None
        engine = psutil.Process(int(application.stdout.readline()))
        application.kill()
        deadline = time.monotonic() + 5
        while is_alive(engine) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert not is_alive(engine)


def test_the_interrupt_of_a_terminal_does_not_end_the_engine(make_client: MakeClient) -> None:
    client = make_client()
    all_of(client, client.load(MODEL))
    pid = client.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    assert_answers(client)
    assert client.pid == pid
