"""Read the header of a GGUF file, within bounds, before llama.cpp maps it.

llama.cpp answers a bad file with one sentence for every reason, or with the death of the process.
Reading the header first gives the reason, and the size that the file should have.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from models.problems import EngineError

Scalar = int | float | bool | str

MAGIC: Final = b"GGUF"
MAX_ENTRIES: Final = 1 << 20
MAX_STRING_BYTES: Final = 16 << 20
MAX_HEADER_BYTES: Final = 1 << 30
DEFAULT_ALIGNMENT: Final = 32
OLDEST_VERSION, NEWEST_VERSION = 2, 3

_STRING, _ARRAY = 8, 9
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

TENSOR_TYPES: Final[Mapping[int, tuple[int, int]]] = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    9: (32, 36),  # Q8_1
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    15: (256, 292),  # Q8_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
    34: (256, 54),  # TQ1_0
    35: (256, 66),  # TQ2_0
    39: (32, 17),  # MXFP4
    40: (64, 36),  # NVFP4
    41: (128, 18),  # Q1_0
    42: (64, 18),  # Q2_0
}
"""Type number → elements in a block, bytes of a block."""


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says of itself.

    ``metadata`` holds the scalars and strings; of an array only its length is kept, in
    ``array_lengths``. ``data_end`` is the size in bytes that the file must at least have.
    """

    version: int
    metadata: Mapping[str, Scalar]
    array_lengths: Mapping[str, int]
    tensor_count: int
    data_end: int

    def integer(self, key: str, default: int = 0) -> int:
        """Return the metadata's integer, or the default where there is none."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, int) else default

    def text(self, key: str, default: str = "") -> str:
        """Return the metadata's string, or the default where there is none."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, str) else default


class _BrokenHeaderError(Exception):
    """The header contradicts itself or ends early."""


def read_header(path: Path) -> GgufHeader:
    """Return the header of a whole GGUF file.

    Raises EngineError: model_missing (no such file, or not to be read), model_not_gguf (empty, a
    folder, another format), model_damaged (cut short, or a header that contradicts itself),
    model_unsupported (a version of the format that llama.cpp doesn't read).
    """
    _check_is_file(path)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            header = _parse(file, size, path)
    except OSError as error:
        raise EngineError(
            "model_missing",
            f"The model file {path.name} can't be read: {error.strerror or error}.",
            "Check the file's permissions, or choose another model.",
        ) from error
    except _BrokenHeaderError as error:
        raise _damaged(path, str(error)) from error
    if header.data_end > size:
        raise _damaged(path, f"it has {size:,} bytes of at least {header.data_end:,}")
    return header


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise EngineError(
            "model_not_gguf",
            f"{path} is a folder, not a model file.",
            "Choose a file that ends in .gguf.",
        )
    if not path.exists():
        raise EngineError(
            "model_missing",
            f"There is no model file at {path}.",
            "Check the path, or choose another model.",
        )


def _damaged(path: Path, reason: str) -> EngineError:
    return EngineError(
        "model_damaged",
        f"The model file {path.name} is cut short or damaged.",
        "Download it again, or choose another model.",
        reason,
    )


def _parse(file: BinaryIO, size: int, path: Path) -> GgufHeader:
    magic = file.read(4)
    if magic != MAGIC:
        raise EngineError(
            "model_not_gguf",
            f"The model file {path.name} is {'empty' if size == 0 else 'not a GGUF file'}.",
            "Choose a model in the GGUF format, or download it again.",
        )
    reader = _Reader(file, min(size, MAX_HEADER_BYTES))
    version = reader.unpack(_U32)
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise EngineError(
            "model_unsupported",
            f"The model file {path.name} is of GGUF version {version}, which isn't supported.",
            "Choose a model in GGUF version 2 or 3.",
        )
    tensor_count = reader.count("tensors")
    pairs = reader.count("metadata entries")
    metadata, lengths = _read_metadata(reader, pairs)
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 8 or alignment & (alignment - 1):
        raise _BrokenHeaderError(f"general.alignment is {alignment}")
    extent = max((_read_tensor_end(reader) for _ in range(tensor_count)), default=0)
    data_start = -(-reader.position // alignment) * alignment
    return GgufHeader(version, metadata, lengths, tensor_count, data_start + extent)


def _read_metadata(reader: _Reader, pairs: int) -> tuple[dict[str, Scalar], dict[str, int]]:
    metadata: dict[str, Scalar] = {}
    lengths: dict[str, int] = {}
    for _ in range(pairs):
        key = reader.string()
        if key in metadata or key in lengths:
            raise _BrokenHeaderError(f"{key} is there twice")
        kind = reader.unpack(_U32)
        if kind == _ARRAY:
            lengths[key] = reader.skip_array()
        else:
            metadata[key] = reader.scalar(kind)
    return metadata, lengths


def _read_tensor_end(reader: _Reader) -> int:
    name = reader.string()
    dimensions = reader.unpack(_U32)
    if not 1 <= dimensions <= 4:
        raise _BrokenHeaderError(f"tensor {name} has {dimensions} dimensions")
    shape = [reader.unpack(_U64) for _ in range(dimensions)]
    kind = reader.unpack(_U32)
    offset = reader.unpack(_U64)
    block, block_bytes = TENSOR_TYPES.get(kind, (1, 0))
    if shape[0] % block:
        raise _BrokenHeaderError(f"tensor {name} has rows of {shape[0]} elements")
    elements = 1
    for length in shape:
        elements *= length
    return offset + elements // block * block_bytes


class _Reader:
    """Takes values off a file, never past ``limit`` bytes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.position = file.tell()

    def take(self, length: int) -> bytes:
        self._advance(length)
        data = self._file.read(length)
        if len(data) < length:
            raise _BrokenHeaderError("the header ends early")
        return data

    def skip(self, length: int) -> None:
        self._advance(length)
        self._file.seek(length, 1)

    def unpack(self, layout: struct.Struct) -> int:
        return int(layout.unpack(self.take(layout.size))[0])

    def count(self, what: str) -> int:
        number = self.unpack(_U64)
        if number > MAX_ENTRIES:
            raise _BrokenHeaderError(f"the header announces {number} {what}")
        return number

    def string(self) -> str:
        length = self.unpack(_U64)
        if length > MAX_STRING_BYTES:
            raise _BrokenHeaderError(f"the header announces a string of {length} bytes")
        return self.take(length).decode("utf-8", errors="replace")

    def scalar(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self.string()
        layout = _SCALARS.get(kind)
        if layout is None:
            raise _BrokenHeaderError(f"the header has a value of the unknown type {kind}")
        value: Scalar = layout.unpack(self.take(layout.size))[0]
        return value

    def skip_array(self) -> int:
        kind = self.unpack(_U32)
        length = self.unpack(_U64)
        if kind == _STRING:
            for _ in range(length):
                self.skip(self.unpack(_U64))
        elif kind in _SCALARS:
            self.skip(length * _SCALARS[kind].size)
        else:
            raise _BrokenHeaderError(f"the header has an array of the unknown type {kind}")
        return length

    def _advance(self, length: int) -> None:
        self.position += length
        if self.position > self._limit:
            raise _BrokenHeaderError("the header ends early")
