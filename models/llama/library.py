"""The llama.cpp library itself: loaded once, with its log captured and its devices listed.

Everything else in this room takes the low-level calls from here, as ``lib``.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from models.wording import tr

# Read when the library loads. An assertion should end the process, not fork a debugger. And a
# thread that waits for another shouldn't spin for long: where another program has the core that
# the other one needs, OpenMP's default of 300,000 turns makes each of a token's hundreds of
# barriers last for milliseconds.
os.environ.setdefault("GGML_NO_BACKTRACE", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import llama_cpp
from llama_cpp import llama_cpp as lib

from models.problems import EngineError
from models.records import Device, Versions
from models.rpc import is_reachable

__all__ = [
    "choose_devices",
    "describe",
    "device_handles",
    "devices",
    "give_memory_back",
    "gpu_devices",
    "lib",
    "log",
    "text",
    "versions",
]

_RPC_DEVICE: Final = "RPC"
_ADDED_BACKEND: Final = "GGML_BACKEND_PATH"
_CPU_BACKEND: Final = re.compile(r"loaded CPU backend from .*ggml-cpu-(\w+)\.")
_LOG_CAPACITY: Final = 600
_LEVEL_DEBUG, _LEVEL_INFO, _LEVEL_CONTINUED = 1, 2, 5
_DEVICE_KINDS: Final[dict[int, Literal["cpu", "gpu", "igpu", "accelerator"]]] = {
    0: "cpu",
    1: "gpu",
    2: "igpu",
}


class LibraryLog:
    """Keeps the last lines that llama.cpp logged, and passes them on to stderr.

    The library may log from any of its threads. A ``listener`` hears the debug messages too, which
    are neither kept nor passed on.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LOG_CAPACITY)
        self._written = 0
        self._level = _LEVEL_INFO
        self.listener: Callable[[str], object] | None = None
        # The library keeps only the address: without this reference the callback is collected.
        self._callback = lib.llama_log_callback(self._on_log)
        lib.llama_log_set(self._callback, ctypes.c_void_p(0))

    def mark(self) -> int:
        """Return a position to read from with ``since``."""
        return self._written

    def since(self, mark: int) -> str:
        """Return what was logged after the mark, as far as it is still kept."""
        lines = list(self._lines)
        fresh = min(self._written - mark, len(lines))
        return "".join(lines[len(lines) - fresh :])

    @contextmanager
    def overheard(self) -> Iterator[list[str]]:
        """Collect what is logged meanwhile, debug messages included."""
        said: list[str] = []
        self.listener = said.append
        try:
            yield said
        finally:
            self.listener = None

    def _on_log(self, level: int, text: bytes | None, _data: object) -> None:
        if level != _LEVEL_CONTINUED:
            self._level = level
        if not text or (self._level == _LEVEL_DEBUG and self.listener is None):
            return
        line = text.decode("utf-8", errors="replace")
        if self.listener is not None:
            self.listener(line)
        if self._level == _LEVEL_DEBUG:
            return
        self._lines.append(line)
        self._written += 1
        if sys.stderr is not None:
            sys.stderr.write(line)


def _start() -> LibraryLog:
    log = LibraryLog()
    # A back end that a person adds would be the only one here, and the processor's not looked for.
    added = os.environ.pop(_ADDED_BACKEND, None)
    lib.llama_backend_init()
    if added is not None:
        os.environ[_ADDED_BACKEND] = added
    count = lib._lib.ggml_backend_dev_count  # noqa: SLF001 - the only way to this copy of ggml
    count.restype = ctypes.c_size_t
    if count() == 0:
        # A build with loadable back ends looks for them beside the executable only. This loads the
        # added one too.
        folder = Path(llama_cpp.__file__).parent / "lib"
        lib._lib.ggml_backend_load_all_from_path(os.fsencode(folder))  # noqa: SLF001
    return log


def _declare(name: str, restype: Any, *argtypes: Any) -> Any:  # noqa: ANN401
    function = getattr(lib._lib, name)  # noqa: SLF001
    function.restype, function.argtypes = restype, list(argtypes)
    return function


log: Final = _start()
_chosen: Final = _CPU_BACKEND.search(log.since(0))
_cpu_variant: Final = _chosen[1] if _chosen else "native"

_device_count = _declare("ggml_backend_dev_count", ctypes.c_size_t)
_device_get = _declare("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
_device_name = _declare("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)
_device_description = _declare("ggml_backend_dev_description", ctypes.c_char_p, ctypes.c_void_p)
_device_type = _declare("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)
_device_memory = _declare(
    "ggml_backend_dev_memory",
    None,
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.POINTER(ctypes.c_size_t),
)
_trim: Final = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
_ggml_commit = _declare("ggml_commit", ctypes.c_char_p)


def versions() -> Versions:
    """Return the versions of the binding and of llama.cpp, and for which processor it was built."""
    built = f"{text(lib.llama_version())} ({text(_ggml_commit())})"
    return Versions(engine=llama_cpp.__version__, llama_cpp=built, cpu_variant=_cpu_variant)


def devices() -> tuple[Device, ...]:
    """List the devices that llama.cpp sees, in its own order."""
    return tuple(describe(handle) for handle in device_handles().values())


def device_handles() -> dict[str, int]:
    """Return the library's handle of each device, by its name, in the library's own order."""
    handles = (_device_get(index) for index in range(_device_count()))
    return {text(_device_name(handle)): handle for handle in handles}


def gpu_devices() -> tuple[Device, ...]:
    """List the devices that layers can be offloaded to.

    ``llama_supports_gpu_offload`` is no help: it is true wherever RPC is built in.
    """
    return tuple(device for device in devices() if device.kind in ("gpu", "igpu"))


def choose_devices(wanted: Sequence[str], workers: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the devices to load on, as llama.cpp would choose them by itself.

    Those wanted; otherwise those of the ``workers`` and every GPU, integrated ones only where
    there is no other. Raises EngineError for one that is not there.
    """
    known = {name: _device_type(handle) for name, handle in device_handles().items()}
    if missing := [name for name in wanted if name not in known]:
        raise EngineError(
            "no_device",
            tr("The device {name} is not there.", name=missing[0]),
            tr("Choose from {names}, or leave the devices to Snug.", names=", ".join(known)),
        )
    if wanted:
        return tuple(wanted)
    own = [name for name in known if not name.startswith(_RPC_DEVICE)]
    kinds = {name: _DEVICE_KINDS.get(known[name]) for name in own}
    gpus = [name for name in own if kinds[name] == "gpu"]
    return (*workers, *(gpus or [name for name in own if kinds[name] == "igpu"]))


def give_memory_back() -> None:
    """Have the C library return to the system what was freed; glibc alone keeps so much of it."""
    if _trim is not None:
        _trim(0)


def text(value: bytes | None) -> str:
    """Return a C string as text."""
    return (value or b"").decode("utf-8", errors="replace")


def describe(handle: int) -> Device:
    """Return what the library tells of a device.

    A worker's memory stays unknown where the worker doesn't answer: asking would end the process.
    """
    name, description = text(_device_name(handle)), text(_device_description(handle))
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    if not name.startswith(_RPC_DEVICE) or is_reachable(description):
        _device_memory(handle, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=name,
        description=description,
        kind=_DEVICE_KINDS.get(_device_type(handle), "accelerator"),
        memory_free=free.value,
        memory_total=total.value,
    )
