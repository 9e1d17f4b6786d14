"""GPT4All's own chat files, as Qt's data streams lay them out: big-endian, lengths before texts.

Versions before the tenth hold the state of a model in between and are refused.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

from desktop.domain.archive import BadArchive
from desktop.work.chat_files.products import PICTURES, RESULTS, THOUGHTS, Draft
from models.wording import tr

MAGIC: Final = b"\xf5\xd5\x53\xcc"
MOST_BYTES: Final = 64 * 1024 * 1024
_OLDEST, _NEWEST = 10, 13
_MOST_ITEMS: Final = 200_000
_DEEPEST: Final = 8
_NULL: Final = 0xFFFF_FFFF


def read_gpt4all(file: BinaryIO) -> Draft:
    """Return the chat in a file. Raises BadArchive."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadArchive(tr("it is larger than any chat of GPT4All"))
    stream = _Stream(data[len(MAGIC) :])
    version = stream.number(">i")
    if not _OLDEST <= version <= _NEWEST:
        raise BadArchive(
            tr(
                "it is in version {version} of GPT4All's format; Snug reads {oldest} to {newest}. "
                "Open it once in a newer GPT4All",
                version=version,
                oldest=_OLDEST,
                newest=_NEWEST,
            )
        )
    created = stream.number(">q")
    stream.text()
    title = stream.text()
    stream.text()
    model = stream.text()
    for _ in range(stream.count(">I")):
        stream.text()
    if version < 11:
        _skip_model(stream)
    draft = Draft(title, created)
    last: object = None
    for number in range(stream.count(">i")):
        role, text = _item(stream, version, draft)
        last = draft.add(number, last, role, text, model=model)
    draft.leaf = last
    return draft


class _Stream:
    """Reads one value after another, and no further than the data goes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise BadArchive(tr("it ends in the middle"))
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def count(self, form: str = ">q") -> int:
        count = self.number(form)
        if not 0 <= count <= _MOST_ITEMS:
            raise BadArchive(tr("a number in it is too large"))
        return count

    def flag(self) -> bool:
        return self.take(1) != b"\0"

    def blob(self) -> bytes:
        size = self.number(">I")
        return b"" if size == _NULL else self.take(size)

    def text(self) -> str:
        return self.blob().decode("utf-16-be", errors="replace")


def _skip_model(stream: _Stream) -> None:
    """Go over what the tenth version keeps of the model, which is nothing where it has no state."""
    if stream.flag():
        raise BadArchive(
            tr(
                "it holds the state of a model. In GPT4All, switch off to save the context of "
                "chats, and close it once"
            )
        )
    stream.take(8)
    stream.text()
    stream.text()
    stream.take(4)


def _item(stream: _Stream, version: int, draft: Draft) -> tuple[str, str]:
    """Return who speaks, and what."""
    if version < 12:
        stream.take(4)
    kind = stream.text()
    text = stream.text()
    stream.text()
    stream.take(4)
    if version >= 11 and kind == "Response: ":
        stream.flag()
    for _ in range(stream.count()):
        for _ in range(7):
            stream.text()
        stream.take(12)
    for _ in range(stream.count()):
        _skip_address(stream)
        stream.blob()
        draft.leave_out(PICTURES)
    parts = [_part(stream, draft, 0) for _ in range(stream.count())] if version >= 12 else []
    role = {"Prompt: ": "user", "Response: ": "assistant"}.get(kind, "")
    return role, "\n\n".join(each for each in (*parts, text) if each.strip())


def _part(stream: _Stream, draft: Draft, depth: int) -> str:
    """Return the text of a part of a reply, without what the model thought or ran."""
    if depth > _DEEPEST:
        raise BadArchive(tr("its parts lie too deep in each other"))
    kind = stream.text()
    text = stream.text()
    if kind == "ToolCall: ":
        raise BadArchive(tr("it calls tools, which Snug can't read"))
    if kind == "Think: ":
        stream.take(4)
        draft.leave_out(THOUGHTS)
        text = ""
    elif kind == "ToolResponse: ":
        draft.leave_out(RESULTS)
        text = ""
    parts = [_part(stream, draft, depth + 1) for _ in range(stream.count())]
    return "\n\n".join(each for each in (*parts, text) if each.strip())


def _skip_address(stream: _Stream) -> None:
    """Go over an address, which Qt writes as bytes."""
    stream.blob()
