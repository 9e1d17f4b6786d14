"""Small real tokenizers for generated models: any text becomes tokens, and the same text again."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.gguf_writer import Value

_NORMAL, _UNKNOWN, _CONTROL, _UNUSED, _BYTE = 1, 2, 3, 5, 6
_CHAT: Final = ("<|im_start|>", "<|im_end|>")
_LETTERS: Final = string.ascii_lowercase


def _entries(
    model: str, tokens: list[str], kinds: list[int], size: int, **ids: int
) -> dict[str, Value]:
    """Return a tokenizer's entries, with unused tokens up to the size. ids: ``bos=1``, …"""
    if len(tokens) > size:
        raise ValueError(f"a vocabulary of {size} has no room for {len(tokens)} tokens")
    unused = [f"<unused{number}>" for number in range(size - len(tokens))]
    entries: dict[str, Value] = {
        "tokenizer.ggml.model": model,
        "tokenizer.ggml.tokens": tokens + unused,
        "tokenizer.ggml.token_type": kinds + [_UNUSED] * len(unused),
    }
    return entries | {f"tokenizer.ggml.{name}_token_id": id_ for name, id_ in ids.items()}


def _pairs(count: int) -> list[tuple[str, str]]:
    return list(itertools.islice(itertools.product(_LETTERS, _LETTERS), max(0, count)))


def _byte_letters() -> Iterator[str]:
    """Yield the letter that stands for each byte in byte-level BPE."""
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = itertools.count(256)
    for byte in range(256):
        yield chr(byte) if byte in shown else chr(next(hidden))


def _bpe(size: int) -> dict[str, Value]:
    """Byte-level BPE: the bytes, then pairs of letters."""
    control = ("<|endoftext|>", *_CHAT)
    letters = [*_byte_letters()]
    pairs = _pairs(size - len(control) - len(letters))
    tokens = [*control, *letters, *(a + b for a, b in pairs)]
    kinds = [_CONTROL] * len(control) + [_NORMAL] * (len(tokens) - len(control))
    entries = _entries("gpt2", tokens, kinds, size, bos=0, eos=2, padding=0)
    return entries | {
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.merges": [f"{a} {b}" for a, b in pairs] or ["a b"],
        "tokenizer.ggml.add_bos_token": False,
    }


def _spm(size: int) -> dict[str, Value]:
    """SentencePiece with byte tokens: letters, words of two letters, and the rest as bytes."""
    control = ("<unk>", "<s>", "</s>", *_CHAT)
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    pieces = ["▁", *_LETTERS]
    pieces += [f"▁{a}" for a in _LETTERS]
    pieces += [a + b for a, b in _pairs(size - len(control) - len(bytes_) - len(pieces))]
    tokens = [*control, *bytes_, *pieces]
    kinds = [_UNKNOWN] + [_CONTROL] * (len(control) - 1) + [_BYTE] * 256 + [_NORMAL] * len(pieces)
    entries = _entries("llama", tokens, kinds, size, bos=1, eos=2, unknown=0, eot=4)
    return entries | _scores(size) | {"tokenizer.ggml.add_bos_token": True}


def _wordpiece(size: int) -> dict[str, Value]:
    """WordPiece: letters that begin a word, and letters within one."""
    control = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    letters = [*_LETTERS, *string.digits, *string.punctuation]
    tokens = [*control, *(f"▁{letter}" for letter in letters), *letters]
    kinds = [_CONTROL] * len(control) + [_NORMAL] * (len(tokens) - len(control))
    ids = {"padding": 0, "unknown": 1, "bos": 2, "seperator": 3, "mask": 4, "eos": 3}
    entries = _entries("bert", tokens, kinds, size, **ids)
    return entries | _scores(size) | {"tokenizer.ggml.token_type_count": 2}


def _unigram(size: int) -> dict[str, Value]:
    """Unigram: letters and words of two letters."""
    control = ("<pad>", "</s>", "<unk>")
    letters = ["▁", *_LETTERS, *string.digits, *string.punctuation]
    pairs = [a + b for a, b in _pairs(size - len(control) - len(letters))]
    tokens = [*control, *letters, *pairs]
    kinds = [_CONTROL, _CONTROL, _UNKNOWN] + [_NORMAL] * (len(tokens) - len(control))
    entries = _entries("t5", tokens, kinds, size, padding=0, eos=1, unknown=2)
    return (
        entries
        | _scores(size)
        | {
            "tokenizer.ggml.add_space_prefix": True,
            "tokenizer.ggml.add_bos_token": False,
            "tokenizer.ggml.add_eos_token": True,
        }
    )


def _scores(size: int) -> dict[str, Value]:
    return {"tokenizer.ggml.scores": [-float(number) for number in range(size)]}


TOKENIZERS: Final[Mapping[str, Callable[[int], dict[str, Value]]]] = {
    "bpe": _bpe,
    "spm": _spm,
    "wordpiece": _wordpiece,
    "unigram": _unigram,
}
"""By name: the number of tokens → the tokenizer's metadata."""
