"""Read the header of a GGUF file, within bounds, before llama.cpp maps it.

llama.cpp answers a bad file with one sentence for every reason, or with the death of the process.
Reading the header first gives the reason, its place, and the size that the file should have.
Every number that the file announces is checked against the bytes that are left in it before
anything is allocated or counted up to, and no more is kept of a header than ``MAX_KEPT_BYTES``.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from models.gguf_reader import (
    ARRAY,
    MAX_HEADER_BYTES,
    STRING,
    BrokenHeaderError,
    HeaderReader,
    Number,
    Scalar,
    shown,
)
from models.gguf_types import TENSOR_TYPES
from models.problems import EngineError

MAGIC: Final = b"GGUF"
MAX_ENTRIES: Final = 1 << 14
MAX_TENSORS: Final = 1 << 15
MAX_STRING_BYTES: Final = 1 << 20
"""Of a longer string only the beginning is kept."""
MAX_NAME_BYTES: Final = 1 << 10
MAX_KEPT_BYTES: Final = 16 << 20
MAX_KEPT_ELEMENTS: Final = 4096
"""A numeric array of so many elements is kept, such as one of each layer's heads; of a longer one,
as of a vocabulary, only its length."""
DEFAULT_ALIGNMENT: Final = 32
OLDEST_VERSION, NEWEST_VERSION = 2, 3

_ENTRY_BYTES, _TENSOR_BYTES = 13, 32
"""The least that an entry of the metadata, and of the list of tensors, takes in the file."""
_MAX_ELEMENTS: Final = 1 << 63


@dataclass(frozen=True)
class TensorInfo:
    """A tensor as the header lists it: ``offset`` counts from the start of the tensors' data."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int
    size_bytes: int

    @property
    def type_name(self) -> str:
        """Return what the type is called, such as ``Q4_K``."""
        return TENSOR_TYPES[self.type].name

    @property
    def elements(self) -> int:
        """Return how many numbers the tensor holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says of itself.

    ``metadata`` holds the scalars and strings, ``arrays`` the short arrays of numbers; of every
    array the length is kept, in ``array_lengths``. ``keys`` are those of all three in the file's
    order. ``data_end`` is the size in bytes that the file must at least have.
    """

    version: int
    metadata: Mapping[str, Scalar]
    array_lengths: Mapping[str, int]
    tensor_count: int
    data_end: int
    arrays: Mapping[str, tuple[Number, ...]] = field(default_factory=dict)
    tensors: tuple[TensorInfo, ...] = ()
    data_start: int = 0
    keys: tuple[str, ...] = ()

    def integer(self, key: str, default: int = 0) -> int:
        """Return the metadata's integer, or the default where there is none."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, int) else default

    def text(self, key: str, default: str = "") -> str:
        """Return the metadata's string, or the default where there is none."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, str) else default

    @property
    def architecture(self) -> str:
        """Return the architecture's name, which the keys of its numbers begin with."""
        return self.text("general.architecture")


def read_header(path: Path) -> GgufHeader:
    """Return the header of a whole GGUF file.

    Raises EngineError: model_missing (no such file, or not to be read), model_not_gguf (empty, a
    folder, another format), model_damaged (cut short, or a header that contradicts itself),
    model_unsupported (a version or a tensor type that llama.cpp doesn't read).
    """
    try:
        with _open(path) as file:
            size = os.fstat(file.fileno()).st_size
            header = _parse(file, size, path)
    except OSError as error:
        raise EngineError(
            "model_missing",
            f"The model file {path.name} can't be read: {error.strerror or error}.",
            "Check the file's permissions, or choose another model.",
        ) from error
    except BrokenHeaderError as error:
        raise _damaged(path, str(error)) from error
    if header.data_end > size:
        raise _cut_short(path, header, size)
    return header


