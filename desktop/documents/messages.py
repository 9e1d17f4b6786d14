"""What goes to the process that reads a document, and what comes back, in the engine's frames."""

from __future__ import annotations

from typing import Final

import msgspec

from desktop.documents.parts import DocumentPart
from desktop.documents.problems import Code
from models.protocol import Record


class Read(Record, frozen=True, kw_only=True):
    """Read this file."""

    path: str


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


ReplyPart = Batch | Refused | Done

READ: Final[msgspec.msgpack.Decoder[Read]] = msgspec.msgpack.Decoder(Read)
REPLIES: Final[msgspec.msgpack.Decoder[ReplyPart]] = msgspec.msgpack.Decoder(ReplyPart)
