"""Hostile files made with intent: each a sound model with one thing that no honest writer would do.

``structured`` yields the ones with a name of their own first, then numbers that fit no model, for
each number of each kind of model, in an order that is shuffled once and for all.
"""

from __future__ import annotations

import gzip
import itertools
import math
import random
import struct
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Final

from tests.gguf_surgery import Gguf, TensorRecord, array, string
from tests.gguf_writer import ARRAY
from tests.hostile import BASES, HostileFile, sound, take_apart_cached

_TOKENS, _MERGES = "tokenizer.ggml.tokens", "tokenizer.ggml.merges"
_KINDS, _SCORES = "tokenizer.ggml.token_type", "tokenizer.ggml.scores"
_MODEL, _TEMPLATE = "tokenizer.ggml.model", "tokenizer.chat_template"
_ARCHITECTURE: Final = "general.architecture"
_HUGE: Final = (1 << 31) - 1
_NUMBERS: Final = (0, 1, 3, 7, 65, 513, 1 << 16, 1 << 24, _HUGE, (1 << 32) - 1)
_REALS: Final = (math.nan, math.inf, -math.inf, -1.0, 0.0, 1e38, -1e-38)

Change = Callable[[Gguf], None]


def structured(count: int, seed: int = 0) -> Iterator[HostileFile]:
    """Yield ``count`` files, named ones first."""
    numbers = list(_number_cases())
    random.Random(seed).shuffle(numbers)
    made = itertools.starmap(_changed, numbers)
    yield from itertools.islice(itertools.chain(_named(), made), count)


def _named() -> Iterator[HostileFile]:
    yield from _foreign_files()
    for name, change in itertools.chain(
        _tokenizers(), _templates(), _tensors(), _layouts(), _architectures(), _types()
    ):
        yield _changed("llama", name, change)
    for base, name, change in _of_kinds():
        yield _changed(base, name, change)


def _number_cases() -> Iterator[tuple[str, str, Change]]:
    """Set each number of each kind of model to each of a few that fit none."""
    for base in BASES:
        for key, kind, _ in take_apart_cached(base).entries:
            name = key.decode()
            if name.startswith(("general.", "tokenizer.")):
                continue
            if kind == 4:
                for number in _NUMBERS:
                    yield base, f"{name} is {number}", _number(name, number)
            elif kind == 6:
                for real in _REALS:
                    yield base, f"{name} is {real}", _real(name, real)


def _changed(base: str, name: str, change: Change) -> HostileFile:
    pieces = deepcopy(take_apart_cached(base))
    change(pieces)
    return HostileFile(f"{base}: {name}", pieces.packed())


def _number(key: str, value: int) -> Change:
    return lambda gguf: gguf.number(key, value)


def _real(key: str, value: float) -> Change:
    return lambda gguf: gguf.real(key, value)


def _text(key: str, value: str | bytes) -> Change:
    return lambda gguf: gguf.text(key, value)


def _put(key: str, kind: int, value: bytes) -> Change:
    return lambda gguf: gguf.put(key, kind, value)


# --- not GGUF ------------------------------------------------------------------------------------