def _open(path: Path) -> BinaryIO:
    """Open a regular file; anything else might block or never end. Raises EngineError, OSError."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EngineError(
            "model_missing",
            f"There is no model file at {path}.",
            "Check the path, or choose another model.",
        ) from error
    except ValueError as error:  # a NUL in the path
        raise EngineError(
            "model_missing", "That is no path of a file.", "Check the path, or choose another one."
        ) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise EngineError(
            "model_not_gguf",
            f"{path} is {kind}, not a model file.",
            "Choose a file that ends in .gguf.",
        )
    return path.open("rb", buffering=0)


def _damaged(path: Path, reason: str) -> EngineError:
    return EngineError(
        "model_damaged",
        f"The model file {path.name} is damaged: {reason}.",
        "Download it again, or choose another model.",
        reason,
    )


def _cut_short(path: Path, header: GgufHeader, size: int) -> EngineError:
    room = size - header.data_start
    lost = [tensor for tensor in header.tensors if tensor.offset + tensor.size_bytes > room]
    first = f"; what is missing begins in tensor {shown(lost[0].name)}" if lost else ""
    return EngineError(
        "model_damaged",
        f"The model file {path.name} is cut short: it has {size:,} of {header.data_end:,} bytes.",
        "Download it again, or choose another model.",
        f"it has {size:,} bytes of at least {header.data_end:,}{first}",
    )


def _parse(file: BinaryIO, size: int, path: Path) -> GgufHeader:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise EngineError(
            "model_not_gguf",
            f"The model file {path.name} is {'empty' if size == 0 else 'not a GGUF file'}.",
            "Choose a model in the GGUF format, or download it again.",
        )
    reader = HeaderReader(file, len(MAGIC), min(size, MAX_HEADER_BYTES), MAX_KEPT_BYTES)
    version = reader.u32()
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise _unknown_version(path, version)
    tensor_count = _count(reader, "tensors", _TENSOR_BYTES, MAX_TENSORS)
    pairs = _count(reader, "entries of metadata", _ENTRY_BYTES, MAX_ENTRIES)
    metadata: dict[str, Scalar] = {}
    arrays: dict[str, tuple[Number, ...]] = {}
    lengths: dict[str, int] = {}
    keys = tuple(_read_entry(reader, metadata, arrays, lengths) for _ in range(pairs))
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 8 or alignment & (alignment - 1):
        raise BrokenHeaderError(f"general.alignment is {shown(str(alignment))}")
    tensors = _read_tensors(reader, tensor_count, alignment, path)
    data_start = -(-reader.position // alignment) * alignment
    extent = max((tensor.offset + tensor.size_bytes for tensor in tensors), default=0)
    # Without tensors, as in some first parts, the file may end before the place where they'd begin.
    data_end = data_start + extent if tensors else reader.position
    return GgufHeader(
        version, metadata, lengths, tensor_count, data_end, arrays, tensors, data_start, keys
    )


def _unknown_version(path: Path, version: int) -> EngineError:
    if version and not version & 0xFFFF:
        return EngineError(
            "model_unsupported",
            f"The model file {path.name} is made for big-endian machines.",
            "Choose the little-endian file of the same model.",
        )
    return EngineError(
        "model_unsupported",
        f"The model file {path.name} is of GGUF version {version}, which isn't supported.",
        "Choose a model in GGUF version 2 or 3.",
    )


def _count(reader: HeaderReader, what: str, least_bytes: int, limit: int) -> int:
    """Return an announced number of things that take at least so many bytes each."""
    number = reader.u64()
    if number > limit or number * least_bytes > reader.left:
        raise BrokenHeaderError(f"the header announces {number:,} {what}")
    return number


def _read_entry(
    reader: HeaderReader,
    metadata: dict[str, Scalar],
    arrays: dict[str, tuple[Number, ...]],
    lengths: dict[str, int],
) -> str:
    """Read one entry into the dictionary where it belongs; return its key."""
    reader.place = f"an entry of metadata at byte {reader.position:,}"
    key = reader.name(MAX_NAME_BYTES)
    reader.place = f"the entry {shown(key)}"
    if key in metadata or key in lengths:
        raise BrokenHeaderError(f"{reader.place} is there twice")
    kind = reader.u32()
    if kind == ARRAY:
        lengths[key], values = reader.array(MAX_KEPT_ELEMENTS)
        if values is not None:
            arrays[key] = values
    elif kind == STRING:
        metadata[key] = reader.string(MAX_STRING_BYTES)
    else:
        metadata[key] = reader.number(kind)
    return key


def _read_tensors(
    reader: HeaderReader, count: int, alignment: int, path: Path
) -> tuple[TensorInfo, ...]:
    """Return the list of tensors, which must lie one behind the other, as llama.cpp wants them."""
    tensors: list[TensorInfo] = []
    names: set[str] = set()
    expected = 0
    for _ in range(count):
        tensor = _read_tensor(reader, path)
        if tensor.name in names:
            raise BrokenHeaderError(f"{reader.place} is there twice")
        if tensor.offset != expected:
            raise BrokenHeaderError(
                f"{reader.place} lies at {tensor.offset:,} where {expected:,} is next"
            )
        expected += -(-tensor.size_bytes // alignment) * alignment
        names.add(tensor.name)
        tensors.append(tensor)
    return tuple(tensors)


def _read_tensor(reader: HeaderReader, path: Path) -> TensorInfo:
    reader.place = f"a tensor listed at byte {reader.position:,}"
    name = reader.name(MAX_NAME_BYTES)
    reader.place = f"tensor {shown(name)}"
    dimensions = reader.u32()
    if not 1 <= dimensions <= 4:
        raise BrokenHeaderError(f"{reader.place} has {dimensions} dimensions")
    shape = tuple(reader.u64() for _ in range(dimensions))
    number, offset = reader.u32(), reader.u64()
    elements = math.prod(shape)
    if elements >= _MAX_ELEMENTS or max(shape) >= _MAX_ELEMENTS:
        raise BrokenHeaderError(f"{reader.place} announces {elements:,} elements")
    kind = TENSOR_TYPES.get(number)
    if kind is None:
        raise EngineError(
            "model_unsupported",
            f"The model file {path.name} has tensors of type {number}, which isn't supported.",
            "Update Snug, or choose another quantization of the model.",
            f"{reader.place} is of type {number}",
        )
    if shape[0] % kind.block:
        raise BrokenHeaderError(f"{reader.place} has rows of {shape[0]:,} elements")
    return TensorInfo(name, shape, number, offset, elements // kind.block * kind.block_bytes)
