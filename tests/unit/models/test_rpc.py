"""Addresses of RPC workers, and what is said of those that can't be used."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from models.problems import EngineError
from models.rpc import (
    DEFAULT_PORT,
    Address,
    is_connected,
    is_loopback,
    is_reachable,
    is_serving,
    notice_silence,
    parse_address,
    probe_server,
    protocol_version,
    worker_devices,
)

HELLO = bytes([14]) + struct.pack("<Q", 24) + bytes(24)


@contextmanager
def fake_worker(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats its one client as ``serve`` says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with listener.accept()[0] as client:
                serve(client)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    def serve(client: socket.socket) -> None:
        for answer in answers:
            assert client.recv(1024)
            client.sendall(struct.pack("<Q", len(answer)) + answer)

    return serve


def problem_of(host_port: str, timeout_s: float = 2.0) -> tuple[str, str, str]:
    with pytest.raises(EngineError) as caught:
        probe_server(host_port, timeout_s)
    problem = caught.value.problem
    return problem.code, problem.title, problem.hint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.2:1234", Address("10.0.0.2", 1234)),
        (" cellar.local ", Address("cellar.local", DEFAULT_PORT)),
        ("gpu_box:65535", Address("gpu_box", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", ":50052", "host:", "host:0", "host:65536", "host:5e1", "host:٣", "::1", "a host:1"),
        *("[::1]:50052", "http://host:50052", "-x:1", "h" * 300, "host:" + "1" * 5000),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(EngineError, match="no address") as caught:
        parse_address(text)
    assert caught.value.problem.code == "rpc_address"
    assert f":{DEFAULT_PORT}" in caught.value.problem.hint


def test_loopback_is_told_from_what_others_reach() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "example.org", "127.0.0.1.org")))


def test_a_dead_port_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    code, title, hint = problem_of(f"127.0.0.1:{port}")
    assert time.monotonic() - began < 1
    assert code == "rpc_unreachable"
    assert f"127.0.0.1:{port}" in title
    assert f"snug rpc-worker --port {port}" in hint
    assert "without it" in hint


def test_a_name_that_nobody_has_is_told() -> None:
    code, title, _ = problem_of("no-such-machine.invalid:50052")
    assert code == "rpc_unreachable"
    assert "no-such-machine.invalid" in title


def test_a_worker_tells_its_version_and_memory() -> None:
    greeting = bytes([*protocol_version(), 0]) + bytes(24)
    count, memory = struct.pack("<I", 2), struct.pack("<QQ", 5, 7)
    with fake_worker(answering(greeting, count, memory, memory)) as host_port:
        worker = probe_server(host_port)
    assert worker.version == protocol_version()
    assert worker.memory == ((5, 7), (5, 7))


@pytest.mark.parametrize("change", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0)])
def test_another_version_is_refused_with_both_numbers(change: tuple[int, int, int]) -> None:
    theirs = [(ours + by) % 256 for ours, by in zip(protocol_version(), change, strict=True)]
    with fake_worker(answering(bytes([*theirs, 0]) + bytes(24))) as host_port:
        code, title, hint = problem_of(host_port)
    assert code == "rpc_version"
    assert ".".join(map(str, theirs)) in title
    assert ".".join(map(str, protocol_version())) in title
    assert "same version" in hint


def test_a_worker_of_an_old_version_answers_shorter() -> None:
    with fake_worker(answering(bytes([2, 0, 0]))) as host_port:
        assert problem_of(host_port)[0] == "rpc_version"


def test_a_taken_worker_is_not_waited_for() -> None:
    release = threading.Event()
    with fake_worker(lambda _client: assert_set(release)) as host_port:
        began = time.monotonic()
        code, title, hint = problem_of(host_port, timeout_s=0.3)
        assert time.monotonic() - began < 2
        release.set()
    assert code == "rpc_busy"
    assert host_port in title
    assert "one program" in hint


@pytest.mark.parametrize(
    "garbage", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64]
)
def test_what_is_no_worker_is_told(garbage: bytes) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(len(HELLO))
        client.sendall(garbage)

    with fake_worker(serve) as host_port:
        assert problem_of(host_port)[0] == "rpc_not_a_worker"


def test_a_worker_that_breaks_off_may_not_be_asked() -> None:
    with fake_worker(lambda client: client.close()) as host_port:
        assert not is_reachable(host_port)
    assert not is_reachable("not an address")


def assert_set(event: threading.Event) -> None:
    assert event.wait(10)


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="the system can't set it")
def test_a_silent_machine_is_noticed_at_both_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, listener.accept()[0] as held:
            assert is_connected(Address("localhost", port))
            assert is_serving(port)
            notice_silence(port)
            for end in (client, held):
                assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 30
    assert not is_connected(Address("localhost", port))
    assert not is_serving(port)


def test_a_worker_that_this_application_has_taken_is_known_from_before() -> None:
    greeting = bytes([*protocol_version(), 0]) + bytes(24)
    free = answering(greeting, struct.pack("<I", 1), struct.pack("<QQ", 500, 700))
    release = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for serve in (free, lambda _client: assert_set(release)):
                with listener.accept()[0] as client:
                    serve(client)

        thread = threading.Thread(target=run)
        thread.start()
        server = f"127.0.0.1:{listener.getsockname()[1]}"
        first = worker_devices((server,))
        assert worker_devices((server,)) == first, "although it doesn't answer now"
        release.set()
        thread.join(10)
    assert [(each.name, each.memory_free, each.memory_total) for each in first] == [
        ("RPC0", 500, 700)
    ]
    with pytest.raises(EngineError, match="refused"):
        worker_devices((server,))
