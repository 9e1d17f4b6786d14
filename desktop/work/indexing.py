"""Makes documents ready for questions: cut into pieces, and their meaning computed.

Words are indexed as a document is cut, in about a second for a thousand pages. Vectors take a
model's time, so they are kept batch by batch: a run that was cut goes on with those that lack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.storage.database import Database
from desktop.storage.pieces import PieceStore
from desktop.storage.vectors import VectorStore
from desktop.work.intake import CancelledError, OnProgress

_BATCH: Final = 32
_UNRELATED: Final = (
    "The concert begins at eight in the old town hall.",
    "Whales breathe air through a hole on top of the head.",
    "Tighten the four bolts crosswise with a torque wrench.",
    "The court dismissed the appeal for lack of evidence.",
    "Knead the dough until it no longer sticks to the bowl.",
    "Interest is added to the account at the end of each year.",
    "The volcano last erupted in the seventeenth century.",
    "Her second novel was translated into thirty languages.",
)
"""Texts about different things: how near they seem to a model is how near nothing is."""


class Embeds(Protocol):
    """What indexing and retrieval need of an embedding model."""

    @property
    def identity(self) -> str:
        """Return what tells embedding models apart."""

    @property
    def dimension(self) -> int:
        """Return the numbers in a vector."""

    def embed(
        self, texts: Sequence[str], cancelled: Callable[[], bool] = ...
    ) -> NDArray[np.float32]:
        """Return a vector of length 1 for each text. Raises UserError and CancelledError."""

    def embed_question(
        self, question: str, cancelled: Callable[[], bool] = ...
    ) -> NDArray[np.float32]:
        """Return the vector of a question, which a model may read in another way than a text."""


def index(
    database: Database,
    document_ids: Sequence[int],
    embedder: Embeds | None = None,
    *,
    on_progress: OnProgress = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Make documents ready for questions, as far as they aren't yet.

    ``on_progress`` gets the pieces done and in all. Raises UserError and CancelledError; what is
    done by then is kept.
    """
    for document_id in document_ids:
        if cancelled():
            raise CancelledError
        PieceStore(database).cut((document_id,))
    if embedder is not None:
        vectors = vectors_of(database, embedder, cancelled)
        _embed(vectors, document_ids, embedder, on_progress, cancelled)


def vectors_of(
    database: Database, embedder: Embeds, cancelled: Callable[[], bool] = lambda: False
) -> VectorStore:
    """Return the vectors of a model, with what is known of it. Raises UserError, CancelledError."""
    vectors = VectorStore(database, embedder.identity, embedder.dimension)
    if vectors.unrelated is None:
        vectors.unrelated = _mean_cosine(embedder.embed(_UNRELATED, cancelled))
    return vectors


def _embed(
    vectors: VectorStore,
    document_ids: Sequence[int],
    embedder: Embeds,
    on_progress: OnProgress,
    cancelled: Callable[[], bool],
) -> None:
    if vectors.counts(document_ids)[1]:
        vectors.share(document_ids)
    total, lacking = vectors.counts(document_ids)
    while lacking > 0:
        on_progress(total - lacking, total)
        batch = vectors.needed(document_ids, _BATCH)
        if not batch:  # deleted meanwhile
            return
        made = embedder.embed([each.words for each in batch], cancelled)
        if cancelled():
            raise CancelledError
        vectors.add([(each.piece_id, as_blob(row)) for each, row in zip(batch, made, strict=True)])
        lacking -= len(batch)
    on_progress(total, total)


def _mean_cosine(made: NDArray[np.float32]) -> float:
    """Return the mean cosine of different rows of length 1."""
    count = len(made)
    return float((np.sum(made @ made.T) - count) / (count * (count - 1)))


def as_blob(vector: NDArray[np.float32]) -> bytes:
    """Return a vector as the database keeps it."""
    return vector.astype("<f4").tobytes()
