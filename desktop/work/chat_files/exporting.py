"""Chats into files: one chat, or all of them in one file of JSON or in a folder of pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal

from desktop.domain.archive import ArchivedChat
from desktop.domain.errors import UserError
from desktop.settings.files import write_atomically
from desktop.work.chat_files.writing import as_html, as_json, as_markdown, file_name
from models.wording import tr

Form = Literal["json", "markdown", "html", "pdf"]
SUFFIXES: Final[dict[Form, str]] = {
    "json": ".json",
    "markdown": ".md",
    "html": ".html",
    "pdf": ".pdf",
}
Fetch = Callable[[], ArchivedChat | None]
"""Returns a chat out of the store; None for one that was deleted meanwhile."""
Write = Callable[[ArchivedChat], bytes]


def written(chat: ArchivedChat, form: Form) -> bytes:
    """Return the chat in a form; PDF is made where there is a toolkit that draws."""
    match form:
        case "json":
            return b"[" + as_json(chat) + b"]\n"
        case "markdown":
            return as_markdown(chat).encode("utf-8", "replace")
        case "html":
            return as_html(chat).encode("utf-8", "replace")
        case _:
            raise UserError(tr("PDF needs the window."), tr("Export as HTML and print that."))


def export_one(chat: ArchivedChat, path: Path, write: Write) -> None:
    """Write a chat's file, whole or not at all. Raises UserError."""
    write_atomically(path, write(chat))


def export_as_json(fetches: Iterator[Fetch], path: Path) -> Generator[int, None, None]:
    """Write chats into one file, and yield how many are in it so far. Raises UserError.

    The file takes its name when it is whole: a broken-off export leaves nothing behind.
    """
    count = 0
    with _whole(path) as file:
        file.write(b"[")
        for fetch in fetches:
            if (chat := fetch()) is not None:
                file.write((b",\n" if count else b"\n") + as_json(chat))
                count += 1
            yield count
        file.write(b"\n]\n")


def export_to_folder(
    fetches: Iterator[Fetch], folder: Path, form: Form, write: Write
) -> Generator[int, None, None]:
    """Write a file for each chat, over none that is there, and yield how many so far."""
    count = 0
    for fetch in fetches:
        if (chat := fetch()) is not None:
            export_one(chat, free_name(folder, file_name(chat), SUFFIXES[form]), write)
            count += 1
        yield count


def free_name(folder: Path, name: str, suffix: str) -> Path:
    """Return a path in the folder that nothing has yet."""
    path, number = folder / f"{name}{suffix}", 2
    while path.exists():
        path = folder / f"{name} {number}{suffix}"
        number += 1
    return path


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise UserError(
            tr("{path} can't be written: {why}.", path=path, why=error.strerror or error),
            tr(
                "See that the disk has room and that the folder is writable for you, then try "
                "again."
            ),
            str(error),
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
