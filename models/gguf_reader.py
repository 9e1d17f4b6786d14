"""Takes values off a GGUF header through a small buffer, never past a limit."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO, Final

from models.wording import mark, number, tr

Scalar = int | float | bool | str
Number = int | float | bool

STRING, ARRAY = 8, 9
MAX_HEADER_BYTES: Final = 256 << 20
MAX_LISTED_STRINGS: Final = 2_000_000
"""Strings in all arrays of a header together; the largest vocabularies have under 800,000 with
their merges."""

_SCALARS: Final[Mapping[int, struct.Struct]] = {
    kind: struct.Struct("<" + code)
    for kind, code in (
        (0, "B"),
        (1, "b"),
        (2, "H"),
        (3, "h"),
        (4, "I"),
        (5, "i"),
        (6, "f"),
        (7, "?"),
        (10, "Q"),
        (11, "q"),
        (12, "d"),
    )
}
_U32: Final = _SCALARS[4]
_U64: Final = _SCALARS[10]
_CHUNK_BYTES: Final = 1 << 16
_SHOWN_CHARACTERS: Final = 80
_TOO_MUCH_TEXT: Final = mark(
    "{place} announces {count} bytes of text at byte {position}, and the header ends {left} "
    "further on"
)
_TOO_MANY_NUMBERS: Final = mark(
    "{place} announces {count} bytes of numbers at byte {position}, and the header ends {left} "
    "further on"
)
_NUMBER_BYTES: Final = 40
"""What a number of an array takes in memory, its place in the tuple included."""


class BrokenHeaderError(Exception):
    """The header contradicts itself or ends early."""


def shown(name: str) -> str:
    """Return a name out of a file as a message may bear it: quoted, short, on one line."""
    text = "".join(character if character.isprintable() else "�" for character in name)
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return tr("“{text}”", text=text)


class HeaderReader:
    """Reads from ``position`` of a file on, up to ``limit`` bytes of it.

    ``place`` is what is being read, for messages. Strings and arrays that are kept take at most
    ``budget`` bytes together. Every method raises BrokenHeaderError where the header ends early.
    """

    def __init__(self, file: BinaryIO, position: int, limit: int, budget: int) -> None:
        self._place: tuple[str, str | int] = (mark("its first bytes"), "")
        self._file = file
        self._limit = limit
        self._budget = budget
        self._strings = MAX_LISTED_STRINGS
        self._chunk = b""
        self._chunk_start = position
        self._at = 0

    @property
    def place(self) -> str:
        """Return what is being read, in words."""
        text, value = self._place
        return tr(text, place=number(value) if isinstance(value, int) else shown(value))

    def be_at(self, text: str, value: str | int) -> None:
        """Note what is read from here on: a marked text, whose ``{place}`` is a name or a byte."""
        self._place = text, value

    @property
    def position(self) -> int:
        """Return the byte that is read next."""
        return self._chunk_start + self._at

    @property
    def left(self) -> int:
        """Return how many bytes there still are."""
        return max(0, self._limit - self.position)

    def u32(self) -> int:
        """Return a 32-bit number."""
        return int(_U32.unpack(self._take(4))[0])

    def u64(self) -> int:
        """Return a 64-bit number, which is what lengths are."""
        return int(_U64.unpack(self._take(8))[0])

    def number(self, kind: int) -> Number:
        """Return a number of the type with this code."""
        layout = self._layout(kind)
        value: Number = layout.unpack(self._take(layout.size))[0]
        return value

    def name(self, limit: int) -> str:
        """Return a short string that has to be whole."""
        length = self.u64()
        if not 0 < length <= limit:
            raise BrokenHeaderError(
                tr(
                    "the name of {place} has {count} bytes",
                    place=self.place,
                    count=number(length),
                )
            )
        return self._take(length).decode("utf-8", errors="replace")

    def string(self, limit: int) -> str:
        """Return a string, or its beginning where it is longer than the limit."""
        length = self.u64()
        self._check_room(length, _TOO_MUCH_TEXT)
        kept = min(length, limit)
        self._budget -= kept
        if self._budget < 0:
            raise BrokenHeaderError(
                tr("its metadata is too long to keep, at {place}", place=self.place)
            )
        text = self._take(kept).decode("utf-8", errors="replace")
        self._skip(length - kept)
        return text

    def array(self, limit: int) -> tuple[int, tuple[Number, ...] | None]:
        """Return an array's length, and its numbers unless they are strings or too many."""
        kind = self.u32()
        length = self.u64()
        if kind == STRING:
            self._skip_strings(length)
            return length, None
        layout = self._layout(kind)
        self._check_room(length * layout.size, _TOO_MANY_NUMBERS)
        if length > min(limit, self._budget // _NUMBER_BYTES):
            self._skip(length * layout.size)
            return length, None
        self._budget -= length * _NUMBER_BYTES
        data = self._take(length * layout.size)
        return length, tuple(value for (value,) in layout.iter_unpack(data))

    def _layout(self, kind: int) -> struct.Struct:
        layout = _SCALARS.get(kind)
        if layout is None:
            raise BrokenHeaderError(
                tr("{place} is of the unknown type {kind}", place=self.place, kind=kind)
            )
        return layout

    def _check_room(self, length: int, complaint: str) -> None:
        if length > self.left:
            raise BrokenHeaderError(
                tr(
                    complaint,
                    place=self.place,
                    count=number(length),
                    position=number(self.position),
                    left=number(self.left),
                )
            )

    def _take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._chunk):
            self._refill(length)
            end = length
        data = self._chunk[self._at : end]
        self._at = end
        return data

    def _refill(self, length: int) -> None:
        """Make the buffer begin at the position and hold at least so many bytes."""
        start = self.position
        self._check_end(start + length)
        self._file.seek(start)
        wanted = max(length, min(_CHUNK_BYTES, self._limit - start))
        chunk = self._file.read(wanted)
        while len(chunk) < length:
            more = self._file.read(wanted - len(chunk))
            if not more:
                raise BrokenHeaderError(tr("its header ends early, in {place}", place=self.place))
            chunk += more
        self._chunk, self._chunk_start, self._at = chunk, start, 0

    def _skip(self, length: int) -> None:
        self._check_end(self.position + length)
        self._at += length

    def _skip_strings(self, count: int) -> None:
        """Pass over ``count`` strings; a vocabulary has hundreds of thousands of them."""
        self._strings -= count
        if self._strings < 0 or count * 8 > self.left:
            raise BrokenHeaderError(
                tr("{place} announces {count} strings", place=self.place, count=number(count))
            )
        unpack = _U64.unpack_from
        chunk, at = self._chunk, self._at
        for _ in range(count):
            if at + 8 > len(chunk):
                self._at = at
                self._refill(8)
                chunk, at = self._chunk, 0
            at += 8 + unpack(chunk, at)[0]
        self._at = at
        self._check_end(self.position)

    def _check_end(self, end: int) -> None:
        if end > self._limit:
            raise BrokenHeaderError(
                tr(
                    "its header ends early, in {place}, at byte {position}",
                    place=self.place,
                    position=number(self._limit),
                )
            )
