"""A grammar at work: which tokens may come next."""

from __future__ import annotations

import codecs
import ctypes
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.json_schema.grammar import grammar_of
from models.json_schema.reading import bad_schema, read_schema
from models.llama.library import lib
from models.llama.vocabulary import LlamaVocabulary

CANDIDATE: Final = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
Candidates = NDArray[np.void]
"""Tokens with their logits, laid out as llama.cpp has them."""

NO_TOKEN: Final = -1
"""What is chosen where the grammar allows nothing that the vocabulary can spell."""

_UTF8: Final = codecs.getincrementaldecoder("utf-8")
_ROOT: Final = b"root"
_CACHED: Final = 32


def compile_schema(schema: str, vocabulary: LlamaVocabulary) -> str:
    """Return the grammar of a JSON schema that compiles. Raises EngineError (``bad_schema``)."""
    text = _grammar_text(schema)
    Grammar(vocabulary, text).close()
    return text


@lru_cache(_CACHED)
def _grammar_text(schema: str) -> str:
    return grammar_of(read_schema(schema))


def candidates_array(candidates: Candidates) -> Any:  # noqa: ANN401
    """Return what llama.cpp takes; it works on the memory of ``candidates``, not on a copy."""
    address = ctypes.cast(candidates.ctypes.data, lib.llama_token_data_p)
    return lib.llama_token_data_array(address, len(candidates), -1, False)


class Grammar:
    """The state of a grammar between two tokens. ``close`` frees it.

    llama.cpp ends the process when it is given a token that the grammar doesn't allow, so
    ``accept`` takes none that ``allows`` has not let pass.
    """

    def __init__(self, vocabulary: LlamaVocabulary, text: str) -> None:
        """Compile ``text``. Raises EngineError (``bad_schema``) where llama.cpp refuses it."""
        self._vocabulary = vocabulary
        self._silent = vocabulary.silent_ids
        self._decoder = _UTF8("strict")
        self._handle = lib.llama_sampler_init_grammar(vocabulary.handle, text.encode(), _ROOT)
        if not self._handle:
            raise bad_schema("llama.cpp makes no grammar of it.", "Make it simpler.")

    def allows(self, token: int) -> bool:
        """Return whether a token may come next."""
        single = np.array([(token, 0.0, 0.0)], CANDIDATE)
        self.mask(single)
        return self.likeliest(single) == token

    def likeliest(self, masked: Candidates) -> int:
        """Return the likeliest token of those that ``mask`` has left, or NO_TOKEN."""
        logits = masked["logit"]
        while np.isfinite(logits[best := int(np.argmax(logits))]):
            token = int(masked["id"][best])
            if self._goes_on_as_text(token):
                return token
            logits[best] = -np.inf
        return NO_TOKEN

    def mask(self, candidates: Candidates) -> None:
        """Give the logit of minus infinity to each token that may not come next."""
        array = candidates_array(candidates)
        lib.llama_sampler_apply(self._handle, ctypes.byref(array))
        # The grammar reads a control token as its name, of which nothing reaches the reply.
        candidates["logit"][np.isin(candidates["id"], self._silent)] = -np.inf

    def accept(self, token: int) -> None:
        """Go on behind a token that is allowed."""
        lib.llama_sampler_accept(self._handle, token)
        self._decoder.decode(self._vocabulary.token_bytes(token))

    def _goes_on_as_text(self, token: int) -> bool:
        """Return whether a token's bytes go on as UTF-8: llama.cpp reads broken ones as letters."""
        state = self._decoder.getstate()
        try:
            self._decoder.decode(self._vocabulary.token_bytes(token))
        except UnicodeDecodeError:
            return False
        finally:
            self._decoder.setstate(state)
        return True

    def close(self) -> None:
        """Free the state."""
        if self._handle:
            lib.llama_sampler_free(self._handle)
            self._handle = None
