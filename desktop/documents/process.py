"""The process that reads or draws one document: ``python -P -m desktop.documents.process``.

The request comes on standard input; frames with parts go to what was standard output. Parsers work
on strangers' files, so this process has limits, and may die of a file without harm.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from desktop.documents.limits import CPU_LIMIT_S, MAX_TEXT_CHARS, MEMORY_LIMIT
from desktop.documents.messages import REQUESTS, Batch, Done, Draw, Drawn, Read, Refused, ReplyPart
from desktop.documents.parts import Block, DocumentPart, Unreadable
from desktop.documents.problems import DocumentError, damaged, empty, too_large
from models import frames
from models.process_limits import forbid_files, limit_memory
from models.wording import number, read_ahead, tr

_BATCH_PARTS: Final = 256
_BATCH_CHARS: Final = 1 << 20
_BATCH_S: Final = 0.2


def main() -> None:
    """Read the document that is asked for, or draw its page, and end."""
    requests, answers = _take_pipes()
    asked = frames.read(requests, REQUESTS)
    if asked is None:
        return
    read_ahead()
    _limit_resources()
    path = Path(asked.path)
    try:
        for reply in _replies(asked, path):
            _write(answers, reply)
        _write(answers, Done())
    except DocumentError as error:
        _write(answers, _refusal(error))
    except MemoryError:
        _write(answers, _refusal(too_large(path.name, tr("reading it takes too much memory"))))
    except OSError as error:
        _write(answers, _refusal(damaged(path.name, tr("it can't be read to its end"), str(error))))
    except Exception as error:  # noqa: BLE001 - a parser may raise anything at a stranger's file
        detail = f"{type(error).__name__}: {error}"
        _write(answers, _refusal(damaged(path.name, tr("it contradicts its format"), detail)))


def _replies(asked: Read | Draw, path: Path) -> Iterator[ReplyPart]:
    if isinstance(asked, Read):
        yield from _batches(_checked(_parts(path), path.name))
    else:
        picture = importlib.import_module("desktop.documents.formats.pdf_picture")
        drawn: Drawn = picture.draw_page(path, asked.page, asked.texts, asked.width)
        yield drawn


def _parts(path: Path) -> Iterator[DocumentPart]:
    # By name, so that only the parser that is needed is loaded.
    detection = importlib.import_module("desktop.documents.formats.detection")
    reader = detection.reader_for(path)
    yield from reader(path)


def _checked(parts: Iterator[DocumentPart], name: str) -> Iterator[DocumentPart]:
    """Hand parts on; refuse a document without any text, and one with far too much."""
    characters = 0
    has_content = False
    for part in parts:
        if isinstance(part, Block):
            characters += len(part.text)
            if characters > MAX_TEXT_CHARS:
                limit = number(MAX_TEXT_CHARS)
                raise too_large(name, tr("it holds more than {limit} characters", limit=limit))
        has_content = has_content or isinstance(part, Block | Unreadable)
        yield part
    if not has_content:
        raise empty(name)


def _batches(parts: Iterator[DocumentPart]) -> Iterator[Batch]:
    waiting: list[DocumentPart] = []
    characters, since = 0, time.monotonic()
    for part in parts:
        waiting.append(part)
        characters += len(part.text) if isinstance(part, Block) else 0
        is_full = len(waiting) >= _BATCH_PARTS or characters >= _BATCH_CHARS
        if is_full or time.monotonic() - since > _BATCH_S:
            yield Batch(parts=tuple(waiting))
            waiting, characters, since = [], 0, time.monotonic()
    if waiting:
        yield Batch(parts=tuple(waiting))


def _refusal(error: DocumentError) -> Refused:
    return Refused(code=error.code, title=error.title, hint=error.hint, detail=error.detail)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: what a parser prints goes nowhere near the frames."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return requests, answers


def _limit_resources() -> None:
    limit_memory(MEMORY_LIMIT)
    forbid_files()
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))


def _write(answers: BinaryIO, message: ReplyPart) -> None:
    answers.write(frames.encode(message))
    answers.flush()


if __name__ == "__main__":
    main()
