"""Other machines' RPC workers, before llama.cpp meets them: addresses read, workers greeted.

llama.cpp ends its own process where a worker can't be reached, breaks off, or speaks another
version, and waits for ever where a worker is taken. So each worker is greeted by hand first, with
a time limit, and what is wrong is said in words.

The protocol, as ggml-rpc.cpp has it: a request is a command byte, the size of its data (eight
bytes, little-endian) and the data; an answer is a size and the data. The first request is a hello,
whose answer begins with the version.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import struct
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from models.problems import EngineError
from models.records import Device
from models.wording import tr

DEFAULT_PORT: Final = 50052
RPC_FLAG: Final = "--rpc-worker"
"""What the engine's command starts with to lend this machine's devices instead."""
PROBE_TIMEOUT_S: Final = 2.0

_BUILT_WITH: Final = (7, 0, 0)
"""The protocol of the llama.cpp that this was written for, where no header tells another."""
_HELLO, _DEVICE_COUNT, _DEVICE_MEMORY = 14, 15, 11
_SILENCE_S: Final = 20
_CAPABILITIES: Final = bytes(24)
_LARGEST_ANSWER: Final = 64
_MOST_DEVICES: Final = 16
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252})")
_VERSION_LINE: Final = re.compile(r"RPC_PROTO_(MAJOR|MINOR|PATCH)_VERSION\s+(\d+)")

Version = tuple[int, int, int]


class Address(NamedTuple):
    """Where a worker listens. As text it is ``host:port``, as llama.cpp takes it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that answered. ``memory`` has the free and all bytes of each device it lends."""

    address: Address
    version: Version
    memory: tuple[tuple[int, int], ...]


_seen: Final[dict[Address, Worker]] = {}
"""Each worker as it was when it was last free."""


def parse_address(text: str) -> Address:
    """Read ``host`` or ``host:port``. Raises EngineError (``rpc_address``)."""
    host, colon, port = text.strip().partition(":")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0
    if not colon:
        number = DEFAULT_PORT
    if not _HOST.fullmatch(host) or not 0 < number < 65536:
        raise EngineError(
            "rpc_address",
            tr("“{text}” is no address of an RPC worker.", text=text),
            tr(
                "Write it as host:port, such as {example}, with a name or an IPv4 address.",
                example=f"192.168.1.20:{DEFAULT_PORT}",
            ),
        )
    return Address(host, number)


def is_loopback(host: str) -> bool:
    """Return whether only this machine itself can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def protocol_version() -> Version:
    """Return the version that the installed llama.cpp speaks, by its header where that is there."""
    spec = find_spec("llama_cpp")
    if spec is not None and spec.origin is not None:
        header = Path(spec.origin).parent.parent / "include" / "ggml-rpc.h"
        try:
            found = dict(_VERSION_LINE.findall(header.read_text(encoding="utf-8")))
            return int(found["MAJOR"]), int(found["MINOR"]), int(found["PATCH"])
        except (OSError, UnicodeDecodeError, KeyError):
            pass
    return _BUILT_WITH


def is_listening(address: Address, timeout_s: float = 0.5) -> bool:
    """Return whether anything takes connections there."""
    try:
        socket.create_connection(address, timeout_s).close()
    except OSError:
        return False
    return True


def is_connected(address: Address) -> bool:
    """Return whether this process itself uses the worker: then it answers nobody else."""
    if not (used := _connections(address.port)):
        return False
    try:
        host = socket.gethostbyname(address.host)
    except (OSError, UnicodeError):
        return False
    return any(each.raddr == (host, address.port) for each in used)


def is_serving(port: int) -> bool:
    """Return whether this process itself listens on the port."""
    import psutil  # noqa: PLC0415 - 10 ms that a start without workers saves

    held = psutil.Process().net_connections(kind="tcp4")
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in held)


def is_reachable(host_port: str) -> bool:
    """Return whether llama.cpp may ask a worker, which would end this process otherwise."""
    try:
        if not is_connected(parse_address(host_port)):
            probe_server(host_port)
    except EngineError:
        return False
    return True


def notice_silence(port: int) -> None:
    """Let this process's connections on the port break when the other machine is gone.

    Without this a worker whose client lost its power would stay taken, and a client would wait
    for a quarter of an hour. A machine that only computes for long still answers the system's
    probes, which a limit on unsent data (TCP_USER_TIMEOUT) would not tell from a dead one. Does
    nothing where the system can't do it.
    """
    for each in _connections(port):
        if each.fd < 0 or not hasattr(socket, "TCP_KEEPIDLE"):
            continue
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(each.fd)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _SILENCE_S // 2)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _SILENCE_S // 4)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)


def _connections(port: int) -> list[Any]:
    """Return this process's live connections from or to the port."""
    import psutil  # noqa: PLC0415 - 10 ms that a start without workers saves

    held = psutil.Process().net_connections(kind="tcp4")
    return [
        each
        for each in held
        if each.status == psutil.CONN_ESTABLISHED and port in {each.laddr.port, each.raddr.port}
    ]


