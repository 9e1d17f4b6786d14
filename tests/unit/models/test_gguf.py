"""The bounded reader of GGUF headers, on files made by hand."""

from __future__ import annotations

import ctypes
import os
import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from models.gguf import GgufHeader, TensorInfo, read_header
from models.gguf_types import FILE_TYPES, TENSOR_TYPES
from models.library.embedded import embedded_model
from models.llama.library import lib
from models.llama.library import text as library_text
from models.problems import EngineError
from models.records import Problem
from tests.model_factory import SMALL, write_model

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


def problem_of(folder: Path, content: bytes) -> Problem:
    with pytest.raises(EngineError) as caught:
        read(folder, content)
    assert caught.value.problem.hint
    return caught.value.problem


def problem_code(folder: Path, content: bytes) -> str:
    return problem_of(folder, content).code


def test_a_header_is_read(tmp_path: Path) -> None:
    content = gguf()
    header = read(tmp_path, content)
    assert header.text("general.architecture") == "toy"
    assert header.integer("toy.block_count") == 7
    assert header.array_lengths == {"toy.names": 2, "toy.sizes": 3}
    assert (header.tensor_count, header.data_end) == (2, len(content))
    assert header.arrays == {"toy.sizes": (1, 2, 3)}
    assert header.keys == ("general.architecture", "toy.block_count", "toy.names", "toy.sizes")
    assert header.tensors == (
        TensorInfo("first", (64, 2), 2, 0, 72),
        TensorInfo("second", (8,), 0, 96, 32),
    )
    assert [(each.type_name, each.elements) for each in header.tensors] == [
        ("Q4_0", 128),
        ("F32", 8),
    ]


def test_a_header_without_tensors_needs_nothing_behind_it(tmp_path: Path) -> None:
    content = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + ENTRIES[0]
    assert len(content) % 32
    header = read(tmp_path, content)
    assert (header.tensors, header.data_end) == ((), len(content))


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
        (entry("long", ARRAY, struct.pack("<IQ", STRING, 1 << 60)),),
        (entry("far", ARRAY, struct.pack("<IQQ", STRING, 1, 1 << 63)),),
        (entry("", U32, struct.pack("<I", 1)),),
        (entry("x" * 2000, U32, struct.pack("<I", 1)),),
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
        tensor("overflowing", (1 << 32, 1 << 32), 0, 0),
        tensor("", (8,), 0, 0),
        tensor("x" * 2000, (8,), 0, 0),
    ],
)
def test_contradictions_in_the_tensors(tmp_path: Path, odd: bytes) -> None:
    assert problem_code(tmp_path, gguf(tensors=(odd,))) == "model_damaged"


def test_announced_numbers_are_not_believed(tmp_path: Path) -> None:
    content = bytearray(gguf())
    content[8:16] = struct.pack("<Q", 1 << 50)
    assert problem_code(tmp_path, bytes(content)) == "model_damaged"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (gguf((entry("toy.size", 99, b"1234"),)), "the entry “toy.size”"),
        (gguf(tensors=(tensor("blk.0.odd", (33,), 2, 0),)), "tensor “blk.0.odd”"),
        (gguf(tensors=(TENSORS[0], TENSORS[0])), "tensor “first” is there twice"),
        (gguf(tensors=(tensor("late", (8,), 0, 64),)), "tensor “late” lies at 64 where 0 is next"),
        (gguf()[:90], "byte 90"),
        (gguf()[:-1], "begins in tensor “second”"),
        (gguf((entry("a\x1b[2J\nb", 99, b""),)), "“a�[2J�b”"),
    ],
)
def test_damage_is_told_with_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    problem = problem_of(tmp_path, content)
    assert problem.code == "model_damaged"
    assert place in problem.detail
    assert "\x1b" not in problem.title + problem.detail


def test_a_cut_file_tells_both_sizes(tmp_path: Path) -> None:
    content = gguf()
    title = problem_of(tmp_path, content[:-10]).title
    assert f"it has {len(content) - 10:,} of {len(content):,} bytes" in title


def test_an_unknown_tensor_type_is_not_damage(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, gguf(tensors=(tensor("new", (8,), 200, 0),)))
    assert (problem.code, problem.detail) == (
        "model_unsupported",
        "tensor “new” is of type 200",
    )


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path / "pipe.gguf", Path("/dev/zero"), tmp_path):
        with pytest.raises(EngineError) as caught:
            read_header(path)
        assert caught.value.problem.code == "model_not_gguf"
    for path in (tmp_path / "none.gguf", tmp_path / "pipe.gguf" / "x", Path("nul\0.gguf")):
        with pytest.raises(EngineError) as caught:
            read_header(path)
        assert caught.value.problem.code == "model_missing"


def test_only_the_beginning_of_a_long_text_is_kept(tmp_path: Path) -> None:
    text = "é" * (1 << 20)
    header = read(tmp_path, gguf((entry("toy.text", STRING, packed_string(text)), *ENTRIES)))
    assert header.text("toy.text") == "é" * (1 << 19)
    assert header.integer("toy.block_count") == 7


