"""What killed an engine process, in words for people."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Final

from models.installation import repair
from models.records import Problem
from models.wording import mark, tr, trn

_ASSERTION: Final = re.compile(
    r"^.*(?:GGML_ASSERT|GGML_ABORT|Assertion `|terminate called).*$", re.MULTILINE
)
GONE_MARK: Final = "Snug: gone RPC workers: "
"""What the engine's log says before the engine dies of a worker's death."""
_GONE_WORKERS: Final = re.compile(re.escape(GONE_MARK) + r"(.+)")
_EXCEPTION: Final = re.compile(r"^\w[\w.]*(?:Error|Exception)(?::.*)?$", re.MULTILINE)
_TRY_AGAIN: Final = mark("Send the message again; the engine starts anew.")
_LESS_MEMORY: Final = mark("Close other programs, or choose a smaller model or context window.")
_WINDOWS_STATUS: Final = {
    0xC0000005: "SIGSEGV",
    0xC0000006: "SIGBUS",
    0xC000001D: "SIGILL",
    0xC0000017: "SIGKILL",
}
_CAUSES: Final = {
    "SIGKILL": (
        mark(
            "The engine was killed from outside (SIGKILL), as the system does when memory runs out."
        ),
        _LESS_MEMORY,
    ),
    "SIGTERM": (mark("The engine was told to end by another program (SIGTERM)."), _TRY_AGAIN),
    "SIGSEGV": (
        mark("The engine crashed on a bad memory access (SIGSEGV)."),
        mark(
            "Send the message again; the engine starts anew. If it crashes on this model again, "
            "the file may be damaged."
        ),
    ),
    "SIGBUS": (
        mark("The engine could not read the model file any more (SIGBUS)."),
        mark("See that the file is whole and its disk is there, then open the model again."),
    ),
    "SIGILL": (
        mark("The engine's library was built for another processor (SIGILL)."),
        mark("Install the library for this machine: 'make setup BACKEND=cpu'."),
    ),
    "SIGABRT": (
        mark("The engine stopped itself at an inner check (SIGABRT)."),
        mark(
            "Send the message again; the engine starts anew. If it stops on this model again, "
            "the file may be damaged."
        ),
    ),
}

_LAST_WORDS: Final = 2000
"""How much of the log's end is about the death and not about what went before."""
_DEVICE_DEATHS: Final = (
    (
        re.compile(r"OutOfDeviceMemory|CUDA error: out of memory|cudaMalloc failed: out of memory"),
        "device_out_of_memory",
        mark("The GPU ran out of memory, and the engine ended with that."),
        mark("Put fewer layers on it, or choose a smaller context window."),
    ),
    (
        re.compile(r"DeviceLost|device lost|CUDA error|ROCm error|hipError"),
        "device_failed",
        mark("The GPU's driver failed, and the engine ended with that."),
        mark("Put fewer layers on the GPU, or renew its driver."),
    ),
    (
        re.compile(r"in a buffer \(\w+\) that cannot run the operation"),
        "device_failed",
        mark("The GPU can't hold a part of the model or of its cache that is so large."),
        mark(
            "Put fewer layers on it, keep the KV cache off it, or choose a smaller context window."
        ),
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
        title, hint = tr("The engine was killed: the machine ran out of memory."), tr(_LESS_MEMORY)
    elif name in _CAUSES:
        title, hint = map(tr, _CAUSES[name])
    elif name:
        title = tr("The engine was ended by a signal ({name}).", name=name)
        hint = tr(_TRY_AGAIN)
    elif not started:
        title = tr("The engine could not start (exit status {code}).", code=exit_code)
        hint = tr("{repair}; 'snug doctor' shows where the log is.", repair=repair())
    else:
        title = tr("The engine ended by itself (exit status {code}).", code=exit_code)
        hint = tr(_TRY_AGAIN)
    return Problem(code=code, title=title, hint=hint, detail=detail)


def _device_trouble(log: str, detail: str) -> Problem | None:
    """Return what a device or its driver did before the process died of it."""
    last = log[-_LAST_WORDS:]
    for pattern, code, title, hint in _DEVICE_DEATHS:
        if pattern.search(last):
            return Problem(code=code, title=tr(title), hint=tr(hint), detail=detail)
    return None


def is_crash(exit_code: int) -> bool:
    """Return whether a process ended by a fault of its own, and was not killed from outside."""
    return _signal_name(exit_code) not in {"", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"}


def _workers_gone(workers: str, detail: str) -> Problem:
    title = trn(
        "The RPC worker at {workers} is gone, with a part of the model; the engine can't go on "
        "without.",
        "The RPC workers at {workers} are gone, with a part of the model; the engine can't go on "
        "without.",
        len(workers.split(",")),
        workers=workers,
    )
    return Problem(
        code="rpc_worker_gone",
        title=title,
        hint=tr(
            "Start the worker again ('snug rpc-worker' on its machine) and send the message "
            "again; or take it out of the settings and load the model without it."
        ),
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
