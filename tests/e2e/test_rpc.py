"""A model spread over two RPC workers on loopback: layers, a reply, and a worker's death."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.client import EngineClient
from models.library.embedded import embedded_model
from models.llama import library
from models.llama.rpc import devices_of, has_rpc
from models.problems import EngineError
from models.protocol import Event, Failed, Finished, JobId, Loaded, Tokens
from models.records import ChatPrompt, LoadOptions, Sampling, Turn
from models.rpc import Address, is_connected, probe_server, protocol_version
from models.rpc_process import Lending, RpcProcess
from tests.e2e.in_hand import EngineInHand, chat, user

pytestmark = pytest.mark.skipif(
    not has_rpc(), reason="this build of llama.cpp has no RPC: build it with -DGGML_RPC=ON"
)
WAIT_S = 90
LAYERS = 31
MIB = 2**20


def free_address() -> Address:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", listener.getsockname()[1])


@pytest.fixture
def workers() -> Iterator[tuple[RpcProcess, RpcProcess]]:
    first = RpcProcess(Lending(address=free_address(), devices=("CPU",)))
    second = RpcProcess(Lending(address=free_address(), devices=("CPU",)))
    yield first, second
    first.close()
    second.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EngineClient]:
    client = EngineClient(log_path=tmp_path / "engine.log")
    yield client
    client.close()


def spread(workers: tuple[RpcProcess, ...]) -> LoadOptions:
    servers = tuple(str(worker.address) for worker in workers)
    return LoadOptions(path=str(embedded_model()), context_size=1024, rpc_servers=servers)


def ask(client: EngineClient, text: str, max_tokens: int = 400) -> JobId:
    prompt = ChatPrompt(turns=(Turn(role="user", text=text),))
    return client.generate(prompt, Sampling(temperature=0), max_tokens)


def last_of(client: EngineClient, job_id: JobId) -> Event:
    return list(client.events(job_id, WAIT_S))[-1]


def test_layers_buffers_and_a_reply_are_spread_over_both(
    workers: tuple[RpcProcess, RpcProcess], load_engine: Callable[..., EngineInHand]
) -> None:
    servers = tuple(str(worker.address) for worker in workers)
    in_hand = load_engine(context_size=512, rpc_servers=servers)
    devices = devices_of(servers)
    assert len(set(devices)) == 2
    placed = {part.device: part for part in in_hand.info.memory}
    assert sum(placed[device].layers for device in devices) == LAYERS
    assert in_hand.info.offloaded_layers == LAYERS
    for device in devices:
        assert placed[device].layers > 5
        assert placed[device].weights_bytes > 10 * MIB
        assert placed[device].cache_bytes > MIB
        assert placed[device].compute_bytes > MIB
    reply = in_hand.reply(chat(user("Count from one to five.")), max_tokens=12)
    assert len(reply.ids) == 12

    used = [is_connected(worker.address) for worker in workers]
    listed = {device.name: device.memory_total for device in library.devices()}
    in_hand.engine.unload()
    assert used == [True, True]
    assert all(listed[device] for device in devices), "a worker in use is asked, not greeted"
    assert probe_server(servers[0]).version == protocol_version(), "and is free afterwards"


def test_a_dead_worker_in_the_list_of_devices_ends_nothing(
    workers: tuple[RpcProcess, RpcProcess], load_engine: Callable[..., EngineInHand]
) -> None:
    servers = tuple(str(worker.address) for worker in workers)
    load_engine(context_size=256, rpc_servers=servers).engine.unload()
    workers[0].close()
    listed = {device.name: device.memory_total for device in library.devices()}
    assert [bool(listed[name]) for name in devices_of(servers)] == [False, True]
    with pytest.raises(EngineError) as caught:
        load_engine(context_size=256, rpc_servers=servers)
    assert caught.value.problem.code == "rpc_unreachable"


def test_a_killed_worker_is_named_and_the_model_loads_without_it(
    client: EngineClient, workers: tuple[RpcProcess, RpcProcess]
) -> None:
    assert isinstance(last_of(client, client.load(spread(workers))), Loaded)
    job = ask(client, "Tell me a long story.")
    events = client.events(job, WAIT_S)
    next(event for event in events if isinstance(event, Tokens))
    os.kill(workers[1].pid, signal.SIGKILL)
    end = list(events)[-1]
    assert isinstance(end, Failed)
    assert end.problem.code == "rpc_worker_gone"
    assert str(workers[1].address) in end.problem.title
    assert str(workers[0].address) not in end.problem.title
    assert "without it" in end.problem.hint

    again = last_of(client, ask(client, "Hello", 4))
    assert isinstance(again, Failed), "the same load is tried again, and says what is missing"
    assert again.problem.code == "rpc_unreachable"
    assert str(workers[1].address) in again.problem.title

    loaded = last_of(client, client.load(spread(workers[:1])))
    assert isinstance(loaded, Loaded)
    assert isinstance(last_of(client, ask(client, "Hello", 4)), Finished)


def test_a_workers_memory_is_limited(load_engine: Callable[..., EngineInHand]) -> None:
    lending = Lending(address=free_address(), devices=("CPU",), memory_mib=700)
    with RpcProcess(lending) as worker:
        (free, total), = probe_server(str(worker.address)).memory  # fmt: skip
        assert 600 * MIB < free <= total == 700 * MIB
        in_hand = load_engine(context_size=256, rpc_servers=(str(worker.address),))
        listed = {device.name: device for device in library.devices()}
        held = listed[devices_of((str(worker.address),))[0]]
        in_hand.engine.unload()
        assert held.memory_free < free - 60 * MIB, "what is lent is counted"


def test_a_worker_says_who_comes_and_goes(workers: tuple[RpcProcess, RpcProcess]) -> None:
    probe_server(str(workers[0].address))
    assert [workers[0].wait(10), workers[0].wait(10)] == [True, False]
    os.kill(workers[0].pid, signal.SIGKILL)
    with pytest.raises(EngineError) as caught:
        workers[0].wait(10)
    assert caught.value.problem.code == "rpc_worker_ended"


def test_a_taken_port_is_told(workers: tuple[RpcProcess, RpcProcess]) -> None:
    with pytest.raises(EngineError) as caught:
        RpcProcess(Lending(address=workers[0].address))
    assert caught.value.problem.code == "rpc_port"
    assert str(workers[0].address) in caught.value.problem.title


def test_an_unknown_device_is_told_with_those_that_are_there() -> None:
    with pytest.raises(EngineError, match="Nonesuch") as caught:
        RpcProcess(Lending(address=free_address(), devices=("Nonesuch",)))
    assert "CPU" in caught.value.problem.hint
