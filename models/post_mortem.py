"""What killed an engine process, in words for people."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Final

from models.installation import repair
from models.records import Problem

_ASSERTION: Final = re.compile(
    r"^.*(?:GGML_ASSERT|GGML_ABORT|Assertion `|terminate called).*$", re.MULTILINE
)
GONE_MARK: Final = "Snug: gone RPC workers: "
"""What the engine's log says before the engine dies of a worker's death."""
_GONE_WORKERS: Final = re.compile(re.escape(GONE_MARK) + r"(.+)")
_EXCEPTION: Final = re.compile(r"^\w[\w.]*(?:Error|Exception)(?::.*)?$", re.MULTILINE)
_TRY_AGAIN: Final = "Send the message again; the engine starts anew."
_LESS_MEMORY: Final = "Close other programs, or choose a smaller model or context window."
_WINDOWS_STATUS: Final = {
    0xC0000005: "SIGSEGV",
    0xC0000006: "SIGBUS",
    0xC000001D: "SIGILL",
    0xC0000017: "SIGKILL",
}
_CAUSES: Final = {
    "SIGKILL": (
        "The engine was killed from outside (SIGKILL), as the system does when memory runs out.",
        _LESS_MEMORY,
    ),
    "SIGTERM": ("The engine was told to end by another program (SIGTERM).", _TRY_AGAIN),
    "SIGSEGV": (
        "The engine crashed on a bad memory access (SIGSEGV).",
        f"{_TRY_AGAIN} If it crashes on this model again, the file may be damaged.",
    ),
    "SIGBUS": (
        "The engine could not read the model file any more (SIGBUS).",
        "See that the file is whole and its disk is there, then open the model again.",
    ),
    "SIGILL": (
        "The engine's library was built for another processor (SIGILL).",
        "Install the library for this machine: 'make setup BACKEND=cpu'.",
    ),
    "SIGABRT": (
        "The engine stopped itself at an inner check (SIGABRT).",
        f"{_TRY_AGAIN} If it stops on this model again, the file may be damaged.",
    ),
}

_LAST_WORDS: Final = 2000
"""How much of the log's end is about the death and not about what went before."""
_DEVICE_DEATHS: Final = (
    (
        re.compile(r"OutOfDeviceMemory|CUDA error: out of memory|cudaMalloc failed: out of memory"),
        "device_out_of_memory",
        "The GPU ran out of memory, and the engine ended with that.",
        "Put fewer layers on it, or choose a smaller context window.",
    ),
    (
        re.compile(r"DeviceLost|device lost|CUDA error|ROCm error|hipError"),
        "device_failed",
        "The GPU's driver failed, and the engine ended with that.",
        "Put fewer layers on the GPU, or renew its driver.",
    ),
    (
        re.compile(r"in a buffer \(\w+\) that cannot run the operation"),
        "device_failed",
        "The GPU can't hold a part of the model or of its cache that is so large.",
        "Put fewer layers on it, keep the KV cache off it, or choose a smaller context window.",
    ),
)


def describe_death(
    exit_code: int, log: str, *, started: bool, out_of_memory: bool = False
) -> Problem:
    """Return the problem that a dead engine process is reported as.

    ``exit_code`` is negative for a signal; ``started`` tells whether the process ever said that it
    was ready. The detail is the telling line at the end of its ``log``, never a whole traceback.
    """
    detail = _telling_line(log)
    name = _signal_name(exit_code)
    if name and (gone := _GONE_WORKERS.search(log)):
        return _workers_gone(gone[1].strip(), detail)
    if name and (trouble := _device_trouble(log, detail)):
        return trouble
    code = "engine_died" if started else "engine_start_failed"
    if out_of_memory:
        title, hint = "The engine was killed: the machine ran out of memory.", _LESS_MEMORY
    elif name in _CAUSES:
        title, hint = _CAUSES[name]
    elif name:
        title, hint = f"The engine was ended by a signal ({name}).", _TRY_AGAIN
    elif not started:
        title = f"The engine could not start (exit status {exit_code})."
        hint = f"{repair()}; 'snug doctor' shows where the log is."
    else:
        title, hint = f"The engine ended by itself (exit status {exit_code}).", _TRY_AGAIN
    return Problem(code=code, title=title, hint=hint, detail=detail)


def _device_trouble(log: str, detail: str) -> Problem | None:
    """Return what a device or its driver did before the process died of it."""
    last = log[-_LAST_WORDS:]
    for pattern, code, title, hint in _DEVICE_DEATHS:
        if pattern.search(last):
            return Problem(code=code, title=title, hint=hint, detail=detail)
    return None


def is_crash(exit_code: int) -> bool:
    """Return whether a process ended by a fault of its own, and was not killed from outside."""
    return _signal_name(exit_code) not in {"", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"}


def _workers_gone(workers: str, detail: str) -> Problem:
    whole = f"RPC workers at {workers} are" if "," in workers else f"RPC worker at {workers} is"
    return Problem(
        code="rpc_worker_gone",
        title=f"The {whole} gone, with a part of the model; the engine can't go on without.",
        hint="Start the worker again ('snug rpc-worker' on its machine) and send the message "
        "again; or take it out of the settings and load the model without it.",
        detail=detail,
    )


def oom_kills() -> int:
    """Return how many processes the kernel has killed for want of memory; 0 where unknown."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    match = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(match[1]) if match else 0


def _signal_name(exit_code: int) -> str:
    if exit_code >= 0:
        return _WINDOWS_STATUS.get(exit_code, "")
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def _telling_line(tail: str) -> str:
    """Return the last assertion, or else the last exception, that the log tells of."""
    for pattern in (_ASSERTION, _EXCEPTION):
        if lines := pattern.findall(tail):
            return str(lines[-1]).strip()
    return ""
