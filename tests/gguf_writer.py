"""Write GGUF files: metadata of any type, tensors of random weights, in the format's own layout.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

ALIGNMENT: Final = 32
U16, U32, I32, F32, BOOL, STRING, ARRAY = 2, 4, 5, 6, 7, 8, 9

Value = bool | int | float | str | Sequence[int] | Sequence[float] | Sequence[str]

TYPES: Final[Mapping[str, tuple[int, int, int]]] = {
    "F32": (0, 1, 4),
    "F16": (1, 1, 2),
    "Q4_0": (2, 32, 18),
    "Q8_0": (8, 32, 34),
    "Q4_K": (12, 256, 144),
    "Q6_K": (14, 256, 210),
}
"""Name → type number, elements of a block, bytes of a block."""


class Short(int):
    """An integer that is written in 16 bits, as llama.cpp wants the numbers of split files."""


class Signed(int):
    """An integer that is written with its sign, as llama.cpp wants the tensors of split files."""


@dataclass(frozen=True)
class Tensor:
    """A tensor to be written. ``shape`` has the row's length first, as in the format.

    Random weights have the standard deviation ``spread`` around ``mean``; with ``constant`` all are
    that number.
    """

    name: str
    shape: tuple[int, ...]
    kind: str = "F32"
    spread: float = 0.05
    constant: float | None = None
    mean: float = 0.0

    @property
    def size_bytes(self) -> int:
        _number, block, block_bytes = TYPES[self.kind]
        return int(np.prod(self.shape)) // block * block_bytes


def write_gguf(
    path: Path, metadata: Mapping[str, Value], tensors: Sequence[Tensor], seed: int = 0
) -> Path:
    """Write a whole file; integers become u32 (i32 in arrays), floats f32."""
    chance = np.random.default_rng(seed)
    pool = chance.standard_normal(1 << 18, dtype=np.float32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(packed_entry(key, value) for key, value in metadata.items())
    offset = 0
    for tensor in tensors:
        head += _packed_tensor(tensor, offset)
        offset += _padded(tensor.size_bytes)
    with path.open("wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT))
        for tensor in tensors:
            data = _random_data(tensor, chance, pool)
            file.write(data.data)
            file.write(bytes(_padded(data.nbytes) - data.nbytes))
    return path


def packed_string(text: str) -> bytes:
    """Return a string as it stands in the file."""
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def packed_entry(key: str, value: Value) -> bytes:
    """Return a metadata entry as it stands in the file."""
    return packed_string(key) + _packed_value(value)


def _packed_value(value: Value) -> bytes:
    if isinstance(value, bool | int | float | str):
        kind = _kind_of(value)
        return struct.pack("<I", kind) + _packed_scalar(kind, value)
    # llama.cpp wants the numbers of its own arrays signed.
    kind = I32 if (found := _kind_of(value[0])) == U32 else found
    head = struct.pack("<IIQ", ARRAY, kind, len(value))
    return head + b"".join(_packed_scalar(kind, item) for item in value)


def _kind_of(value: bool | float | str) -> int:
    match value:
        case bool():
            return BOOL
        case Short():
            return U16
        case Signed():
            return I32
        case int():
            return U32
        case float():
            return F32
        case _:
            return STRING


def _packed_scalar(kind: int, value: bool | float | str) -> bytes:
    if isinstance(value, str):
        return packed_string(value)
    return struct.pack("<" + {U16: "H", U32: "I", I32: "i", F32: "f", BOOL: "?"}[kind], value)


def _packed_tensor(tensor: Tensor, offset: int) -> bytes:
    shape = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
    return packed_string(tensor.name) + shape + struct.pack("<IQ", TYPES[tensor.kind][0], offset)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _random_data(
    tensor: Tensor, chance: np.random.Generator, pool: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Return the tensor's content, quick rather than well mixed: weights repeat from a pool."""
    count = int(np.prod(tensor.shape))
    if tensor.kind in {"F32", "F16"}:
        kind = np.float32 if tensor.kind == "F32" else np.float16
        if tensor.constant is not None:
            return np.full(count, tensor.constant, kind)
        start = int(chance.integers(pool.size))
        return np.resize((np.roll(pool, start) * tensor.spread + tensor.mean).astype(kind), count)
    _number, block, block_bytes = TYPES[tensor.kind]
    blocks = chance.integers(0, 256, (count // block, block_bytes), dtype=np.uint8)
    for place, largest in _SCALES[tensor.kind]:
        scale = np.float16(tensor.spread / largest)
        blocks[:, place : place + 2] = np.frombuffer(scale.tobytes(), np.uint8)
    return blocks


_SCALES: Final = {
    "Q4_0": ((0, 4.6),),
    "Q8_0": ((0, 74.0),),
    # Weights are d × scale × q − dmin × scale, with scales of up to 63 and q of up to 15.
    "Q4_K": ((0, 165.0), (2, 22.0)),
    "Q6_K": ((208, 1370.0),),
}
"""Where a block keeps a half-precision scale, and the deviation of random bits times it."""
