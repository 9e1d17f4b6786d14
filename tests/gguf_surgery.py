"""Take a GGUF file apart, change what no honest writer would, and put it together again."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.gguf_writer import ARRAY, STRING

SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a scalar by its type's number."""
DATA_ALIGNMENT: Final = 32
NOTED_ITEMS: Final = 4


@dataclass
class TensorRecord:
    """A tensor as the header lists it; ``dimensions`` may be made to contradict ``shape``."""

    name: bytes
    shape: list[int]
    kind: int
    offset: int
    dimensions: int | None = None

    def packed(self) -> bytes:
        count = len(self.shape) if self.dimensions is None else self.dimensions
        shape = struct.pack(f"<{len(self.shape)}Q", *(length % 2**64 for length in self.shape))
        tail = struct.pack("<IQ", self.kind, self.offset % 2**64)
        return string(self.name) + struct.pack("<I", count) + shape + tail


@dataclass
class Gguf:
    """A file in pieces. ``entries`` are key, type and value as it stands in the file.

    ``entry_count`` and ``tensor_count`` are what the header announces instead of the truth.
    """

    entries: list[tuple[bytes, int, bytes]]
    tensors: list[TensorRecord]
    data: bytes
    version: int = 3
    entry_count: int | None = None
    tensor_count: int | None = None
    places: list[tuple[int, int]] = field(default_factory=list)
    """Where the header's numbers stand in the file that was read: start and length of each."""
    values: list[tuple[int, int]] = field(default_factory=list)
    """Those among them that are values of the metadata, and not of the file's own layout."""

    def packed(self) -> bytes:
        """Return the whole file."""
        entries = len(self.entries) if self.entry_count is None else self.entry_count
        tensors = len(self.tensors) if self.tensor_count is None else self.tensor_count
        head = b"GGUF" + struct.pack("<IQQ", self.version, tensors, entries)
        for key, kind, value in self.entries:
            head += string(key) + struct.pack("<I", kind) + value
        head += b"".join(tensor.packed() for tensor in self.tensors)
        return head + bytes(-len(head) % DATA_ALIGNMENT) + self.data

    def put(self, key: str, kind: int, value: bytes) -> None:
        """Set an entry, in its place where there is one."""
        name = key.encode()
        for index, (known, _, _) in enumerate(self.entries):
            if known == name:
                self.entries[index] = (name, kind, value)
                return
        self.entries.append((name, kind, value))

    def drop(self, key: str) -> None:
        """Take an entry out."""
        self.entries = [entry for entry in self.entries if entry[0] != key.encode()]

    def number(self, key: str, value: int) -> None:
        """Set an entry to an unsigned number of 32 bits."""
        self.put(key, 4, struct.pack("<I", value % 2**32))

    def real(self, key: str, value: float) -> None:
        """Set an entry to a float of 32 bits."""
        self.put(key, 6, struct.pack("<f", value))

    def text(self, key: str, value: str | bytes) -> None:
        """Set an entry to a string."""
        self.put(key, STRING, string(value if isinstance(value, bytes) else value.encode()))

    def texts(self, key: str, values: list[bytes]) -> None:
        """Set an entry to an array of strings."""
        self.put(key, ARRAY, array(STRING, len(values), b"".join(map(string, values))))

    def numbers(self, key: str, values: list[int]) -> None:
        """Set an entry to an array of signed numbers of 32 bits."""
        self.put(key, ARRAY, array(5, len(values), struct.pack(f"<{len(values)}i", *values)))

    def tokens(self) -> list[bytes]:
        """Return the vocabulary."""
        raw = next(value for key, _, value in self.entries if key == b"tokenizer.ggml.tokens")
        (count,) = struct.unpack_from("<Q", raw, 4)
        found, position = [], 12
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", raw, position)
            found.append(raw[position + 8 : position + 8 + length])
            position += 8 + length
        return found

    def tensor(self, name: str) -> TensorRecord:
        """Return a tensor by its name."""
        return next(tensor for tensor in self.tensors if tensor.name == name.encode())


def string(value: bytes) -> bytes:
    """Return a string as it stands in the file."""
    return struct.pack("<Q", len(value)) + value


def array(kind: int, length: int, items: bytes) -> bytes:
    """Return an array as it stands in the file; the length may be a lie."""
    return struct.pack("<IQ", kind, length % 2**64) + items


def take_apart(content: bytes) -> Gguf:
    """Return the pieces of a sound file."""
    cursor = _Cursor(content)
    cursor.skip(4)
    version, tensor_count, entry_count = cursor.take(4), cursor.take(8), cursor.take(8)
    entries = []
    for _ in range(entry_count):
        key = cursor.string()
        kind = cursor.take(4)
        start = cursor.position
        cursor.skip_value(kind)
        entries.append((key, kind, content[start : cursor.position]))
    tensors = []
    for _ in range(tensor_count):
        name = cursor.string()
        shape = [cursor.take(8) for _ in range(cursor.take(4))]
        tensors.append(TensorRecord(name, shape, kind=cursor.take(4), offset=cursor.take(8)))
    start = -(-cursor.position // DATA_ALIGNMENT) * DATA_ALIGNMENT
    data = content[start:]
    return Gguf(entries, tensors, data, version, places=cursor.places, values=cursor.values)


def split_in_two(whole: Gguf, folder: Path, stem: str = "model") -> list[Path]:
    """Write a model as two files, as llama.cpp's own splitter does; the first has the metadata."""
    count = len(whole.tensors)
    ends = [tensor.offset for tensor in whole.tensors[1:]] + [len(whole.data)]
    paths = []
    for number, chosen in enumerate((range(count // 2), range(count // 2, count))):
        part = Gguf(entries=[] if number else list(whole.entries), tensors=[], data=b"")
        part.put("split.no", 2, struct.pack("<H", number))
        part.put("split.count", 2, struct.pack("<H", 2))
        part.put("split.tensors.count", 5, struct.pack("<i", count))
        for index in chosen:
            tensor = whole.tensors[index]
            part.tensors.append(replace(tensor, offset=len(part.data)))
            part.data += whole.data[tensor.offset : ends[index]]
        paths.append(folder / f"{stem}-{number + 1:05}-of-00002.gguf")
        paths[-1].write_bytes(part.packed())
    return paths


class _Cursor:
    """Goes through a sound header and notes where its numbers stand."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0
        self.places: list[tuple[int, int]] = []
        self.values: list[tuple[int, int]] = []

    def take(self, length: int) -> int:
        self.places.append((self.position, length))
        return self._number(length)

    def take_value(self, length: int) -> int:
        self.values.append((self.position, length))
        return self.take(length)

    def skip(self, length: int) -> None:
        self.position += length

    def string(self) -> bytes:
        start = self.position + 8
        self.skip(self.take(8))
        return self._content[start : self.position]

    def skip_value(self, kind: int) -> None:
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            items, length = self.take(4), self.take(8)
            if items == STRING:
                for index in range(length):
                    # Of a vocabulary the first words stand for all.
                    self.skip(self.take(8) if index < NOTED_ITEMS else self._number(8))
            else:
                for _ in range(min(length, NOTED_ITEMS)):
                    self.take_value(SIZES[items])
                self.skip(max(0, length - NOTED_ITEMS) * SIZES[items])
        else:
            self.take_value(SIZES[kind])

    def _number(self, length: int) -> int:
        self.position += length
        return int.from_bytes(self._content[self.position - length : self.position], "little")
