"""Hostile model files: sound ones, damaged at random or changed with intent; the same every time.

``mutated`` are what broken downloads, bad disks and blind fuzzing make. What somebody makes who
knows the format and means harm is in ``hostile_designs``. Both begin with small models that
llama.cpp loads.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from tests.gguf_surgery import Gguf, take_apart
from tests.model_factory import SMALL, Design, write_model

INTERESTING: Final = (
    *(0, 1, 2, 3, 7, 8, 31, 64, 255, 256, 65_535, 65_536, 1 << 20),
    *((1 << power) - offset for power in (31, 32, 63, 64) for offset in (0, 1, 2)),
)
BASES: Final = tuple(name for name in SMALL if name != "jamba")


class HostileFile(NamedTuple):
    """A file's content, and what was done to it."""

    name: str
    content: bytes


def mutated(count: int, seed: int = 0) -> Iterator[HostileFile]:
    """Yield files whose headers were damaged at random places, of all kinds of models by turns."""
    for index in range(count):
        chance = random.Random(f"{seed}/{index}")
        base = BASES[index // 2 % len(BASES)]
        content, pieces = bytearray(sound(base)), take_apart_cached(base)
        if index % 2:
            (name, mutate), places = chance.choice(_OF_FILES), pieces.places
        else:
            (name, mutate), places = chance.choice(_OF_VALUES), pieces.values
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            mutate(content, places, chance)
        yield HostileFile(f"{index}: {base}, {name}", bytes(content))


@cache
def sound(base: str) -> bytes:
    """Return a small model that nothing is wrong with, of one of the kinds of ``SMALL``."""
    design: Design = replace(SMALL[base], vocabulary=400, template="")
    with tempfile.TemporaryDirectory() as folder:
        return write_model(Path(folder) / "sound.gguf", design).read_bytes()


@cache
def take_apart_cached(base: str) -> Gguf:
    """Return the pieces of a sound file, which must not be changed."""
    return take_apart(sound(base))


# --- random damage -------------------------------------------------------------------------------

Places = list[tuple[int, int]]


def _header_end(places: Places) -> int:
    start, length = places[-1]
    return start + length


def _flip_bit(content: bytearray, places: Places, chance: random.Random) -> None:
    if content:
        end = min(len(content), _header_end(places))
        content[chance.randrange(end)] ^= 1 << chance.randrange(8)


def _flip_number_bit(content: bytearray, places: Places, chance: random.Random) -> None:
    start, length = chance.choice(places)
    if start + length <= len(content):
        content[start + chance.randrange(length)] ^= 1 << chance.randrange(8)


def _set_byte(content: bytearray, places: Places, chance: random.Random) -> None:
    if content:
        end = min(len(content), _header_end(places))
        content[chance.randrange(end)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def _set_number(content: bytearray, places: Places, chance: random.Random) -> None:
    start, length = chance.choice(places)
    if start + length <= len(content):
        value = chance.choice(INTERESTING) % (1 << 8 * length)
        content[start : start + length] = value.to_bytes(length, "little")


def _step_number(content: bytearray, places: Places, chance: random.Random) -> None:
    """Set a number to one near it, which the format's own checks rarely notice."""
    start, length = chance.choice(places)
    if start + length <= len(content):
        value = int.from_bytes(content[start : start + length], "little")
        value = (value + chance.choice((-2, -1, 1, 2, value, -value // 2))) % (1 << 8 * length)
        content[start : start + length] = value.to_bytes(length, "little")


def _swap_numbers(content: bytearray, places: Places, chance: random.Random) -> None:
    (first, length) = chance.choice(places)
    second, _ = chance.choice([place for place in places if place[1] == length])
    if max(first, second) + length <= len(content):
        one, other = content[first : first + length], content[second : second + length]
        content[first : first + length], content[second : second + length] = other, one


def _set_count(content: bytearray, places: Places, chance: random.Random) -> None:
    """Announce another number of tensors or of entries."""
    start, length = chance.choice(places[1:3])
    value = chance.choice(INTERESTING) % (1 << 8 * length)
    content[start : start + length] = value.to_bytes(length, "little")


def _truncate(content: bytearray, places: Places, chance: random.Random) -> None:
    end = chance.choice((_header_end(places), len(content)))
    del content[chance.randrange(max(1, end)) :]


def _insert(content: bytearray, places: Places, chance: random.Random) -> None:
    start = chance.randrange(_header_end(places))
    content[start:start] = chance.randbytes(chance.choice((1, 4, 8, 100)))


def _cut(content: bytearray, places: Places, chance: random.Random) -> None:
    start = chance.randrange(_header_end(places))
    del content[start : start + chance.choice((1, 4, 8, 100))]


def _repeat(content: bytearray, places: Places, chance: random.Random) -> None:
    start = chance.randrange(_header_end(places))
    piece = content[start : start + chance.choice((8, 64, 1000))]
    content[start:start] = piece


def _blank(content: bytearray, places: Places, chance: random.Random) -> None:
    """Lose a block, as a disk or a sparse download does."""
    start = chance.randrange(_header_end(places))
    length = min(chance.choice((16, 512, 4096)), len(content) - start)
    if length > 0:
        content[start : start + length] = bytes(length)


_Mutation = Callable[[bytearray, Places, random.Random], None]
_OF_FILES: Final[tuple[tuple[str, _Mutation], ...]] = (
    ("a bit flipped", _flip_bit),
    ("a byte set", _set_byte),
    ("a bit of a number flipped", _flip_number_bit),
    ("a number set", _set_number),
    ("numbers swapped", _swap_numbers),
    ("a count set", _set_count),
    ("cut short", _truncate),
    ("bytes inserted", _insert),
    ("bytes cut out", _cut),
    ("bytes repeated", _repeat),
    ("a block lost", _blank),
)
_OF_VALUES: Final[tuple[tuple[str, _Mutation], ...]] = (
    ("a bit of a value flipped", _flip_number_bit),
    ("a value set", _set_number),
    ("a value stepped", _step_number),
    ("values swapped", _swap_numbers),
)
"""Damage that leaves the file's layout sound, so that it comes as far as llama.cpp."""
