"""Reads or draws a document in a process of its own, with limits on time, memory and expansion."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from desktop.documents.limits import SILENCE_LIMIT_S
from desktop.documents.messages import REPLIES, Batch, Done, Draw, Drawn, Read, Refused, ReplyPart
from desktop.documents.parts import DocumentPart
from desktop.documents.problems import DocumentError
from models import frames
from models.frames import FrameError
from models.installation import process_command
from models.wording import tr

PROCESS_FLAG: Final = "--reading-process"
"""What a frozen build starts itself with to become the process that reads."""
_TICK_S: Final = 0.1
_WAITING_BATCHES: Final = 16
_DRAWING_LIMIT_S: Final = 30.0


def read_document(
    path: Path,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    command: Sequence[str] | None = None,
    silence_limit_s: float = SILENCE_LIMIT_S,
) -> Iterator[DocumentPart]:
    """Yield the parts of a document as they are read; end early once ``cancelled`` returns true.

    Closing the iterator ends the process. Raises DocumentError.
    """
    request = Read(path=str(path.absolute()))
    for reply in _ask(request, path.name, cancelled, command, silence_limit_s):
        if isinstance(reply, Batch):
            yield from reply.parts


def draw_page(
    path: Path,
    page: int,
    width: int,
    texts: Sequence[str] = (),
    cancelled: Callable[[], bool] = lambda: False,
    *,
    command: Sequence[str] | None = None,
) -> Drawn | None:
    """Return a page of a PDF, counted from 1, as a picture, with the places where ``texts`` stand.

    None once ``cancelled`` returns true. Raises DocumentError.
    """
    request = Draw(path=str(path.absolute()), page=page, width=width, texts=tuple(texts))
    for reply in _ask(request, path.name, cancelled, command, _DRAWING_LIMIT_S):
        if isinstance(reply, Drawn):
            return reply
    return None


def _ask(
    request: Read | Draw,
    name: str,
    cancelled: Callable[[], bool],
    command: Sequence[str] | None,
    silence_limit_s: float,
) -> Iterator[ReplyPart]:
    process = _Process(list(command or _command()), request, name)
    try:
        for reply in process.replies(cancelled, silence_limit_s):
            if isinstance(reply, Refused):
                raise DocumentError(reply.code, reply.title, reply.hint, reply.detail)
            if isinstance(reply, Done):
                return
            yield reply
    finally:
        process.kill()


class _Process:
    """A process at work on one document, and a thread that takes what it writes off its pipe."""

    def __init__(self, command: list[str], request: Read | Draw, name: str) -> None:
        self._name = name
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise DocumentError(
                "unreadable",
                tr("The process that reads documents could not be started."),
                tr("Install Snug again; 'snug doctor' shows what is missing."),
                str(error),
            ) from error
        self._stdin = cast("BinaryIO", self._process.stdin)
        self._stdout = cast("BinaryIO", self._process.stdout)
        # Bounded, so that a fast parser waits for a slow taker and memory stays small.
        self._replies: queue.Queue[ReplyPart | None] = queue.Queue(_WAITING_BATCHES)
        with suppress(OSError):
            self._stdin.write(frames.encode(request))
            self._stdin.close()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._take, name="document pipe", daemon=True)
        self._thread.start()

    def replies(self, cancelled: Callable[[], bool], silence_limit_s: float) -> Iterator[ReplyPart]:
        """Yield what the process says. Raises DocumentError for its death and its silence."""
        silent_s = 0.0
        while not cancelled():
            try:
                reply = self._replies.get(timeout=_TICK_S)
            except queue.Empty:
                silent_s += _TICK_S
                if silent_s > silence_limit_s:
                    raise self._gave_up() from None
                continue
            if reply is None:
                raise self._died()
            silent_s = 0.0
            yield reply

    def kill(self) -> None:
        """End the process, whatever it does, and leave nothing of it behind."""
        self._ended.set()
        self._process.kill()
        self._process.wait()
        self._thread.join()
        self._stdout.close()

    def _take(self) -> None:
        try:
            while (reply := frames.read(self._stdout, REPLIES)) is not None:
                self._put(reply)
        except (FrameError, OSError, ValueError):
            pass
        self._put(None)

    def _put(self, reply: ReplyPart | None) -> None:
        while not self._ended.is_set():
            with suppress(queue.Full):
                self._replies.put(reply, timeout=_TICK_S)
                return

    def _died(self) -> DocumentError:
        self._process.wait()
        return DocumentError(
            "damaged",
            tr(
                "Reading “{name}” ended too early: the file broke the program that reads it.",
                name=self._name,
            ),
            tr("Open it in the program that made it, save it again, and try once more."),
            f"exit status {self._process.returncode}",
        )

    def _gave_up(self) -> DocumentError:
        return DocumentError(
            "damaged",
            tr("Reading “{name}” came to a halt and was given up.", name=self._name),
            tr("Open it in the program that made it, save it again, and try once more."),
        )


def _command() -> list[str]:
    return process_command("desktop.documents.process", PROCESS_FLAG)
