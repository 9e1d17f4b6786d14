"""A real probe process whose answers are scripted: each way of dying ends in plain words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from models.probe.client import Probe
from models.probe.limits import FORKS
from models.probe.messages import Limits
from models.problems import EngineError
from models.records import LoadOptions, Problem

pytestmark = pytest.mark.skipif(not FORKS, reason="questions are answered in forks on Linux")

QUICK = Limits(memory_bytes=256 << 20, cpu_s=1, wall_s=3)
SCRIPT = """
    import ctypes, os, signal, sys, time
    from models.probe import process
    from models.probe.messages import AskCheck, AskDevices, Checked, Found, Measured
    from models.records import Device

    def answer_to(asked):
        if isinstance(asked.question, AskDevices):
            device = Device(name="CPU", description="", kind="cpu", memory_free=1, memory_total=2)
            return Found(devices=(device,))
        path = getattr(asked.question, "path", "")
        {behaviour}
        return Checked()

    def raise_problem(code):
        from models.probe.messages import Refused
        from models.records import Problem
        raise Refusal(Refused(problem=Problem(code=code, title="It is so.", hint="Do this.")))

    class Refusal(Exception):
        pass

    def answer_or_refuse(asked):
        try:
            return answer_to(asked)
        except Refusal as refusal:
            return refusal.args[0]

    process.FORKS = {forks}
    process.answer_to = answer_or_refuse
    process.main()