def _foreign_files() -> Iterator[HostileFile]:
    whole = sound("llama")
    yield HostileFile("empty", b"")
    yield HostileFile("only the magic", b"GGUF")
    yield HostileFile("only zeros", bytes(1 << 16))
    yield HostileFile("a web page", b"<!DOCTYPE html><html>Sign in to download</html>" * 100)
    yield HostileFile("a pointer to a large file", b"version https://git-lfs.github.com/spec/v1\n")
    yield HostileFile("packed", gzip.compress(whole, mtime=0))
    yield HostileFile("a program", b"\x7fELF" + bytes(4096))
    yield HostileFile("safetensors", struct.pack("<Q", 1 << 62) + b'{"a":{}}')
    yield HostileFile("an older format", b"ggjt" + struct.pack("<I", 3) + bytes(4096))
    for version in (0, 1, 4, _HUGE, 3 << 24):
        head = b"GGUF" + struct.pack("<I", version)
        yield HostileFile(f"version {version}", head + whole[8:])
    for part in (8, 23, 24, 100, len(whole) // 2, len(whole) - 1):
        yield HostileFile(f"the first {part} bytes", whole[:part])
    yield HostileFile("two files in one", whole + whole)


# --- vocabularies --------------------------------------------------------------------------------


def _tokenizers() -> Iterator[tuple[str, Change]]:
    for model in ("llama", "bert", "t5", "rwkv", "plamo2", "none", "no_vocab", "", "x" * 5000):
        yield f"tokenizer {model[:10]!r}", _text(_MODEL, model)
    for pre in ("", "default", "llama-bpe", "deepseek-llm", "no such", "\0", "y" * 5000):
        yield f"pre-tokenizer {pre[:10]!r}", _text("tokenizer.ggml.pre", pre)
    for name in ("bos", "eos", "eot", "unknown", "padding", "fim_pre", "mask", "seperator"):
        for id_ in (400, -1, _HUGE):
            yield f"{name} is token {id_}", _number(f"tokenizer.ggml.{name}_token_id", id_)
    for key in (_TOKENS, _MERGES, _KINDS, _MODEL):
        yield f"no {key}", lambda gguf, key=key: gguf.drop(key)  # type: ignore[misc]
    yield "one word in twice", _words(lambda words: [*words[:-1], words[5]])
    yield "all words the same", _words(lambda words: [b"a"] * len(words))
    yield "empty words", _words(lambda words: [b""] * len(words))
    yield "words that are not text", _words(lambda words: [b"\xff\xfe" + word for word in words])
    yield "words with an end in them", _words(lambda words: [b"\0" + word for word in words])
    yield "no words", _words(lambda _words: [])
    yield "one word", _words(lambda words: words[:1])
    yield "a word too few", _words(lambda words: words[:-1])
    yield "more words than rows", _words(lambda words: [*words, *(b"+%d" % i for i in range(999))])
    yield "a word of a megabyte", _words(lambda words: [*words[:-1], b"a" * (1 << 20)])
    yield "words that are control tokens", _words(lambda words: [b"<|im_end|>"] * len(words))
    for name, merges in _MERGE_LISTS.items():
        yield name, lambda gguf, merges=merges: gguf.texts(_MERGES, merges)  # type: ignore[misc]
    for kinds in ([], [6] * 400, [-1] * 400, [_HUGE] * 400, [3] * 400, [4] * 400, [1] * 399):
        yield (
            f"{len(kinds)} words of kind {kinds[:1]}",
            lambda gguf, kinds=kinds: gguf.numbers(_KINDS, kinds),  # type: ignore[misc]
        )
    for score in (math.nan, math.inf):
        scores = array(6, 400, struct.pack("<f", score) * 400)
        yield f"scores of {score}", _put(_SCORES, ARRAY, scores)
    yield "too few scores", _put(_SCORES, ARRAY, array(6, 1, bytes(4)))
    yield (
        "a map of characters",
        _put("tokenizer.ggml.precompiled_charsmap", ARRAY, array(0, 5, b"\xff\xff\xff\xff\0")),
    )


_MERGE_LISTS: Final[dict[str, list[bytes]]] = {
    "no merges": [],
    "merges of one word": [b"ab"] * 50,
    "empty merges": [b""] * 50,
    "merges of three words": [b"a b c"] * 50,
    "merges of blanks": [b"  "] * 50,
    "merges that are not text": [b"\xff \xfe"] * 50,
    "merges of unknown words": [b"%d %d" % (number, number) for number in range(999)],
    "the same merge again and again": [b"a b"] * 9999,
}


def _words(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda gguf: gguf.texts(_TOKENS, change(gguf.tokens()))


# --- templates -----------------------------------------------------------------------------------


def _templates() -> Iterator[tuple[str, Change]]:
    for name, source in _TEMPLATES.items():
        yield f"template: {name}", _text(_TEMPLATE, source)


_TEMPLATES: Final[dict[str, str | bytes]] = {
    "an endless loop": "{% for i in range(99999) %}{% for j in range(99999) %}"
    "{% endfor %}{% endfor %}",
    "an endless list": "{% for i in range(10**12) %}{% endfor %}",
    "much text": "{% for i in range(10**8) %}{{ 'a' * 10**6 }}{% endfor %}",
    "a long word": "{{ 'a' * 10**11 }}",
    "a large power": "{{ 9**9**9 }}",
    "calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "deeply nested": "{% if 1 %}" * 5000 + "{% endif %}" * 5000,
    "many brackets": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "cut short": "{% for message in messages %}{{ message",
    "an unknown tag": "{% import 'os' as os %}{{ os }}",
    "an escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "another escape": "{{ messages.append.__self__.__init__.__globals__ }}",
    "not text": b"{{ '\xff\xfe' }}",
    "refuses all": "{{ raise_exception('no') }}",
    "a wide format": "{{ '%9999999999d' % 1 }}",
}
"""A few only: each takes a process of its own, and some its whole time."""


# --- tensors -------------------------------------------------------------------------------------


def _tensors() -> Iterator[tuple[str, Change]]:
    for name in ("token_embd.weight", "blk.0.attn_q.weight", "output_norm.weight"):
        for shape in ([0, 64], [64], [64, 64, 2], [1 << 62, 4], [1 << 33, 1 << 33], [-1, 64]):
            yield f"{name} of the shape {shape}", _reshape(name, shape)
        for kind in (0, 3, 4, 14, 24, 36, 39, 99, (1 << 32) - 1):
            yield f"{name} of the type {kind}", _retype(name, kind)
        for offset in (1, 31, 1 << 40, -32, 1 << 63):
            yield f"{name} at {offset}", _move(name, offset)
        yield f"no {name}", _remove(name)
    for dimensions in (0, 1, 5, 255, (1 << 32) - 1):
        yield f"{dimensions} dimensions", _dimensions(dimensions)
    yield "all tensors in one place", _overlap
    yield "a tensor in twice", _twice
    yield "tensors without names", _rename(lambda _index: b"")
    yield "tensors of one name", _rename(lambda _index: b"token_embd.weight")
    yield "long names", _rename(lambda index: b"%d" % index + b"n" * 100)
    yield "names of layers that are not there", _rename(lambda index: b"blk.%d.x" % (index * 10**6))
    yield "no tensors", lambda gguf: gguf.tensors.clear()
    yield "a thousand more tensors", _add_tensors


def _reshape(name: str, shape: list[int]) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.tensor(name).shape = shape

    return change


def _retype(name: str, kind: int) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.tensor(name).kind = kind

    return change


def _move(name: str, offset: int) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.tensor(name).offset = offset

    return change


def _remove(name: str) -> Change:
    return lambda gguf: gguf.tensors.remove(gguf.tensor(name))


def _dimensions(count: int) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.tensors[0].dimensions = count

    return change


def _rename(name: Callable[[int], bytes]) -> Change:
    def change(gguf: Gguf) -> None:
        for index, tensor in enumerate(gguf.tensors):
            tensor.name = name(index)

    return change


def _overlap(gguf: Gguf) -> None:
    for tensor in gguf.tensors:
        tensor.offset = 0


def _twice(gguf: Gguf) -> None:
    gguf.tensors.append(gguf.tensors[0])


def _add_tensors(gguf: Gguf) -> None:
    gguf.tensors += [TensorRecord(b"more.%d" % index, [32], 0, 0) for index in range(1000)]


# --- the file's layout ---------------------------------------------------------------------------


def _layouts() -> Iterator[tuple[str, Change]]:
    for alignment in (0, 1, 3, 8, 48, 1 << 20, 1 << 31, (1 << 32) - 1):
        yield f"alignment {alignment}", _number("general.alignment", alignment)
    for count in (0, 1, 10**6, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        yield f"{count} entries", _count("entry_count", count)
        yield f"{count} tensors", _count("tensor_count", count)
    for length in (0, 1 << 20, 1 << 40, (1 << 63) - 1, (1 << 64) - 1):
        words = array(8, length, string(b"a"))
        yield f"an array of {length} words", _put("x.words", ARRAY, words)
        yield f"an array of {length} numbers", _put("x.numbers", ARRAY, array(4, length, bytes(4)))
        yield f"a word of {length} bytes", _put("x.word", 8, struct.pack("<Q", length) + b"a")
    yield "an array of arrays", _put("x.nested", ARRAY, array(ARRAY, 1, array(4, 1, bytes(4))))
    yield "arrays in arrays", _put("x.deep", ARRAY, array(ARRAY, 1, b"") * 50_000)
    yield "an array of an unknown type", _put("x.odd", ARRAY, array(77, 1, bytes(8)))
    yield "an unknown type", _put("x.odd", 13, bytes(8))
    yield "a truth of 255", _put("tokenizer.ggml.add_bos_token", 7, b"\xff")
    yield "a key in twice", lambda gguf: gguf.entries.append(gguf.entries[0])
    yield "a key without a name", _put("", 4, bytes(4))
    yield "a long key", _put("k" * 70_000, 4, bytes(4))
    yield "a key that is not text", lambda gguf: gguf.entries.append((b"\xff\xfe", 4, bytes(4)))
    yield "ten thousand entries", _many_entries
    for key in ("split.count", "split.no", "split.tensors.count"):
        for number in (2, 65_535):
            value = struct.pack("<H", number)
            yield f"{key} is {number}", _put(key, 2, value)


def _count(which: str, count: int) -> Change:
    return lambda gguf: setattr(gguf, which, count)


def _many_entries(gguf: Gguf) -> None:
    gguf.entries += [(b"x.%d" % index, 4, bytes(4)) for index in range(10_000)]


# --- architectures and types ---------------------------------------------------------------------


def _architectures() -> Iterator[tuple[str, Change]]:
    odd: tuple[str | bytes, ...] = (
        "",
        "clip",
        "no such",
        "%s%n%s",
        "a" * 70_000,
        b"llama\0",
        b"\xff",
    )
    for value in (*odd, "bert", "t5", "gemma3", "mamba", "rwkv7", "deepseek2", "whisper", "mllama"):
        yield f"architecture {value[:10]!r}", _text(_ARCHITECTURE, value)
    yield "no architecture", lambda gguf: gguf.drop(_ARCHITECTURE)
    yield "an architecture that is a number", _number(_ARCHITECTURE, 1)


def _types() -> Iterator[tuple[str, Change]]:
    """Values of another type than the one that belongs to their key."""
    wrong: dict[str, tuple[int, bytes]] = {
        "a word": (8, string(b"4")),
        "a real": (6, struct.pack("<f", 4.0)),
        "a negative": (5, struct.pack("<i", -4)),
        "a large number": (10, struct.pack("<Q", 1 << 40)),
        "a truth": (7, b"\1"),
        "two numbers": (ARRAY, array(4, 2, struct.pack("<II", 4, 4))),
        "no numbers": (ARRAY, array(4, 0, b"")),
        "many numbers": (ARRAY, array(5, 600, struct.pack("<i", 4) * 600)),
    }
    for key in ("block_count", "attention.head_count", "embedding_length", "rope.freq_base"):
        for name, (kind, value) in wrong.items():
            yield f"{key} is {name}", _put(f"llama.{key}", kind, value)
    for key in (_TOKENS, _MERGES, _KINDS, _MODEL, "general.name", _TEMPLATE):
        for name in ("a word", "a negative", "two numbers", "no numbers"):
            yield f"{key} is {name}", _put(key, *wrong[name])


def _of_kinds() -> Iterator[tuple[str, str, Change]]:
    """What belongs to some kinds of models only."""
    yield "gemma3", "no window", _number("gemma3.attention.sliding_window", 0)
    yield "gemma3", "a huge window", _number("gemma3.attention.sliding_window", _HUGE)
    for base in ("llama-moe", "qwen3moe", "deepseek2"):
        name = take_apart_cached(base).entries[0][2][8:].decode()
        for experts, used in ((0, 4), (4, 0), (2, 4), (1 << 16, 2), (_HUGE, _HUGE)):
            yield base, f"{used} of {experts} experts", _experts(name, experts, used)
    for kind in ("yarn", "longrope", "linear", "no such", ""):
        yield "llama", f"scaling {kind!r}", _scaling(kind)
    for count in (1, 64, 10**5):
        heads = array(5, count, struct.pack("<i", -1) * count)
        yield (
            "llama",
            f"{count} heads of less than none",
            _put("llama.attention.head_count", 9, heads),
        )
    sections = array(5, 4, struct.pack("<4i", -1, _HUGE, 0, 0))
    yield "llama", "odd sections", _put("llama.rope.dimension_sections", ARRAY, sections)


def _experts(name: str, experts: int, used: int) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.number(f"{name}.expert_count", experts)
        gguf.number(f"{name}.expert_used_count", used)

    return change


def _scaling(kind: str) -> Change:
    def change(gguf: Gguf) -> None:
        gguf.text("llama.rope.scaling.type", kind)
        gguf.real("llama.rope.scaling.factor", 0.0)
        gguf.number("llama.rope.scaling.original_context_length", 0)

    return change
