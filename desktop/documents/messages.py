"""What goes to the process that reads a document, and what comes back, in the engine's frames."""

from __future__ import annotations

from typing import Final

import msgspec

from desktop.documents.parts import DocumentPart
from desktop.documents.problems import Code
from models.records import Record


class Read(Record, frozen=True, kw_only=True):
    """Read this file."""

    path: str


class Draw(Record, frozen=True, kw_only=True):
    """Draw a page of a PDF, counted from 1, so many pixels wide, and find these texts on it."""

    path: str
    page: int
    width: int
    texts: tuple[str, ...] = ()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle on a page, in shares of its width and height, from the upper left corner."""

    x: float
    y: float
    width: float
    height: float


class Drawn(Record, frozen=True, kw_only=True):
    """A page as pixels of four bytes, blue, green, red and none, ``stride`` bytes a row."""

    width: int
    height: int
    stride: int
    pixels: bytes
    marks: tuple[Mark, ...]


class Batch(Record, frozen=True, kw_only=True):
    """Parts, in the document's order."""

    parts: tuple[DocumentPart, ...]


class Refused(Record, frozen=True, kw_only=True):
    """The document can't be read, or not to its end; the fields are ``DocumentError``'s."""

    code: Code
    title: str
    hint: str
    detail: str = ""


class Done(Record, frozen=True, kw_only=True):
    """The document was read to its end."""


ReplyPart = Batch | Drawn | Refused | Done

REQUESTS: Final[msgspec.msgpack.Decoder[Read | Draw]] = msgspec.msgpack.Decoder(Read | Draw)
REPLIES: Final[msgspec.msgpack.Decoder[ReplyPart]] = msgspec.msgpack.Decoder(ReplyPart)
