"""The process that lends this machine's devices, as the one that starts it sees it."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import sys
import threading
from typing import IO, Any, Final, Self

import msgspec

from models.engine_process import engine_command
from models.problems import EngineError
from models.records import Device
from models.rpc import RPC_FLAG, Address

_START_S: Final = 60.0
_END_S: Final = 2.0


class Lending(msgspec.Struct, frozen=True, kw_only=True):
    """What to lend, and where. ``memory_mib`` 0 sets no limit; no ``devices``: GPUs, else CPU."""

    address: Address
    devices: tuple[str, ...] = ()
    memory_mib: int = 0
    threads: int = 1


class RpcProcess:
    """A running worker; a context manager that ends it.

    ``devices`` are what it lends. Starting one raises EngineError: ``rpc_port`` where nothing can
    listen at the address, and others for what the process says.
    """

    def __init__(self, lending: Lending) -> None:
        self.address: Final = lending.address
        _check_free(lending.address)
        self._process = subprocess.Popen(
            _command(lending), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="rpc worker", daemon=True).start()
        try:
            record = self._next(_START_S) or _broken("It ended before it could serve.")
            self.devices: Final = msgspec.convert(record["lends"], tuple[Device, ...])
        except EngineError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def wait(self, timeout_s: float) -> bool | None:
        """Return whether a program is connected, once that changes; None when it didn't.

        Raises EngineError when the process has ended.
        """
        try:
            record = self._next(timeout_s)
        except TimeoutError:
            return None
        if record is None:
            raise EngineError(
                "rpc_worker_ended",
                f"The RPC worker's process has ended (exit status {self._process.wait()}).",
                "Start the command again. What a program sends can crash it, so let only your own "
                "machines reach it.",
            )
        return bool(record["connected"])

    def close(self) -> None:
        """End the process: by the end of its input, or by force."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        with _pipe(self._process.stdout) as lines:
            for line in lines:
                with contextlib.suppress(msgspec.DecodeError):
                    self._said.put(msgspec.json.decode(line, type=dict[str, Any]))
        self._said.put(None)

    def _next(self, timeout_s: float) -> dict[str, Any] | None:
        """Return what the process says next, None at its end. Raises TimeoutError, EngineError."""
        try:
            record = self._said.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None
        if record is not None and "problem" in record:
            problem = record["problem"]
            raise EngineError(
                problem.get("code", "rpc_port"), problem["title"], problem.get("hint", "")
            )
        return record


def _command(lending: Lending) -> list[str]:
    words = [RPC_FLAG, "--host", lending.address.host, "--port", str(lending.address.port)]
    words += ["--threads", str(lending.threads), "--memory", str(lending.memory_mib)]
    for device in lending.devices:
        words += ["--device", device]
    start = engine_command()
    return [*start[: start.index("--engine")], *words]


def _check_free(address: Address) -> None:
    """Raise EngineError where nothing can listen: the library would only say that it can't."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            if sys.platform != "win32":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise EngineError(
            "rpc_port",
            f"Nothing can listen at {address}: {error.strerror or error}.",
            "Choose another port with --port, or an address of this machine with --host.",
        ) from error


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - both were asked for
    return stream


def _broken(title: str) -> dict[str, Any]:
    raise EngineError("rpc_worker_ended", title, "'snug doctor' shows whether the engine works.")
