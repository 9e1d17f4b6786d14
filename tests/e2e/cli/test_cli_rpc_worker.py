"""``snug rpc-worker``, as a person starts it in a terminal and ends it with Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from models.llama.rpc import has_rpc
from models.rpc import is_listening, parse_address, probe_server
from tests.e2e.cli.conftest import Snug

pytestmark = [
    pytest.mark.skipif(not has_rpc(), reason="this build of llama.cpp has no RPC"),
    pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to a child there"),
]


@pytest.fixture
def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def worker(snug: Snug, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = snug.start("rpc-worker", "--port", str(port), "--memory", "800", "--device", "CPU")
    yield process
    process.kill()
    process.communicate()


def line_with(process: subprocess.Popen[bytes], words: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line.decode():
            return line.decode()
    raise AssertionError(f"it never said “{words}”")


def test_it_says_what_it_lends_and_ends_cleanly(worker: subprocess.Popen[bytes], port: int) -> None:
    assert "CPU" in line_with(worker, "GiB of memory free")
    assert f"127.0.0.1:{port}" in line_with(worker, "settings")
    assert probe_server(f"127.0.0.1:{port}").memory[0][1] == 800 * 2**20
    child, *_ = psutil.Process(worker.pid).children()
    worker.send_signal(signal.SIGINT)
    _, said = worker.communicate(timeout=10)
    assert worker.returncode == 0
    assert said.decode().splitlines() == ["Nothing is lent any more."]
    assert not child.is_running()
    assert not is_listening(parse_address(f"127.0.0.1:{port}"))


def test_the_lender_never_outlives_a_killed_command(
    worker: subprocess.Popen[bytes], port: int
) -> None:
    line_with(worker, "settings")
    child, *_ = psutil.Process(worker.pid).children()
    worker.kill()
    child.wait(10)
    assert not is_listening(parse_address(f"127.0.0.1:{port}"))


def test_it_warns_when_others_can_reach_it(snug: Snug, port: int) -> None:
    process = snug.start("rpc-worker", "--port", str(port), "--host", "0.0.0.0")
    try:
        warning = line_with(process, "Warning")
        line_with(process, "settings")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert "no password and no encryption" in warning
    assert "crash it" in warning


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--port", "99999"), 2, "out of range"),
        (("--host", "no such host"), 2, "no IPv4 address"),
        (("--host", "203.0.113.77"), 1, "Nothing can listen at 203.0.113.77:50052"),
        (("--device", "Nonesuch"), 1, "no device “Nonesuch”"),
    ],
)
def test_what_can_not_be_is_told_in_two_lines(
    snug: Snug, two_lines: Any, arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = snug("rpc-worker", *arguments)
    cause, _ = two_lines(done)
    assert words in cause
    assert done.returncode == status
