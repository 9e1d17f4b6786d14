"""Frames on the pipes between processes: a four-byte little-endian length, then msgpack."""

from __future__ import annotations

from typing import BinaryIO, Final, TypeVar

import msgspec

MAX_BYTES: Final = 64 * 1024 * 1024
_ENCODER: Final = msgspec.msgpack.Encoder()

T = TypeVar("T")


class FrameError(Exception):
    """A frame that is not one of ours: garbage on the pipe, another version, or too large."""


def encode(message: msgspec.Struct) -> bytes:
    """Return the message as one frame, ready to be written. Raises FrameError."""
    body = _ENCODER.encode(message)
    if len(body) > MAX_BYTES:
        raise FrameError(f"a message of {len(body)} bytes is over the limit")
    return len(body).to_bytes(4, "little") + body


def read(stream: BinaryIO, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
    """Return the next message of the decoder's type, or None at the end. Raises FrameError."""
    body = _read_body(stream)
    if body is None:
        return None
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FrameError(str(error)) from error


def _read_body(stream: BinaryIO) -> bytes | None:
    header = stream.read(4)
    if len(header) < 4:
        return None
    length = int.from_bytes(header, "little")
    if length > MAX_BYTES:
        raise FrameError(f"a frame of {length} bytes is over the limit")
    body = stream.read(length)
    return body if len(body) == length else None
