"""The bounded reader of GGUF headers, on files made by hand."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from models.gguf import GgufHeader, read_header
from models.problems import EngineError

U32, STRING, ARRAY = 4, 8, 9


def packed_string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return packed_string(key) + struct.pack("<I", kind) + value


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return packed_string(name) + dimensions + struct.pack("<IQ", kind, offset)


NAMES = packed_string("a") + packed_string("bc")
ENTRIES = (
    entry("general.architecture", STRING, packed_string("toy")),
    entry("toy.block_count", U32, struct.pack("<I", 7)),
    entry(
        "toy.names", ARRAY, struct.pack("<IQ", STRING, 2) + packed_string("a") + packed_string("bc")
    ),
    entry("toy.sizes", ARRAY, struct.pack("<IQ3H", 2, 3, 1, 2, 3)),
)
TENSORS = (tensor("first", (64, 2), 2, 0), tensor("second", (8,), 0, 96))
DATA_BYTES = 96 + 8 * 4


def gguf(
    entries: tuple[bytes, ...] = ENTRIES,
    tensors: tuple[bytes, ...] = TENSORS,
    version: int = 3,
    data: int = DATA_BYTES,
) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries))
    head += b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + bytes(data)


def read(folder: Path, content: bytes) -> GgufHeader:
    path = folder / "toy.gguf"
    path.write_bytes(content)
    return read_header(path)


def problem_code(folder: Path, content: bytes) -> str:
    with pytest.raises(EngineError) as caught:
        read(folder, content)
    assert caught.value.problem.hint
    return caught.value.problem.code


def test_a_header_is_read(tmp_path: Path) -> None:
    content = gguf()
    header = read(tmp_path, content)
    assert header.text("general.architecture") == "toy"
    assert header.integer("toy.block_count") == 7
    assert header.array_lengths == {"toy.names": 2, "toy.sizes": 3}
    assert (header.tensor_count, header.data_end) == (2, len(content))


def test_values_of_another_type_are_the_default(tmp_path: Path) -> None:
    header = read(tmp_path, gguf())
    assert header.integer("general.architecture", 3) == 3
    assert header.text("toy.block_count", "none") == "none"


def test_any_cut_is_noticed(tmp_path: Path) -> None:
    content = gguf()
    for length in range(4, len(content)):
        assert problem_code(tmp_path, content[:length]) == "model_damaged"


def test_another_kind_of_file(tmp_path: Path) -> None:
    assert problem_code(tmp_path, b"") == "model_not_gguf"
    assert problem_code(tmp_path, b"GG") == "model_not_gguf"
    assert problem_code(tmp_path, b"ELF" * 50) == "model_not_gguf"


def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    path = tmp_path / "loop.gguf"
    path.symlink_to(path)
    with pytest.raises(EngineError) as caught:
        read_header(path)
    assert caught.value.problem.code == "model_missing"


@pytest.mark.parametrize("version", [0, 1, 4, 0x03000000])
def test_another_version(tmp_path: Path, version: int) -> None:
    assert problem_code(tmp_path, gguf(version=version)) == "model_unsupported"


@pytest.mark.parametrize(
    "entries",
    [
        (ENTRIES[0], ENTRIES[0]),
        (entry("general.alignment", U32, struct.pack("<I", 1)),),
        (entry("general.alignment", U32, struct.pack("<I", 48)),),
        (entry("general.alignment", STRING, packed_string("x")),),
        (entry("odd", 99, b"1234"),),
        (entry("odd", ARRAY, struct.pack("<IQ", ARRAY, 1)),),
        (entry("long", STRING, struct.pack("<Q", 1 << 60)),),
        (entry("long", ARRAY, struct.pack("<IQ", U32, 1 << 60)),),
    ],
)
def test_contradictions_in_the_metadata(tmp_path: Path, entries: tuple[bytes, ...]) -> None:
    assert problem_code(tmp_path, gguf(entries)) == "model_damaged"


@pytest.mark.parametrize(
    "odd",
    [
        tensor("flat", (), 0, 0),
        tensor("deep", (1, 1, 1, 1, 1), 0, 0),
        tensor("partial", (33,), 2, 0),
        tensor("huge", (1 << 40, 1 << 20), 0, 0),
        tensor("far", (8,), 0, 1 << 50),
    ],
)
def test_contradictions_in_the_tensors(tmp_path: Path, odd: bytes) -> None:
    assert problem_code(tmp_path, gguf(tensors=(odd,))) == "model_damaged"


def test_announced_numbers_are_not_believed(tmp_path: Path) -> None:
    content = bytearray(gguf())
    content[8:16] = struct.pack("<Q", 1 << 50)
    assert problem_code(tmp_path, bytes(content)) == "model_damaged"


def test_mutations_never_raise_anything_else(tmp_path: Path) -> None:
    chance = random.Random(3)
    content = gguf()
    refused = 0
    for _ in range(500):
        mutant = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            mutant[chance.randrange(len(mutant))] = chance.randrange(256)
        try:
            read(tmp_path, bytes(mutant))
        except EngineError:
            refused += 1
    assert 0 < refused < 500
