"""One life of the probe's process, seen from outside."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Sequence
from typing import BinaryIO, Final, cast

from models import frames
from models.deadline import Deadline
from models.frames import FrameError
from models.installation import process_command
from models.probe import problems
from models.probe.limits import ended_by_time
from models.probe.messages import ANSWERS, Answer, Asked, Died, Waiting

PROBE_FLAG: Final = "--probe"
"""What makes a frozen build's engine process a probe."""
_START_LIMIT_S: Final = 60.0
_EXTRA_S: Final = 5.0
"""The process keeps its own limits; one that doesn't is killed a little later."""
_LAST_BREATH_S: Final = 0.5
_TAIL_BYTES: Final = 16 * 1024


def probe_command() -> list[str]:
    """Return the command line of the probe's process."""
    return process_command("models.probe.process", "--engine-process", PROBE_FLAG)


class Connection:
    """The process and its pipes. Creating it starts the process (raises OSError)."""

    def __init__(self, command: Sequence[str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
        except OSError:
            self._log.close()
            raise
        self._questions = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._waiting = False
        self._deadline = Deadline(self._process)
        self._last_words = ""

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, asked: Asked) -> Answer | None:
        """Return the answer, or None when the process died instead; see ``autopsy``.

        Raises EngineError where it never came up.
        """
        if not self._waiting:
            # It greets when its imports are done: a slow start is no question's fault.
            with self._deadline.within(_START_LIMIT_S):
                greeting = self._read()
            if not isinstance(greeting, Waiting):
                raise problems.no_start(self.autopsy().log)
            self._waiting = True
        with self._deadline.within(asked.limits.wall_s + _EXTRA_S):
            with contextlib.suppress(OSError):
                self._questions.write(frames.encode(asked))
                self._questions.flush()
            answer = self._read()
        return None if isinstance(answer, Waiting) else answer

    def autopsy(self) -> Died:
        """Make sure that the process is gone; return how it ended. Safe to call again."""
        self.end()
        code = self._process.returncode
        overdue = self._deadline.passed or ended_by_time(code)
        return Died(exit_code=code, log=self._last_words, overdue=overdue)

    def kill(self) -> None:
        """End the process by force, from any thread, without waiting for it."""
        self._process.kill()

    def end(self) -> None:
        """End the process, by force if it doesn't go. Safe to call again."""
        for pipe in (self._questions, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            # Whoever died of a question is left to do so by its own signal, which tells the cause.
            self._process.wait(_LAST_BREATH_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if not self._log.closed:
            self._last_words = self._read_log()
            self._log.close()

    def _read(self) -> Answer | Waiting | None:
        try:
            return frames.read(self._answers, ANSWERS)
        except (OSError, FrameError):
            return None

    def _read_log(self) -> str:
        size = self._log.seek(0, 2)
        self._log.seek(max(0, size - _TAIL_BYTES))
        return self._log.read().decode(errors="replace")
