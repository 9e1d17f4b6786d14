"""llama.cpp's RPC back end: other machines' devices made this process's own, or lent to others.

What this process can't undo: a worker stays registered until the process ends. So whoever loads a
model names the devices to use, and leaves those out that are not wanted any more.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from collections.abc import Sequence
from typing import Any, Final

from models.installation import repair
from models.llama.library import lib
from models.post_mortem import GONE_MARK
from models.problems import EngineError
from models.rpc import (
    Address,
    is_connected,
    is_listening,
    notice_silence,
    parse_address,
    probe_server,
)
from models.wording import tr

_registered: Final[dict[str, tuple[str, ...]]] = {}
"""The names of each registered worker's devices, by the worker's address."""
_wanted: Final[list[Address]] = []
"""The workers of the last load that had any."""
_LOOKS, _LOOK_EVERY_S = 8, 0.1


def has_rpc() -> bool:
    """Return whether the library was built with RPC."""
    return bool(_registry())


def check_rpc() -> None:
    """Raise EngineError (``rpc_missing``) where the library has no RPC."""
    if not has_rpc():
        raise EngineError(
            "rpc_missing",
            tr("This build of llama.cpp can't spread a model over several machines."),
            tr("{repair}, or take the workers out of the settings.", repair=repair()),
        )


def add_servers(servers: Sequence[str]) -> None:
    """Make the workers' devices known to this process, each greeted first.

    A worker that is registered and in use by this process is not greeted: it would not answer.
    Raises EngineError (``rpc_missing`` where the library has no RPC, or what ``models.rpc`` says).
    """
    addresses = [parse_address(server) for server in servers]
    if addresses:
        check_rpc()
        _wanted[:] = addresses
    for address in addresses:
        if not is_connected(address):
            probe_server(str(address))
        if str(address) not in _registered:
            _register(address)


def watch(servers: Sequence[str]) -> None:
    """Let a connection break in time when a worker's machine is gone. After each load."""
    for server in servers:
        notice_silence(parse_address(server).port)


def devices_of(servers: Sequence[str]) -> tuple[str, ...]:
    """Return the names of these workers' devices, in the order given."""
    known = (_registered.get(str(parse_address(server)), ()) for server in servers)
    return tuple(name for names in known for name in names)


def serve(address: Address, devices: Sequence[int], threads: int) -> None:
    """Lend devices, by their handles, to whoever connects. Returns only where it can't listen."""
    signature = ctypes.CFUNCTYPE(
        None,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_void_p),
    )
    handles = (ctypes.c_void_p * len(devices))(*devices)
    start = signature(_entry("ggml_backend_rpc_start_server"))
    start(str(address).encode(), None, threads, len(devices), handles)


def _register(address: Address) -> None:
    _tell_of_gone_workers()
    add_server = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(
        _entry("ggml_backend_rpc_add_server")
    )
    registry = add_server(str(address).encode())
    if not registry:
        raise EngineError(
            "rpc_no_devices",
            tr("The RPC worker at {address} lends no device.", address=address),
            tr("Start it again with '--device', or take it out of the settings."),
        )
    _call("ggml_backend_register", None, ctypes.c_void_p)(registry)
    count = _call("ggml_backend_reg_dev_count", ctypes.c_size_t, ctypes.c_void_p)(registry)
    get = _call("ggml_backend_reg_dev_get", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    name = _call("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)
    _registered[str(address)] = tuple(
        name(get(registry, index)).decode(errors="replace") for index in range(count)
    )


def _registry() -> Any:  # noqa: ANN401 - a pointer of the library
    return _call("ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)(b"RPC")


def _entry(name: str) -> int:
    find = _call(
        "ggml_backend_reg_get_proc_address", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p
    )
    return int(find(_registry(), name.encode()) or 0)


def _call(name: str, restype: Any, *argtypes: Any) -> Any:  # noqa: ANN401
    prototype = ctypes.CFUNCTYPE(restype, *argtypes)
    return prototype((name, lib._lib))  # noqa: SLF001 - the only way to this copy of ggml


# --- when a worker dies ------------------------------------------------------------------------

_ABORT_CALLBACK: Final = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


def _on_abort(message: bytes | None) -> None:
    """Write down why the process is about to die, and which workers are not there any more."""
    text = (message or b"").decode(errors="replace")
    lines = [text]
    if "RPC" in text or "Failed to connect" in text:
        lines.append(GONE_MARK + ", ".join(_gone_workers()))
    with contextlib.suppress(OSError):
        os.write(2, ("\n".join(lines) + "\n").encode())


def _gone_workers() -> list[str]:
    """Return the workers of the last load that don't listen; all of them where each does.

    A process that dies closes its connections one by one, so the port may close a little later.
    """
    for _ in range(_LOOKS):
        gone = [str(address) for address in _wanted if not is_listening(address)]
        if gone:
            return gone
        time.sleep(_LOOK_EVERY_S)
    return list(map(str, _wanted))


_callback: Final = _ABORT_CALLBACK(_on_abort)


def _tell_of_gone_workers() -> None:
    _call("ggml_set_abort_callback", ctypes.c_void_p, _ABORT_CALLBACK)(_callback)
