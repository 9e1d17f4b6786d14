"""An embedding model for tests: a text's vector is made of its words, without any model."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


class WordVectors:
    """Texts that share words lie near each other; ``embedded`` is every text that was asked for."""

    def __init__(self, identity: str = "words", dimension: int = 64) -> None:
        self.identity = identity
        self.dimension = dimension
        self.embedded: list[str] = []

    def embed(
        self, texts: Sequence[str], cancelled: Callable[[], bool] = lambda: False
    ) -> NDArray[np.float32]:
        self.embedded += [] if cancelled() else texts
        made = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(".,?!").encode()) % self.dimension] += 1
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        return np.asarray(made / lengths, dtype=np.float32)

    def embed_question(
        self, question: str, cancelled: Callable[[], bool] = lambda: False
    ) -> NDArray[np.float32]:
        return np.asarray(self.embed([question], cancelled)[0], dtype=np.float32)
