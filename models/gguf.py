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
from models.wording import mark, number, tr

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
            tr(
                "The model file {name} can't be read: {why}.",
                name=path.name,
                why=error.strerror or error,
            ),
            tr("Check the file's permissions, or choose another model."),
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
            tr("There is no model file at {path}.", path=path),
            tr("Check the path, or choose another model."),
        ) from error
    except ValueError as error:  # a NUL in the path
        raise EngineError(
            "model_missing",
            tr("That is no path of a file."),
            tr("Check the path, or choose another one."),
        ) from error
    if not stat.S_ISREG(mode):
        raise EngineError(
            "model_not_gguf",
            tr("{path} is a folder, not a model file.", path=path)
            if stat.S_ISDIR(mode)
            else tr("{path} is a device or a pipe, not a model file.", path=path),
            tr("Choose a file that ends in .gguf."),
        )
    return path.open("rb", buffering=0)


def _damaged(path: Path, reason: str) -> EngineError:
    return EngineError(
        "model_damaged",
        tr("The model file {name} is damaged: {reason}.", name=path.name, reason=reason),
        tr("Download it again, or choose another model."),
        reason,
    )


def _cut_short(path: Path, header: GgufHeader, size: int) -> EngineError:
    room = size - header.data_start
    lost = [tensor for tensor in header.tensors if tensor.offset + tensor.size_bytes > room]
    first = f"; what is missing begins in tensor {shown(lost[0].name)}" if lost else ""
    return EngineError(
        "model_damaged",
        tr(
            "The model file {name} is cut short: it has {size} of {whole} bytes.",
            name=path.name,
            size=number(size),
            whole=number(header.data_end),
        ),
        tr("Download it again, or choose another model."),
        f"it has {size:,} bytes of at least {header.data_end:,}{first}",
    )


def _parse(file: BinaryIO, size: int, path: Path) -> GgufHeader:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise EngineError(
            "model_not_gguf",
            tr("The model file {name} is not a GGUF file.", name=path.name)
            if size
            else tr("The model file {name} is empty.", name=path.name),
            tr("Choose a model in the GGUF format, or download it again."),
        )
    reader = HeaderReader(file, len(MAGIC), min(size, MAX_HEADER_BYTES), MAX_KEPT_BYTES)
    version = reader.u32()
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        raise _unknown_version(path, version)
    tensor_count = _count(
        reader, mark("the header announces {count} tensors"), _TENSOR_BYTES, MAX_TENSORS
    )
    pairs = _count(
        reader, mark("the header announces {count} entries of metadata"), _ENTRY_BYTES, MAX_ENTRIES
    )
    metadata: dict[str, Scalar] = {}
    arrays: dict[str, tuple[Number, ...]] = {}
    lengths: dict[str, int] = {}
    keys = tuple(_read_entry(reader, metadata, arrays, lengths) for _ in range(pairs))
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 8 or alignment & (alignment - 1):
        found = shown(str(alignment))
        raise BrokenHeaderError(tr("general.alignment is {value}", value=found))
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
            tr("The model file {name} is made for big-endian machines.", name=path.name),
            tr("Choose the little-endian file of the same model."),
        )
    return EngineError(
        "model_unsupported",
        tr(
            "The model file {name} is of GGUF version {version}, which isn't supported.",
            name=path.name,
            version=version,
        ),
        tr("Choose a model in GGUF version 2 or 3."),
    )


def _count(reader: HeaderReader, complaint: str, least_bytes: int, limit: int) -> int:
    """Return an announced number of things that take at least so many bytes each."""
    count = reader.u64()
    if count > limit or count * least_bytes > reader.left:
        raise BrokenHeaderError(tr(complaint, count=number(count)))
    return count


def _read_entry(
    reader: HeaderReader,
    metadata: dict[str, Scalar],
    arrays: dict[str, tuple[Number, ...]],
    lengths: dict[str, int],
) -> str:
    """Read one entry into the dictionary where it belongs; return its key."""
    reader.be_at(mark("an entry of metadata at byte {place}"), reader.position)
    key = reader.name(MAX_NAME_BYTES)
    reader.be_at(mark("the entry {place}"), key)
    if key in metadata or key in lengths:
        raise BrokenHeaderError(tr("{place} is there twice", place=reader.place))
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
            raise BrokenHeaderError(tr("{place} is there twice", place=reader.place))
        if tensor.offset != expected:
            raise BrokenHeaderError(
                tr(
                    "{place} lies at {found} where {expected} is next",
                    place=reader.place,
                    found=number(tensor.offset),
                    expected=number(expected),
                )
            )
        expected += -(-tensor.size_bytes // alignment) * alignment
        names.add(tensor.name)
        tensors.append(tensor)
    return tuple(tensors)


def _read_tensor(reader: HeaderReader, path: Path) -> TensorInfo:
    reader.be_at(mark("a tensor listed at byte {place}"), reader.position)
    name = reader.name(MAX_NAME_BYTES)
    reader.be_at(mark("tensor {place}"), name)
    dimensions = reader.u32()
    if not 1 <= dimensions <= 4:
        raise BrokenHeaderError(
            tr("{place} has {count} dimensions", place=reader.place, count=number(dimensions))
        )
    shape = tuple(reader.u64() for _ in range(dimensions))
    code, offset = reader.u32(), reader.u64()
    elements = math.prod(shape)
    if elements >= _MAX_ELEMENTS or max(shape) >= _MAX_ELEMENTS:
        raise BrokenHeaderError(
            tr("{place} announces {count} elements", place=reader.place, count=number(elements))
        )
    kind = TENSOR_TYPES.get(code)
    if kind is None:
        raise EngineError(
            "model_unsupported",
            tr(
                "The model file {name} has tensors of type {code}, which isn't supported.",
                name=path.name,
                code=code,
            ),
            tr("Update Snug, or choose another quantization of the model."),
            f"{reader.place} is of type {code}",
        )
    if shape[0] % kind.block:
        raise BrokenHeaderError(
            tr("{place} has rows of {count} elements", place=reader.place, count=number(shape[0]))
        )
    return TensorInfo(name, shape, code, offset, elements // kind.block * kind.block_bytes)
