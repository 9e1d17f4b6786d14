"""Texts → vectors, with a model that reads texts whole: several of them in one batch.

A text longer than the window is read in parts. What a part may hold beside its own tokens (a start
and an end token, as the vocabulary has it) is put around each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cancellation import Cancellation
from models.llama.context import LlamaContext, Outcome
from models.llama.library import lib
from models.problems import EngineError
from models.protocol import Embed, Embedded
from models.tokenizing import PromptEncoder
from models.wording import tr

Vectors = NDArray[np.float32]
Frame = tuple[list[int], list[int]]
"""The ids that belong before and after a text."""
_TOGETHER_ON_CPU: Final = 128
"""Tokens of several texts in one batch. Each is scored against all others of the batch, its own
text's or not: with 512 a passage took 1.6 times as long. Short texts one by one take 1.8 times."""


@dataclass(frozen=True)
class _Part:
    """As much of a text as the window holds. ``text`` is the text's number."""

    text: int
    token_ids: list[int]


class TextEmbedder:
    """Turns texts into vectors on a context of its own. Used by the llama thread alone."""

    def __init__(
        self, context: LlamaContext, frame: Frame, dimension: int, threads: int, *, on_gpu: bool
    ) -> None:
        """Refuse a model that only ranks texts. Raises EngineError."""
        if lib.llama_pooling_type(context.handle) == lib.LLAMA_POOLING_TYPE_RANK:
            raise EngineError(
                "not_an_embedding_model",
                tr("This model ranks texts against a question; it makes no vectors of them."),
                tr("Choose an embedding model."),
            )
        self._context = context
        self._before, self._after = frame
        self._threads = threads
        self._together = context.batch.capacity if on_gpu else _TOGETHER_ON_CPU
        self.dimension: Final = dimension
        self._room = context.context_size - len(self._before) - len(self._after)

    def embed(self, request: Embed, encoder: PromptEncoder, cancelled: Cancellation) -> Embedded:
        """Return a vector of length 1 for each text. Raises EngineError, when cancelled too."""
        ids = [encoder.encode_text(text) for text in request.texts]
        parts = [part for number, text in enumerate(ids) for part in self._parts(number, text)]
        sums = np.zeros((len(ids), self.dimension), np.float32)
        self._context.set_threads(self._threads)
        for batch in self._batches(parts):
            for part, vector in zip(batch, self._compute(batch, cancelled), strict=True):
                sums[part.text] += _unit(vector) * max(1, len(part.token_ids))
        return Embedded(
            job_id=request.job_id,
            vectors=np.stack([_unit(row) for row in sums]).astype("<f4").tobytes() if ids else b"",
            dimension=self.dimension,
            tokens=tuple(len(text) for text in ids),
        )

    def _parts(self, number: int, token_ids: list[int]) -> Iterator[_Part]:
        """Yield parts of equal size: a last one of a few words would say little."""
        count = max(1, -(-len(token_ids) // self._room))
        size = -(-len(token_ids) // count)
        for part in range(count):
            yield _Part(number, token_ids[part * size : (part + 1) * size])

    def _batches(self, parts: Sequence[_Part]) -> Iterator[list[_Part]]:
        batch: list[_Part] = []
        used = 0
        for part in parts:
            size = len(self._before) + len(part.token_ids) + len(self._after)
            full = used + size > self._together
            if batch and (full or len(batch) == self._context.sequences):
                yield batch
                batch, used = [], 0
            batch.append(part)
            used += size
        if batch:
            yield batch

    def _compute(self, parts: Sequence[_Part], cancelled: Cancellation) -> Iterator[Vectors]:
        """Yield the vector of each part, as the model pools it."""
        context = self._context
        context.batch.clear()
        for sequence, part in enumerate(parts):
            token_ids = [*self._before, *part.token_ids, *self._after]
            context.batch.add(token_ids, 0, sequence, logits=True, last=len(token_ids))
        # A model without a cache encodes here too.
        outcome = context.decode(cancelled)
        context.synchronize()
        context.clear()
        if outcome is Outcome.ABORTED or cancelled:
            raise EngineError("cancelled", tr("It was cancelled."))
        for sequence in range(len(parts)):
            pointer = lib.llama_get_embeddings_seq(context.handle, sequence)
            yield np.ctypeslib.as_array(pointer, (self.dimension,)).copy()


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length):
        raise EngineError(
            "model_damaged",
            tr("The embedding model gives numbers that are none."),
            tr("Download it again, or choose another."),
        )
    return vector / np.float32(length) if length else vector
