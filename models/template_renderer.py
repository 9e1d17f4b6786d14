"""Renders chat templates in a child process with limits of time, memory and size.

A template comes with the model file, so it is a stranger's program. The sandbox keeps it from
Python's inside but not from looping or filling the memory, hence a process that may be killed.

Frames are a four-byte little-endian length and one msgpack map, a request and its answer by turns.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from typing import BinaryIO, Final, Literal, cast

import msgspec

from models import frames
from models.deadline import Deadline
from models.frames import FrameError
from models.installation import process_command

CPU_LIMIT_S: Final = 2.0
WALL_LIMIT_S: Final = 10.0
"""For a crowded machine, where two seconds of computing take longer, and for one that has no timer
of computing time."""
MEMORY_LIMIT: Final = 768 * 1024 * 1024
OUTPUT_LIMIT: Final = 15 * 1024 * 1024
"""Characters: with four bytes to each they fit into a frame."""
_START_LIMIT_S: Final = 60.0
TEMPLATES_FLAG: Final = "--render-templates"
"""What makes a frozen build's engine process a renderer of templates."""


class RenderRequest(msgspec.Struct, frozen=True):
    """A template's source and what it is rendered with."""

    source: str
    variables: dict[str, object]


class RenderAnswer(msgspec.Struct, frozen=True):
    """The rendered ``text``, or an ``error``: in the template's own words where it ``refused``."""

    outcome: Literal["rendered", "refused", "failed"]
    text: str = ""
    error: str = ""


REQUESTS: Final = msgspec.msgpack.Decoder(RenderRequest)
ANSWERS: Final = msgspec.msgpack.Decoder(RenderAnswer)


def template_command() -> list[str]:
    """Return the command line of the child process."""
    return process_command("models.template_process", "--engine-process", TEMPLATES_FLAG)


class TemplateRenderer:
    """A child process that is kept warm, and started again after it died. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, None while there is none."""
        child = self._child
        return child.pid if child else None

    def start(self) -> None:
        """Start the process ahead of its first use, without waiting for it."""
        with self._lock:
            self._living()

    def render(self, request: RenderRequest) -> RenderAnswer:
        """Render within the limits; trouble of any kind is an answer."""
        with self._lock:
            child = self._living()
            answer = child.ask(request)
            if answer is None:
                self._child = None
                answer = RenderAnswer("failed", error=child.cause_of_death())
            return answer

    def close(self) -> None:
        """End the process; a later ``render`` starts another."""
        with self._lock:
            if self._child is not None:
                self._child.kill()
                self._child = None

    def _living(self) -> _Child:
        if self._child is not None and not self._child.alive:
            self._child.kill()
            self._child = None
        if self._child is None:
            self._child = _Child()
        return self._child


class _Child:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            template_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._requests = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._ready = False
        self._deadline = Deadline(self._process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: RenderRequest) -> RenderAnswer | None:
        """Return the answer, or None when the process died of the question."""
        try:
            # It greets when its imports are done: a slow start is not the template's fault.
            if not self._ready:
                with self._deadline.within(_START_LIMIT_S):
                    self._read()
                self._ready = True
            with self._deadline.within(WALL_LIMIT_S):
                self._requests.write(frames.encode(request))
                self._requests.flush()
                return self._read()
        except (OSError, EOFError, FrameError):
            return None

    def _read(self) -> RenderAnswer:
        answer = frames.read(self._answers, ANSWERS)
        if answer is None:
            raise EOFError
        return answer

    def cause_of_death(self) -> str:
        """Make sure that the process is dead, and say what of."""
        self.kill()
        # The timer of computing time is not there on every platform, nor is its signal.
        cpu_timer = getattr(signal, "SIGPROF", None)
        if self._deadline.passed or (cpu_timer and self._process.returncode == -cpu_timer):
            return "it ran too long"
        return "it broke the process that renders it"

    def kill(self) -> None:
        # Whoever died of the question is left to do so by its own signal, which tells the cause.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.05)
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
