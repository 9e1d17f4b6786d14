"""Counts tokens beside a running generation, on a vocabulary of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from models.llama.library import lib
from models.llama.loading import load_vocabulary
from models.llama.vocabulary import LlamaVocabulary
from models.protocol import TokenCount
from models.records import Countable
from models.tokenizing import PromptEncoder


class TokenCounter:
    """Counts prompts' tokens without the llama thread, which may be busy for seconds.

    The vocabulary is loaded, without weights, when it is first needed. ``close`` waits for a
    count that is going on.
    """

    def __init__(
        self,
        path: str,
        known: LlamaVocabulary,
        make_encoder: Callable[[LlamaVocabulary], PromptEncoder],
    ) -> None:
        self._path = path
        self._known = known
        self._make_encoder = make_encoder
        self._lock = threading.Lock()
        self._model = 0
        self._encoder: PromptEncoder | None = None
        self._closed = False

    def count(self, job_id: int, prompt: Countable) -> TokenCount | None:
        """Return the count, or None when the model has gone meanwhile. Raises EngineError."""
        with self._lock:
            if self._closed:
                return None
            if self._encoder is None:
                self._model = load_vocabulary(self._path)
                vocabulary = LlamaVocabulary(self._model, self._known)
                self._encoder = self._make_encoder(vocabulary)
            return self._encoder.encode(prompt).count(job_id)

    def close(self) -> None:
        """Free the vocabulary."""
        with self._lock:
            self._closed = True
            self._encoder = None
            if self._model:
                lib.llama_model_free(self._model)
                self._model = 0
