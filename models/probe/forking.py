"""Answer a question in a fork of this process, which may die of it. For Linux."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from typing import BinaryIO, Final, NoReturn

from models import frames
from models.frames import FrameError
from models.probe.limits import ended_by_time, limit_resources
from models.probe.messages import ANSWERS, Answer, Asked, Died, Waiting

if sys.platform != "linux":
    raise ImportError("processes are forked on Linux alone")

_TAIL_BYTES: Final = 16 * 1024
_CHUNK: Final = 64 * 1024
_EXTRA_S: Final = 2.0
"""A fork ends itself at its limit; one that can't be ended so is killed a little later."""
_DIE_WITH_PARENT: Final = 1


def answer_in_fork(
    asked: Asked, answer_to: Callable[[Asked], Answer], questions: BinaryIO
) -> Answer:
    """Return what the fork answers, or how it died. No fork is left behind.

    Ends this process when ``questions`` ends: nobody waits for the answer any more.
    """
    answer_out, answer_in = os.pipe()
    log_out, log_in = os.pipe()
    fork = os.fork()
    if fork == 0:
        os.close(answer_out)
        os.close(log_out)
        _answer_and_end(asked, answer_to, answer_in, log_in)
    os.close(answer_in)
    os.close(log_in)
    try:
        said = _Listener(answer_out, log_out, questions.fileno())
        overdue = not said.listen(asked.limits.wall_s + _EXTRA_S)
        with contextlib.suppress(ProcessLookupError):
            if overdue or said.asker_gone:
                os.kill(fork, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
        said.drain_log()
    finally:
        os.close(answer_out)
        os.close(log_out)
    if said.asker_gone:
        os._exit(0)
    answer = _decode(bytes(said.answer))
    if status == 0 and answer is not None:
        return answer
    log = bytes(said.log).decode(errors="replace")
    return Died(exit_code=status, log=log, overdue=overdue or ended_by_time(status))


def _answer_and_end(
    asked: Asked, answer_to: Callable[[Asked], Answer], answer_in: int, log_in: int
) -> NoReturn:
    """Be the fork: answer and end, whatever happens, without the parent's clean-up."""
    status = 1
    try:
        _die_with_parent()
        os.dup2(log_in, 1)
        os.dup2(log_in, 2)
        limit_resources(asked.limits)
        frame = memoryview(frames.encode(answer_to(asked)))
        while frame:
            frame = frame[os.write(answer_in, frame) :]
        status = 0
    except BaseException as error:  # noqa: BLE001 - nothing may get back into the parent's code
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        os._exit(status)


def _die_with_parent() -> None:
    """Ask Linux for a SIGKILL when the parent dies, however that happens."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


class _Listener:
    """Takes in a fork's answer and the end of its log, and watches for the asker's end."""

    def __init__(self, answer_out: int, log_out: int, questions: int) -> None:
        self.answer = bytearray()
        self.log = bytearray()
        self.asker_gone = False
        self._answer_out, self._log_out, self._questions = answer_out, log_out, questions
        os.set_blocking(log_out, False)

    def listen(self, timeout_s: float) -> bool:
        """Listen until the fork closes its answer, or the asker is gone; False: time is up."""
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            for source in (self._answer_out, self._log_out, self._questions):
                selector.register(source, selectors.EVENT_READ)
            while (patience := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(patience):
                    if key.fd == self._log_out:
                        if not self._take_log():
                            selector.unregister(self._log_out)
                    elif key.fd == self._questions:
                        # There is one question at a time, so this is the end.
                        self.asker_gone = True
                        return True
                    elif chunk := os.read(self._answer_out, _CHUNK):
                        self.answer += chunk
                    else:
                        return True
        return False

    def drain_log(self) -> None:
        """Take in what is left of the log."""
        while self._take_log():
            pass

    def _take_log(self) -> bool:
        """Take in a piece of the log; return whether there was any."""
        try:
            chunk = os.read(self._log_out, _CHUNK)
        except BlockingIOError:
            return False
        self.log += chunk
        del self.log[:-_TAIL_BYTES]
        return bool(chunk)


def _decode(frame: bytes) -> Answer | None:
    """Return the answer of a whole frame, which a fork that dies does not leave."""
    import io  # noqa: PLC0415

    try:
        answer = frames.read(io.BytesIO(frame), ANSWERS)
    except FrameError:
        return None
    return None if isinstance(answer, Waiting) else answer
