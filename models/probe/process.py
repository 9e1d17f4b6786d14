"""The probe's process: ``python -P -m models.probe.process``.

Questions come on standard input, one at a time; answers go to what was standard output. Where a
process can be forked safely, this one loads llama.cpp's library once and never calls it: each
question is answered in a fork, which may die of it. Elsewhere it answers one question itself, and
whoever asked starts another process for the next.
"""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from models import frames
from models.probe.limits import FORKS, limit_resources
from models.probe.messages import (
    ASKED,
    Answer,
    AskCheck,
    AskDevices,
    AskDryRun,
    Asked,
    Checked,
    Found,
    Measured,
    Refused,
    Waiting,
)
from models.problems import EngineError
from models.wording import read_ahead

_AHEAD: Final = (
    "llama_cpp",
    "models.chat_template",
    "models.estimate.fitting",
    "models.estimate.shape",
    "models.hardware",
    "models.library.describing",
    "models.probe.forking",
    "models.rpc",
)
_LOG_BYTES: Final = 1 << 20


def main() -> None:
    """Answer questions until standard input ends."""
    questions, answers = _take_pipes()
    _import_ahead()
    _write(answers, Waiting())
    while (asked := frames.read(questions, ASKED)) is not None:
        if FORKS:
            from models.probe.forking import answer_in_fork  # noqa: PLC0415

            answer = answer_in_fork(asked, answer_to, questions)
        else:
            limit_resources(asked.limits, largest_file=_LOG_BYTES)
            answer = answer_to(asked)
        _write(answers, answer)


def answer_to(asked: Asked) -> Answer:
    """Answer with llama.cpp's own help, in this process."""
    try:
        match asked.question:
            case AskDevices(rpc_servers=servers):
                from models.llama import library, rpc  # noqa: PLC0415 - starts the devices

                if servers:
                    rpc.add_servers(servers)
                return Found(devices=library.devices())
            case AskCheck(path=path):
                from models.llama.examination import examine  # noqa: PLC0415

                return Checked(template=examine(Path(path)))
            case AskDryRun(options=options):
                from models.llama.dry_run import dry_run  # noqa: PLC0415

                return Measured(memory=dry_run(options))
    except EngineError as error:
        return Refused(problem=error.problem)


def _import_ahead() -> None:
    """Import what each fork would spend most of its time on, but nothing that starts the devices.

    A fork can't use a graphics card that the process before it has opened.
    """
    # A thread pool of numpy's would be lost in the forks.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for module in _AHEAD:
        import_module(module)
    read_ahead()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: what C code prints goes to standard error."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # The interrupt of a terminal is meant for the application.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return questions, answers


def _write(answers: BinaryIO, message: Answer | Waiting) -> None:
    answers.write(frames.encode(message))
    answers.flush()


if __name__ == "__main__":
    main()
