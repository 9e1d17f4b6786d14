"""Chats out of files, one at a time: what was read, and what could not be and why."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from desktop.domain.archive import FORMAT_VERSION, ArchivedChat, BadArchive, checked
from desktop.domain.errors import UserError
from desktop.work.chat_files.elements import MOST_BYTES, TooLarge, elements
from desktop.work.chat_files.gpt4all import MAGIC, read_gpt4all
from desktop.work.chat_files.products import READERS, Draft, from_jan
from models.wording import number, tr

_MOST_FILES: Final = 20_000
_ZIP: Final = b"PK\x03\x04"
_THREAD, _MESSAGES = "thread.json", "messages.jsonl"
_SUFFIXES: Final = (".json", ".chat", ".jsonl")
# What ChatGPT and Claude put beside the conversations.
_OTHERS: Final = frozenset(
    {
        "user.json",
        "users.json",
        "projects.json",
        "memories.json",
        "message_feedback.json",
        "model_comparisons.json",
        "shared_conversations.json",
        "group_chats.json",
        "shopping.json",
        "user_settings.json",
        "export_manifest.json",
    }
)
_OWN: Final = msgspec.json.Decoder(ArchivedChat)


class Read(NamedTuple):
    """A chat that was read; ``left_out`` says in words what of it Snug has no place for."""

    chat: ArchivedChat
    product: str
    left_out: str = ""


class Unread(NamedTuple):
    """What could not be read: its name, and why."""

    name: str
    why: str


class Step(NamedTuple):
    """How far the reading is, in bytes of bytes."""

    done: int
    total: int


Told = Read | Unread | Step


class _Opened(NamedTuple):
    """A file on the disk, or in an archive. ``beside`` opens one that lies in the same folder."""

    name: str
    file: BinaryIO
    beside: Callable[[str], BinaryIO]


def read_chats(path: Path) -> Iterator[Told]:
    """Yield what is in a file, an archive or a folder, with steps in between.

    Raises UserError where nothing of it can be read as chats at all. The files of a folder are
    told apart: one that is broken doesn't keep the others from being read.
    """
    try:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)
    except OSError as error:
        raise UserError(
            tr("{name} can't be read: {why}.", name=path.name, why=error.strerror or error),
            tr("See that the file is there and that you may read it, then try again."),
            str(error),
        ) from error


def _file(path: Path) -> Iterator[Told]:
    total = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
        file.seek(0)
        if start == _ZIP:
            yield from _archive(file, path.name)
            return
        opened = _Opened(path.name, file, lambda name: path.with_name(name).open("rb"))
        count = 0
        for told in _chats(opened):
            count += 1
            yield told
            yield Step(file.tell(), total)
    if not count:
        raise _nothing(path.name)


def _folder(path: Path) -> Iterator[Told]:
    found = sorted(
        each
        for each in path.rglob("*")
        if each.suffix in _SUFFIXES and each.name not in _OTHERS and each.is_file()
    )
    names = [each.relative_to(path).as_posix() for each in found]
    wanted = _but_threads(names)
    if not wanted:
        raise _nothing(path.name)
    for at, name in enumerate(wanted):
        file = path / name
        with file.open("rb") as opened:
            yield from _guarded(_Opened(name, opened, lambda n, f=file: f.with_name(n).open("rb")))  # type: ignore[misc]
        yield Step(at + 1, len(wanted))


def _archive(file: BinaryIO, name: str) -> Iterator[Told]:
    try:
        with zipfile.ZipFile(file) as archive:
            inside = [
                each
                for each in archive.namelist()
                if PurePosixPath(each).suffix in _SUFFIXES
                and PurePosixPath(each).name not in _OTHERS
            ]
            wanted = _but_threads(inside)
            if not wanted:
                raise _nothing(name)
            for at, each in enumerate(wanted):
                with archive.open(each) as opened:
                    folder = PurePosixPath(each).parent
                    beside = lambda n, f=folder: archive.open(str(f / n))  # noqa: E731
                    yield from _guarded(_Opened(each, opened, beside))  # type: ignore[arg-type]
                yield Step(at + 1, len(wanted))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UserError(
            tr("The archive {name} can't be unpacked.", name=name),
            tr("Fetch it again, or unpack it with another program and choose the folder."),
            str(error),
        ) from error


def _but_threads(names: Sequence[str]) -> list[str]:
    """Return the files to read: Jan's messages are read with their thread."""
    if len(names) > _MOST_FILES:
        raise UserError(
            tr("There are more than {most} files.", most=number(_MOST_FILES)),
            tr("Choose a folder that holds only chats."),
        )
    folders = {PurePosixPath(name).parent for name in names if PurePosixPath(name).name == _THREAD}
    return [
        name
        for name in names
        if not (PurePosixPath(name).name == _MESSAGES and PurePosixPath(name).parent in folders)
    ]