def probe_server(host_port: str, timeout_s: float = PROBE_TIMEOUT_S) -> Worker:
    """Greet a worker and return what it lends, within a few ``timeout_s`` at most.

    Raises EngineError: ``rpc_address``, ``rpc_unreachable``, ``rpc_busy``, ``rpc_version``, or
    ``rpc_not_a_worker``.
    """
    address = parse_address(host_port)
    with _connect(address, timeout_s) as connection:
        try:
            greeting = _ask(connection, _HELLO, _CAPABILITIES)
            _check_version(address, greeting)
            count = _number(_ask(connection, _DEVICE_COUNT))
            memory = [_memory(connection, index) for index in range(min(count, _MOST_DEVICES))]
        except TimeoutError as error:
            raise EngineError(
                "rpc_busy",
                tr("The RPC worker at {address} doesn't answer.", address=address),
                tr(
                    "It serves one program at a time: end the one that uses it, or start the "
                    "worker again. Or take it out of the settings."
                ),
                str(error),
            ) from error
        except (OSError, struct.error) as error:
            raise _not_a_worker(address, str(error)) from error
    major, minor, patch = greeting[:3]
    return Worker(address=address, version=(major, minor, patch), memory=tuple(memory))


def worker_devices(servers: Sequence[str]) -> tuple[Device, ...]:
    """Return the devices that these workers lend, in llama.cpp's words.

    A worker that is taken is described as it was when it was last free: whoever has it is most
    likely this application's own engine. Raises EngineError, as ``probe_server`` does.
    """
    devices: list[Device] = []
    for server in servers:
        worker = _as_last_free(server)
        for free, total in worker.memory:
            devices.append(
                Device(
                    name=f"RPC{len(devices)}",
                    description=str(worker.address),
                    kind="gpu",
                    memory_free=free,
                    memory_total=total,
                )
            )
    return tuple(devices)


def _as_last_free(server: str) -> Worker:
    try:
        worker = probe_server(server)
    except EngineError as error:
        known = _seen.get(parse_address(server)) if error.problem.code == "rpc_busy" else None
        if known is None:
            raise
        return known
    _seen[worker.address] = worker
    return worker


def _connect(address: Address, timeout_s: float) -> socket.socket:
    try:
        host = socket.gethostbyname(address.host)
        return socket.create_connection((host, address.port), timeout_s)
    except (OSError, UnicodeError) as error:
        raise EngineError("rpc_unreachable", *_why_unreachable(address, error)) from error


def _why_unreachable(address: Address, error: Exception) -> tuple[str, str, str]:
    match error:
        case ConnectionRefusedError():
            title = tr(
                "No RPC worker runs at {address}: the connection is refused.", address=address
            )
            hint = tr("Start it there: 'snug rpc-worker --port {port}'.", port=address.port)
        case socket.gaierror() | UnicodeError():
            title = tr("There is no machine named “{name}” in this network.", name=address.host)
            hint = tr("Write its IPv4 address instead.")
        case TimeoutError():
            title = tr(
                "The machine of the RPC worker at {address} doesn't answer.", address=address
            )
            hint = tr("See that it is on and that its firewall lets this port through.")
        case _:
            title = tr("The RPC worker at {address} can't be reached.", address=address)
            hint = tr("See that both machines are in one network.")
    or_without = tr("Or take it out of the settings and load the model without it.")
    return title, f"{hint} {or_without}", str(error)


def _ask(connection: socket.socket, command: int, data: bytes = b"") -> bytes:
    """Send a request and return its answer. Raises OSError for an answer that can't be one."""
    connection.sendall(struct.pack("<BQ", command, len(data)) + data)
    size = _number(_receive(connection, 8))
    if size > _LARGEST_ANSWER:
        raise OSError(f"an answer of {size} bytes")
    return _receive(connection, size)


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise OSError("the connection was closed")
        received += piece
    return received


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _memory(connection: socket.socket, index: int) -> tuple[int, int]:
    free, total = struct.unpack("<QQ", _ask(connection, _DEVICE_MEMORY, struct.pack("<I", index)))
    return free, total


def _check_version(address: Address, greeting: bytes) -> None:
    """Refuse a worker of another version, down to the patch: it counts the known operations."""
    if len(greeting) < 3:
        raise _not_a_worker(address, f"a greeting of {len(greeting)} bytes")
    theirs, ours = tuple(greeting[:3]), protocol_version()
    if theirs != ours:
        raise EngineError(
            "rpc_version",
            tr(
                "The RPC worker at {address} speaks version {theirs} of the protocol, and this "
                "Snug {ours}.",
                address=address,
                theirs=_dotted(theirs),
                ours=_dotted(ours),
            ),
            tr("Install the same version of Snug on both machines."),
        )


def _not_a_worker(address: Address, detail: str) -> EngineError:
    return EngineError(
        "rpc_not_a_worker",
        tr("What listens at {address} is no RPC worker of this version.", address=address),
        tr(
            "See that the port is the worker's, and install the same version of Snug on both "
            "machines."
        ),
        detail,
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
