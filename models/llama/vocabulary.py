"""A model's vocabulary: text to token ids and back, without a way for text to forge control."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.llama.library import lib
from models.reasoning import told_tokens

_UNKNOWN, _CONTROL, _USER_DEFINED = 1 << 0, 1 << 3, 1 << 4
_PIECE_BYTES: Final = 256


class LlamaVocabulary:
    """The vocabulary of a loaded model; valid as long as the model is.

    ``control_tokens`` maps the text of each token that plain text must never become to its id;
    ``user_defined`` are those that llama.cpp parses in any text. ``bos_ids`` goes in front of a
    prompt that doesn't begin with it, where the model asks for one. ``frame`` are the ids that an
    encoder wants before and after a text.
    """

    def __init__(self, model: int, known: LlamaVocabulary | None = None) -> None:
        """Read the tokens' kinds, or take them over from ``known``, of the same file."""
        self._vocab = lib.llama_model_get_vocab(model)
        self.size: int = lib.llama_vocab_n_tokens(self._vocab)
        self._pieces: dict[int, bytes] = {}
        self._silent: NDArray[np.int32] | None = None
        bos = lib.llama_vocab_bos(self._vocab)
        wanted = bos >= 0 and lib.llama_vocab_get_add_bos(self._vocab)
        self.bos_ids: tuple[int, ...] = (bos,) if wanted else ()
        self.frame = self._read_frame()
        if known is None:
            self.control_tokens, self.user_defined = self._read_kinds()
        else:
            self.control_tokens, self.user_defined = known.control_tokens, known.user_defined
        self._told = told_tokens(self.control_tokens)

    @property
    def handle(self) -> Any:  # noqa: ANN401
        """Return the library's own vocabulary."""
        return self._vocab

    @property
    def silent_ids(self) -> NDArray[np.int32]:
        """Return the tokens that stand for no text and end no reply."""
        if self._silent is None:
            ids = (token for token in self.control_tokens.values() if not self.ends_turn(token))
            silent = [token for token in ids if not self.token_bytes(token)]
            self._silent = np.array(silent, np.int32)
        return self._silent

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the ids of text, nothing put in front.

        Control strings stay text, unless ``special`` says that the text can be trusted.
        """
        data = text.encode("utf-8", errors="replace")
        capacity = len(data) + 8
        buffer = (ctypes.c_int32 * capacity)()
        count = lib.llama_tokenize(self._vocab, data, len(data), buffer, capacity, False, special)
        if count < 0:
            buffer = (ctypes.c_int32 * -count)()
            count = lib.llama_tokenize(self._vocab, data, len(data), buffer, -count, False, special)
        return buffer[:count]

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes that a token stands for.

        Control tokens stand for none, but for those that mark a thought: a reply's text has them.
        """
        piece = self._pieces.get(token_id)
        if piece is None:
            piece = self._pieces[token_id] = self._read_piece(
                token_id, special=token_id in self._told
            )
        return piece

    def token_text(self, token_id: int) -> str:
        """Return a token's text, of control tokens too; empty for an id that isn't one."""
        if not 0 <= token_id < self.size:
            return ""
        return self._read_piece(token_id, special=True).decode("utf-8", errors="replace")

    def bos_id(self) -> int:
        """Return the beginning-of-text token, or -1."""
        return int(lib.llama_vocab_bos(self._vocab))

    def eos_id(self) -> int:
        """Return the end-of-text token, or -1."""
        return int(lib.llama_vocab_eos(self._vocab))

    def ends_turn(self, token_id: int) -> bool:
        """Return whether a token ends a reply."""
        return bool(lib.llama_vocab_is_eog(self._vocab, token_id))

    def _read_frame(self) -> tuple[list[int], list[int]]:
        """Return what the library puts around a text: [CLS] and [SEP], an end token, or nothing."""
        bare = self.tokenize("a")
        framed = (ctypes.c_int32 * (len(bare) + 8))()
        count = lib.llama_tokenize(self._vocab, b"a", 1, framed, len(framed), True, False)
        ids = list(framed[: max(0, count)])
        for lead in range(len(ids) - len(bare) + 1):
            if bare and ids[lead : lead + len(bare)] == bare:
                return ids[:lead], ids[lead + len(bare) :]
        return list(self.bos_ids), []

    def _read_piece(self, token_id: int, *, special: bool) -> bytes:
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        length = lib.llama_token_to_piece(self._vocab, token_id, buffer, _PIECE_BYTES, 0, special)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = lib.llama_token_to_piece(self._vocab, token_id, buffer, -length, 0, special)
        return buffer.raw[:length]

    def _read_kinds(self) -> tuple[Mapping[str, int], frozenset[int]]:
        attribute = lib.llama_vocab_get_attr
        guarded = _UNKNOWN | _CONTROL | _USER_DEFINED
        kinds = {
            token_id: kind
            for token_id in range(self.size)
            if (kind := attribute(self._vocab, token_id)) & guarded
        }
        texts = {self.token_text(token_id): token_id for token_id in kinds}
        texts.pop("", None)
        parsed = frozenset(token_id for token_id, kind in kinds.items() if kind & _USER_DEFINED)
        return texts, parsed
