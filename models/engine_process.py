"""An engine process and its pipes: two threads that carry frames, and the ways to end it."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, cast

from models import frames, protocol
from models.frames import FrameError
from models.installation import process_command
from models.post_mortem import describe_death, oom_kills
from models.protocol import Event, Request, Speak
from models.records import Problem
from models.wording import language

_LOG_LIMIT: Final = 1024 * 1024
_TAIL_BYTES: Final = 16 * 1024
_WAIT_FOR_KILLED_S: Final = 1.0

_WITHOUT_DEVICES: Final = {
    "GGML_DISABLE_VULKAN": "1",
    "GGML_VK_VISIBLE_DEVICES": "",
    "CUDA_VISIBLE_DEVICES": "-1",
    "HIP_VISIBLE_DEVICES": "-1",
    "ONEAPI_DEVICE_SELECTOR": "!*:gpu",
}
"""What the back ends look at before they look for devices."""


class Ended:
    """The process has closed its pipe; ``garbage`` says what it sent if nobody could read it."""

    def __init__(self, garbage: str = "") -> None:
        self.garbage = garbage


def engine_command(engine: str = "llama", *extra: str) -> list[str]:
    """Return the command line of an engine process; ``extra`` are the fake engine's options."""
    return [*process_command("models.worker", "--engine-process"), "--engine", engine, *extra]


class EngineProcess:
    """One life of the engine process.

    Creating it starts the process (raises OSError). ``deliver`` is called on a thread of its own
    with this process and each event, and with Ended at last. Only ``kill``,
    ``close`` and ``autopsy`` wait for the process, and not for long. ``without_devices`` hides the
    GPUs from it, for a driver that would kill it.
    """

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        deliver: Callable[[EngineProcess, Event | Ended], None],
        *,
        without_devices: bool = False,
    ) -> None:
        self._deliver = deliver
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._oom_kills = oom_kills()
        self._log_path = log_path
        self._language = language()
        self.without_devices = without_devices
        self.ready = False
        """Whether it has said so; the owner sets this."""
        with _open_log(log_path) as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                env=os.environ | _WITHOUT_DEVICES if without_devices else None,
            )
        for carry in (self._write, self._read):
            threading.Thread(target=carry, name=f"engine {carry.__name__}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Queue a request. Raises FrameError when it is too large to be sent.

        The process speaks the language that this one speaks at the time.
        """
        if self._language != language():
            self._language = language()
            self._outgoing.put(frames.encode(Speak(language=self._language)))
        self._outgoing.put(frames.encode(request))

    def kill(self) -> int:
        """End the process by force and return its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        code = self._wait(_WAIT_FOR_KILLED_S)
        return -signal.SIGTERM if code is None else code

    def close(self, patience_s: float) -> None:
        """End the process by ending its input, and by force after ``patience_s``."""
        self._outgoing.put(None)
        if self._wait(patience_s) is None:
            self.kill()

    def autopsy(self) -> tuple[int, Problem]:
        """Return the exit code (negative: a signal) and why a process ended that closed its pipe.

        One that lives on without its pipe is of no use, and is killed.
        """
        code = self._wait(_WAIT_FOR_KILLED_S)
        exit_code = self.kill() if code is None else code
        problem = describe_death(
            exit_code,
            self._log_tail(),
            started=self.ready,
            out_of_memory=exit_code < 0 and oom_kills() > self._oom_kills,
        )
        return exit_code, problem

    def _wait(self, timeout_s: float) -> int | None:
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def _log_tail(self) -> str:
        """Return the end of what this process has logged."""
        try:
            with self._log_path.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_start if self._log_start <= end else 0, end - _TAIL_BYTES))
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    def _write(self) -> None:
        requests = cast("BinaryIO", self._process.stdin)
        with contextlib.suppress(OSError), requests:
            while (frame := self._outgoing.get()) is not None:
                rest = memoryview(frame)
                while rest:
                    rest = rest[requests.write(rest) :]

    def _read(self) -> None:
        ended = Ended()
        with io.BufferedReader(cast("io.RawIOBase", self._process.stdout)) as events:
            try:
                while (event := protocol.read_event(cast("BinaryIO", events))) is not None:
                    self._deliver(self, event)
            except FrameError as error:
                ended = Ended(str(error))
        self._outgoing.put(None)
        self._deliver(self, ended)


def _open_log(path: Path) -> BinaryIO:
    """Open the log to append to; one that has grown large becomes its only predecessor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")