def test_only_short_arrays_are_kept(tmp_path: Path) -> None:
    lists = [
        entry(f"toy.{length}", ARRAY, struct.pack(f"<IQ{length}?", 7, length, *[True] * length))
        for length in (4096, 4097)
    ]
    header = read(tmp_path, gguf((*lists, *ENTRIES)))
    assert header.arrays["toy.4096"] == (True,) * 4096
    assert "toy.4097" not in header.arrays
    assert header.array_lengths["toy.4097"] == 4097


def test_real_models_are_read_whole(tmp_path: Path) -> None:
    header = read_header(embedded_model())
    assert len(header.tensors) == header.tensor_count == 272
    assert sum(each.elements for each in header.tensors) == 134_515_008
    assert header.data_end == embedded_model().stat().st_size
    for name, design in SMALL.items():
        path = write_model(tmp_path / f"{name}.gguf", design)
        header = read_header(path)
        assert header.architecture == design.architecture
        assert header.data_end <= path.stat().st_size


def test_the_library_s_own_numbers_agree() -> None:
    library = lib._lib
    library.ggml_type_name.restype = ctypes.c_char_p
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    for number, kind in TENSOR_TYPES.items():
        assert library.ggml_type_name(number).decode().lower() == kind.name.lower()
        assert library.ggml_blck_size(number) == kind.block
        assert library.ggml_type_size(number) == kind.block_bytes
    for number, name in FILE_TYPES.items():
        said = library_text(lib.llama_ftype_name(number)).removesuffix(" - Medium")
        assert said.startswith((name.split("_")[0], "unknown", "all F32")), (number, name, said)


def test_mutations_never_raise_anything_else_and_take_no_time(tmp_path: Path) -> None:
    chance = random.Random(3)
    contents = [gguf()]
    contents += [
        write_model(tmp_path / f"{name}.gguf", SMALL[name]).read_bytes()[:40_000]
        for name in ("llama", "gemma3", "t5")
    ]
    path = tmp_path / "mutant.gguf"
    refused, longest = 0, 0.0
    for turn in range(3000):
        mutant = bytearray(contents[turn % len(contents)])
        for _ in range(chance.randint(1, 6)):
            _mutate(mutant, chance)
        path.write_bytes(mutant)
        # Sparse, so that claims of many bytes meet a file that has them.
        os.truncate(path, len(mutant) + chance.choice((0, 0, 1 << 20, 1 << 34)))
        began = time.process_time()
        try:
            read_header(path)
        except EngineError:
            refused += 1
        longest = max(longest, time.process_time() - began)
    assert 1500 < refused < 3000
    assert longest < 1


def _mutate(mutant: bytearray, chance: random.Random) -> None:
    """Change a byte, or a number where lengths and counts are, to one that tempts."""
    if chance.random() < 0.5:
        mutant[chance.randrange(len(mutant))] = chance.randrange(256)
        return
    number = chance.choice((0, 1, 2**16, 2**20, 2**31, 2**32, 2**40, 2**63, 2**64 - 1))
    at = chance.choice((8, 16, chance.randrange(24, min(2000, len(mutant)))))
    mutant[at : at + 8] = struct.pack("<Q", number)


def _strings(count: int) -> bytes:
    return gguf((entry("a", ARRAY, struct.pack("<IQ", STRING, count)),), ())


def _entries(count: int) -> bytes:
    return gguf(tuple(entry(f"k{index}", 0, b"1") for index in range(count)), ())


def _arrays(count: int) -> bytes:
    numbers = struct.pack("<IQ", 0, 4096) + bytes(range(256)) * 16
    return gguf(tuple(entry(f"k{index}", ARRAY, numbers) for index in range(count)), ())


def _tensors(count: int) -> bytes:
    listed = (tensor(f"t{index}", (8,), 0, 32 * index) for index in range(count))
    return gguf((), tuple(listed), data=32 * count)


def _texts(count: int) -> bytes:
    text = packed_string("x" * (1 << 20))
    return gguf(tuple(entry(f"k{index}", STRING, text) for index in range(count)), ())


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (_strings, 2_000_000),
        (_entries, 1 << 14),
        (_arrays, 3000),
        (_tensors, 1 << 15),
        (_texts, 15),
    ],
)
def test_the_largest_headers_cost_little(
    tmp_path: Path, make: Callable[[int], bytes], most: int
) -> None:
    path = tmp_path / "large.gguf"
    path.write_bytes(make(most))
    os.truncate(path, path.stat().st_size + 20_000_000)
    began = time.process_time()
    read_header(path)
    assert time.process_time() - began < 1
    path.write_bytes(make(min(most, 1 << 15)))
    size = path.stat().st_size
    os.truncate(path, size + 20_000_000)
    tracemalloc.start()
    read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * size + (1 << 20)
    assert peak < 48 << 20


@pytest.mark.parametrize(
    "content",
    [_strings(2_000_001), _entries((1 << 14) + 1), _tensors((1 << 15) + 1), _texts(17)],
    ids=["strings", "entries", "tensors", "texts"],
)
def test_larger_headers_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "large.gguf"
    path.write_bytes(content)
    os.truncate(path, len(content) + 20_000_000)
    with pytest.raises(EngineError) as caught:
        read_header(path)
    assert caught.value.problem.code == "model_damaged"
