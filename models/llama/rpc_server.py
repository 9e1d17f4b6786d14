"""The process that lends this machine's devices: one command line in, lines of JSON out.

It ends when its standard input does, so that it never outlives the command that started it. What
it says, one JSON object a line: first what it lends, or a problem; then, whenever it changes,
whether a program is connected.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, NoReturn

import msgspec
import psutil

from models.llama import library, rpc
from models.problems import EngineError
from models.rpc import Address, is_serving, notice_silence

_MIB: Final = 1024 * 1024
_LOOK_EVERY_S: Final = 0.01
_CONNECTED: Final = b"Accepted client connection"
_DISCONNECTED: Final = b"Client connection closed"
_GET_MEMORY: Final = 2
"""The place of ``get_memory`` in a device's table of functions."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve until standard input ends or nobody can connect."""
    parser = argparse.ArgumentParser(prog="models.llama.rpc_server", allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--memory", type=int, default=0, help="MiB of each device at most")
    parser.add_argument("--device", action="append", default=[])
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_pipes(options.port)
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        rpc.check_rpc()
        handles = _choose(options.device)
        if options.memory:
            for handle in handles:
                _limit(handle, options.memory * _MIB)
        lent = [library.describe(handle) for handle in handles]
    except EngineError as error:
        _say(answers, {"problem": msgspec.to_builtins(error.problem)})
        os._exit(1)
    announcement = {"lends": msgspec.to_builtins(lent)}
    threading.Thread(
        target=_announce, args=(options.port, answers, announcement), daemon=True
    ).start()
    rpc.serve(Address(options.host, options.port), handles, options.threads)
    _say(answers, {"problem": {"title": f"Nothing can listen at {options.host}:{options.port}."}})
    os._exit(1)


def _take_pipes(port: int) -> BinaryIO:
    """Keep standard output for ourselves, and read from what C code prints who is connected."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    printed, printing = os.pipe()
    os.dup2(printing, 1)
    os.close(printing)
    threading.Thread(target=_tell_connections, args=(printed, answers, port), daemon=True).start()
    return answers


def _tell_connections(printed: int, answers: BinaryIO, port: int) -> None:
    with os.fdopen(printed, "rb") as lines:
        for line in lines:
            if line.strip() in {_CONNECTED, _DISCONNECTED}:
                notice_silence(port)
                _say(answers, {"connected": line.strip() == _CONNECTED})


def _announce(port: int, answers: BinaryIO, announcement: dict[str, Any]) -> None:
    """Say what is lent as soon as the library listens, which it does not tell."""
    while not is_serving(port):
        time.sleep(_LOOK_EVERY_S)
    _say(answers, announcement)


def _say(answers: BinaryIO, record: dict[str, Any]) -> None:
    answers.write(msgspec.json.encode(record) + b"\n")


def _end_with_input() -> NoReturn:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _choose(names: Sequence[str]) -> list[int]:
    """Return the devices of these names; without any, every GPU, or else the CPU."""
    known = library.device_handles()
    kinds = {name: library.describe(handle).kind for name, handle in known.items()}
    if unknown := [name for name in names if name not in known]:
        raise EngineError(
            "rpc_no_devices",
            f"There is no device “{unknown[0]}” on this machine.",
            f"Choose from {', '.join(known)}.",
        )
    gpus = [name for name, kind in kinds.items() if kind in {"gpu", "igpu"}]
    cpus = [name for name, kind in kinds.items() if kind == "cpu"]
    return [known[name] for name in names or gpus or cpus[:1]]


# --- a limit of memory -------------------------------------------------------------------------

_GetMemory: Final = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)
)
_kept: Final[list[Any]] = []
"""What the library calls back, and would otherwise be collected."""


def _limit(handle: int, limit: int) -> None:
    """Let a device tell of no more memory than this, and for the CPU allow no more either.

    The library has no option for it. A device begins with a table of functions, so the one that
    tells its memory is exchanged, once it is clear that it stands where it is expected.
    Raises EngineError where it doesn't.
    """
    before = library.describe(handle)
    table = ctypes.cast(handle, ctypes.POINTER(ctypes.c_void_p))
    get_memory = _GetMemory(table[_GET_MEMORY] or 0)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    get_memory(handle, ctypes.byref(free), ctypes.byref(total))
    if total.value != before.memory_total:
        raise EngineError(
            "rpc_no_limit",
            "This build of llama.cpp can't limit the memory that it lends.",
            "Leave out --memory.",
        )
    process = psutil.Process()
    own = process.memory_info().rss

    def tell(device: int, free: Any, total: Any) -> None:  # noqa: ANN401 - pointers
        get_memory(device, free, total)
        used = process.memory_info().rss - own if before.kind == "cpu" else 0
        total[0] = min(total[0], limit)
        free[0] = min(free[0], max(0, limit - used))

    replacement = _GetMemory(tell)
    _kept.append(replacement)
    table[_GET_MEMORY] = ctypes.cast(replacement, ctypes.c_void_p)
    if before.kind == "cpu":
        _limit_process(limit)


def _limit_process(limit: int) -> None:
    """Let an allocation over the limit fail, where the system can; the lender is told of it."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    pages = _data_bytes()
    if pages:
        slack = 256 * _MIB  # for the graph's work and the threads' stacks
        most = pages + limit + slack
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _data_bytes() -> int:
    """Return what the process has of writable memory of its own; 0 where unknown."""
    return int(getattr(psutil.Process().memory_info(), "data", 0))