"""
MakeProbe = Callable[..., Probe]


@pytest.fixture
def make_probe() -> Iterator[MakeProbe]:
    """Make a probe that behaves so when it is asked to check a file."""
    probes: list[Probe] = []

    def make(
        behaviour: str = "pass",
        quarantine_file: Path | None = None,
        *,
        limits: Limits = QUICK,
        idle_s: float = 60,
        forks: bool = True,
    ) -> Probe:
        program = textwrap.dedent(SCRIPT).format(behaviour=behaviour, forks=forks)
        command = [sys.executable, "-P", "-c", program]
        probes.append(Probe(command, quarantine_file, limits=limits, idle_s=idle_s))
        return probes[-1]

    yield make
    for probe in probes:
        probe.close()


def problem_of(probe: Probe, path: str | Path = "model.gguf") -> Problem:
    with pytest.raises(EngineError) as raised:
        probe.check(path)
    problem = raised.value.problem
    assert problem.title.endswith(".")
    assert problem.hint
    assert "Traceback" not in problem.detail
    return problem


def assert_works_on(probe: Probe, pid: int | None) -> None:
    """See that the process is the same, answers, and has nothing left of its forks."""
    assert [device.name for device in probe.devices()] == ["CPU"]
    assert probe.pid == pid
    assert pid is not None
    assert psutil.Process(pid).children() == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGKILL", "SIGILL"])
def test_a_death_by_a_signal(make_probe: MakeProbe, name: str) -> None:
    probe = make_probe(f"os.kill(os.getpid(), signal.{name})")
    probe.devices()
    pid = probe.pid
    problem = problem_of(probe)
    assert problem.code == "model_deadly"
    assert "model.gguf" in problem.title
    assert name in problem.detail
    assert_works_on(probe, pid)


def test_a_death_tells_the_assertion_but_not_where_the_library_was_built(
    make_probe: MakeProbe,
) -> None:
    probe = make_probe(
        "os.write(2, b'/tmp/build/vendor/llama.cpp/src/a.cpp:7: GGML_ASSERT(n > 0) failed\\n'); "
        "os.abort()"
    )
    assert problem_of(probe).detail.endswith("\nllama.cpp/src/a.cpp:7: GGML_ASSERT(n > 0) failed")


@pytest.mark.parametrize("behaviour", ["os._exit(7)", "os._exit(0)", "raise SystemExit", "1 / 0"])
def test_an_end_without_an_answer(make_probe: MakeProbe, behaviour: str) -> None:
    probe = make_probe(behaviour)
    probe.devices()
    pid = probe.pid
    assert problem_of(probe).code == "model_deadly"
    assert_works_on(probe, pid)


@pytest.mark.parametrize(
    "behaviour",
    [
        "while True: pass",
        "time.sleep(60)",
        "signal.signal(signal.SIGALRM, signal.SIG_IGN); time.sleep(60)",
        "ctypes.CDLL(None).usleep(60_000_000)",
    ],
    ids=["computes", "waits", "is deaf", "waits in C"],
)
def test_a_hang_is_ended(make_probe: MakeProbe, behaviour: str) -> None:
    probe = make_probe(behaviour)
    probe.devices()
    pid, began = probe.pid, time.monotonic()
    assert problem_of(probe).code == "model_endless"
    assert time.monotonic() - began < 30
    assert_works_on(probe, pid)


def test_a_question_that_takes_all_memory_gets_none(make_probe: MakeProbe) -> None:
    probe = make_probe("x = bytearray(1 << 30)")
    assert "MemoryError" in problem_of(probe).detail


@pytest.mark.parametrize("kind", ["file", "core"])
def test_a_question_leaves_nothing_on_the_disk(
    make_probe: MakeProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    harm = "open('harm', 'wb').write(bytes(9999))" if kind == "file" else "os.abort()"
    problem_of(make_probe(harm))
    assert all(path.stat().st_size == 0 for path in tmp_path.iterdir())


def test_much_that_is_said_holds_nothing_up(make_probe: MakeProbe) -> None:
    probe = make_probe("os.write(2, b'word ' * (1 << 22)); print('!' * (1 << 22))")
    assert probe.check("model.gguf") is None


# --- the process itself --------------------------------------------------------------------------


def test_a_process_that_was_killed_is_started_again_and_no_file_is_blamed(
    make_probe: MakeProbe, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    probe = make_probe("os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)", tmp_path / "state")
    for _ in range(3):
        assert problem_of(probe, path).code == "probe_failed"
    probe.devices()
    assert probe.pid is not None
    os.kill(probe.pid, signal.SIGKILL)
    psutil.Process(probe.pid).wait(5)
    assert probe.devices()


@pytest.mark.parametrize(
    "program",
    ["import sys; sys.exit('no such library')", "print('garbage' * 99)", "1 / 0"],
    ids=["exits", "garbage", "raises"],
)
def test_a_process_that_does_not_come_up(program: str) -> None:
    probe = Probe([sys.executable, "-c", program])
    assert problem_of(probe).code == "probe_failed"
    assert probe.pid is None


def test_a_command_that_is_not_there() -> None:
    assert problem_of(Probe(["/no/such/program"])).code == "probe_failed"


def test_an_answer_to_another_question(make_probe: MakeProbe) -> None:
    with pytest.raises(EngineError) as raised:
        make_probe().dry_run(LoadOptions(path="model.gguf"))
    assert raised.value.problem.code == "probe_failed"


def test_it_ends_when_nobody_asks_and_comes_back(make_probe: MakeProbe) -> None:
    probe = make_probe(idle_s=0.1)
    probe.devices()
    deadline = time.monotonic() + 10
    while probe.pid is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert probe.pid is None
    assert probe.devices()


def test_many_threads_may_ask(make_probe: MakeProbe) -> None:
    probe = make_probe()
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(len(probe.devices()))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [1] * 12


def test_closing_does_not_wait_for_an_answer(make_probe: MakeProbe) -> None:
    probe = make_probe("time.sleep(60)", limits=Limits())
    probe.devices()
    assert probe.pid is not None
    asking = psutil.Process(probe.pid)
    thread = threading.Thread(target=problem_of, args=(probe,))
    thread.start()
    while not asking.children():
        time.sleep(0.01)
    (fork,) = asking.children()
    began = time.monotonic()
    probe.close()
    assert time.monotonic() - began < 10
    thread.join(5)
    assert not thread.is_alive()
    psutil.wait_procs([fork], timeout=5)
    assert not fork.is_running()


def test_nothing_outlives_the_application() -> None:
    script = textwrap.dedent(SCRIPT).format(behaviour="time.sleep(60)", forks=True)
    program = textwrap.dedent(f"""
        import sys
        from models.probe.client import Probe
        from models.probe.messages import Limits
        probe = Probe([sys.executable, "-P", "-c", {script!r}])
        probe.devices()
        print(probe.pid, flush=True)
        probe.check("model.gguf")
    """)
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True
    ) as application:
        assert application.stdout is not None
        asked = psutil.Process(int(application.stdout.readline()))
        while not asked.children():
            time.sleep(0.01)
        family = [asked, *asked.children()]
        application.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("pass", ""),
        ("os.abort()", "model_deadly"),
        ("while True: pass", "model_endless"),
        ("time.sleep(60)", "model_endless"),
    ],
    ids=["sound", "dies", "computes", "waits"],
)
def test_without_forks_each_question_has_a_process_of_its_own(
    make_probe: MakeProbe, monkeypatch: pytest.MonkeyPatch, behaviour: str, code: str
) -> None:
    """As on Windows and macOS."""
    monkeypatch.setattr("models.probe.client.FORKS", False)
    probe = make_probe(behaviour, forks=False)
    assert probe.devices()
    assert probe.pid is None
    if code:
        assert problem_of(probe).code == code
    else:
        assert probe.check("model.gguf") is None
    assert probe.pid is None


# --- quarantine ----------------------------------------------------------------------------------


def test_two_deaths_set_a_file_apart_and_a_release_lets_it_try_again(
    make_probe: MakeProbe, tmp_path: Path
) -> None:
    path, state, asked = tmp_path / "model.gguf", tmp_path / "state.json", tmp_path / "asked"
    path.write_bytes(b"GGUF" + bytes(99))
    # A new folder is no file, so the limits allow it.
    count = f"os.mkdir({str(asked)!r} + str(time.monotonic_ns()))"
    probe = make_probe(f"{count}; os.abort()", state)

    def times() -> int:
        return len(list(tmp_path.glob("asked*")))

    assert problem_of(probe, path).code == "model_deadly"
    second = problem_of(probe, path)
    assert "set apart" in second.hint
    assert times() == 2
    assert problem_of(probe, path).code == "quarantined"
    with pytest.raises(EngineError, match="set apart"):
        probe.dry_run(LoadOptions(path=str(path)))
    assert times() == 2
    assert probe.quarantine is not None
    probe.quarantine.release(path)
    assert problem_of(probe, path).code == "model_deadly"
    assert times() == 3


@pytest.mark.parametrize(
    ("behaviour", "code", "asked"),
    [
        ("pass", "", 1),
        ("os.abort()", "model_deadly", 2),
        ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)", "", 3),
        ("raise_problem('load_failed')", "", 3),
        ("raise_problem('model_damaged')", "model_damaged", 3),
    ],
    ids=["sound", "deadly", "the probe's own trouble", "uncertain", "damaged"],
)
def test_a_strange_file_is_tried_before_it_is_loaded(
    make_probe: MakeProbe, tmp_path: Path, behaviour: str, code: str, asked: int
) -> None:
    path, marks = tmp_path / "model.gguf", tmp_path / "asked"
    path.write_bytes(b"GGUF" + bytes(99))
    count = f"os.mkdir({str(marks)!r} + str(time.monotonic_ns()))"
    probe = make_probe(f"{count}; {behaviour}", tmp_path / "state.json")

    def vet() -> str:
        try:
            probe.vet(path)
        except EngineError as error:
            return error.problem.code
        return ""

    codes = [vet() for _ in range(3)]
    assert codes[:2] == [code, code]
    assert codes[2] == ("quarantined" if code == "model_deadly" else code)
    assert len(list(tmp_path.glob("asked*"))) == asked


def test_a_file_that_was_released_is_loaded_without_a_trial(
    make_probe: MakeProbe, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(99))
    probe = make_probe("os.abort()", tmp_path / "state.json")
    for _ in range(2):
        with pytest.raises(EngineError):
            probe.vet(path)
    assert probe.quarantine is not None
    probe.quarantine.release(path)
    probe.vet(path)