def _guarded(opened: _Opened) -> Iterator[Told]:
    """Read one file of several: trouble with it is its own."""
    try:
        yield from _chats(opened)
    except UserError as error:
        yield Unread(opened.name, f"{error.title.rstrip('.')}")


def _chats(opened: _Opened) -> Iterator[Read | Unread]:
    peeked = opened.file.read(len(MAGIC))
    opened.file.seek(0)
    name = PurePosixPath(opened.name).name
    if peeked == MAGIC:
        yield _told(opened.name, "GPT4All", lambda: read_gpt4all(opened.file))
    elif name == _MESSAGES:
        yield _told(opened.name, "Jan", lambda: _thread(opened.file, opened.beside))
    else:
        for place, element in enumerate(elements(opened.file, name), 1):
            yield _chat(element, tr("{name}, chat {place}", name=name, place=place), opened)


def _chat(element: bytes | TooLarge, name: str, opened: _Opened) -> Read | Unread:
    if isinstance(element, TooLarge):
        return Unread(name, tr("it is larger than {size} MB", size=MOST_BYTES >> 20))
    try:
        data = msgspec.json.decode(element)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return Unread(name, tr("it is no valid JSON ({error})", error=error))
    return _of_object(element, data if isinstance(data, dict) else {}, name, opened)


def _of_object(element: bytes, data: dict[str, Any], name: str, opened: _Opened) -> Read | Unread:
    if "snug_chat" in data:
        return _own(element, data, name)
    if data.get("object") == "thread" or PurePosixPath(opened.name).name == _THREAD:
        return _told(name, "Jan", lambda: _of_thread(data, opened.beside))
    for key, product, read in READERS:
        if key in data:
            return _told(_titled(data, name), product, lambda read=read: read(data))  # type: ignore[misc]
    return Unread(name, tr("it is no chat of a product that Snug knows"))


def _own(element: bytes, data: dict[str, Any], name: str) -> Read | Unread:
    version = data["snug_chat"]
    if not isinstance(version, int) or version > FORMAT_VERSION:
        why = tr("a newer version of Snug wrote it: update this one")
        return Unread(_titled(data, name), why)
    try:
        return Read(checked(_OWN.decode(element)), "Snug")
    except msgspec.ValidationError as error:
        return Unread(_titled(data, name), tr("it isn't as Snug wrote it ({error})", error=error))
    except BadArchive as error:
        return Unread(_titled(data, name), str(error))


def _told(name: str, product: str, read: Callable[[], Draft]) -> Read | Unread:
    try:
        draft = read()
        chat = checked(draft.chat())
    except BadArchive as error:
        return Unread(name, str(error))
    except (FileNotFoundError, KeyError):
        return Unread(name, tr("{name} isn't beside it, and holds what was said", name=_MESSAGES))
    left_out = ", ".join(f"{tr(what)} ({number(count)})" for what, count in draft.left_out.items())
    return Read(chat, product, left_out)


def _of_thread(thread: dict[str, Any], beside: Callable[[str], BinaryIO]) -> Draft:
    with beside(_MESSAGES) as messages:
        return from_jan(thread, _lines(messages))


def _thread(messages: BinaryIO, beside: Callable[[str], BinaryIO]) -> Draft:
    """Read a thread from its messages: what tells its title may be missing."""
    try:
        with beside(_THREAD) as file:
            thread = msgspec.json.decode(file.read(MOST_BYTES))
    except (OSError, KeyError, msgspec.DecodeError):
        thread = {}
    return from_jan(thread if isinstance(thread, dict) else {}, _lines(messages))


def _lines(file: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        for element in elements(file, _MESSAGES):
            if isinstance(element, TooLarge):
                raise BadArchive(tr("a message is larger than {size} MB", size=MOST_BYTES >> 20))
            line = msgspec.json.decode(element)
            if isinstance(line, dict):
                yield line
    except (UserError, msgspec.DecodeError, RecursionError) as error:
        raise BadArchive(tr("{name} is damaged", name=_MESSAGES)) from error


def _titled(data: dict[str, Any], name: str) -> str:
    title = data.get("title") or data.get("name")
    return tr("“{title}”", title=title[:80]) if isinstance(title, str) and title.strip() else name


def _nothing(name: str) -> UserError:
    return UserError(
        tr("There are no chats in {name}.", name=name),
        tr("Choose an export of Snug, ChatGPT, Claude, Open WebUI, LM Studio, GPT4All or Jan."),
    )
