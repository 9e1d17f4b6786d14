"""Finds the passages that answer a question: by their words, and by what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, Literal

import msgspec

from desktop.domain.common_words import telling
from desktop.domain.documents import Document, SourceRef, StoredPassage
from desktop.domain.retrieval import How, coverage, fused
from desktop.storage.database import Database
from desktop.storage.documents import DocumentStore
from desktop.storage.pieces import PieceStore, StoredPiece, question_words
from desktop.work.indexing import Embeds, as_blob, index, vectors_of
from desktop.work.intake import OnProgress

_CANDIDATES: Final = 50
"""Pieces of each ranking that take part."""
_COVERED: Final = 0.32
"""The share of a question's words that a piece must hold to fit it, where no vectors are."""
_WORDS_WEIGH: Final = 0.4
_FITS: Final = 0.27
"""What nearness, and the share of words by its weight, must come to for a piece to fit."""
_BESIDE_BEST: Final = 0.4
"""A piece that fits less than this part of what the best one does is of no use beside it."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A place that may answer the question.

    ``text`` is what the model should read; ``ref`` leads to it, ``passage`` is its best passage.
    ``how`` says which search found it.
    """

    passage: StoredPassage
    document: Document
    ref: SourceRef
    text: str
    score: float
    how: How


class Retrieved(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, best first. With ``nothing_fits`` the hits are only the least bad ones.

    ``by`` is ``words`` where no embedding model was at hand, or had read nothing yet.
    """

    hits: tuple[Hit, ...]
    nothing_fits: bool
    by: Literal["words", "hybrid"]


class Retriever:
    """Searches documents. Calls block; ``embedder`` is loaded, or None for words alone."""

    def __init__(self, database: Database, embedder: Embeds | None = None) -> None:
        self._database = database
        self._documents = DocumentStore(database)
        self._pieces = PieceStore(database)
        self._embedder = embedder

    def retrieve(
        self,
        question: str,
        document_ids: Sequence[int],
        limit: int = 5,
        *,
        at_once: int | None = None,
        on_progress: OnProgress = lambda _done, _total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Retrieved:
        """Return the best passages of the documents, indexing first what isn't indexed yet.

        With ``at_once``, no more pieces than that are made into vectors first: where more lack
        one, the search makes do with those that are there, and with the words. ``on_progress``
        hears of the indexing. Raises UserError and CancelledError.
        """
        self._index(document_ids, at_once, on_progress, cancelled)
        words = telling(question_words(question))
        ranked = self._pieces.search(words, document_ids, _CANDIDATES)
        nearest, near = self._nearest(question, document_ids, ranked, cancelled)
        total, holders = self._pieces.spread(words, document_ids, [*ranked, *nearest])
        shares = coverage(total, holders, {*ranked, *nearest})
        weights = shares if nearest else dict.fromkeys(ranked, 1.0)
        scores = fused([(each, weights[each]) for each in ranked], nearest)
        first = dict(islice(scores.items(), limit))
        fits = {each: _fits(shares.get(each, 0.0), near.get(each)) for each in first}
        best = max(fits.values(), default=0.0)
        chosen = {each: score for each, score in first.items() if fits[each] >= _BESIDE_BEST * best}
        return Retrieved(
            hits=self._hits(words, chosen, set(ranked), set(nearest)),
            nothing_fits=best < _FITS,
            by="hybrid" if nearest else "words",
        )

    def _index(
        self,
        document_ids: Sequence[int],
        at_once: int | None,
        on_progress: OnProgress,
        cancelled: Callable[[], bool],
    ) -> None:
        index(self._database, document_ids, cancelled=cancelled)
        if self._embedder is None:
            return
        _, lacking = vectors_of(self._database, self._embedder, cancelled).counts(document_ids)
        if lacking and (at_once is None or lacking <= at_once):
            index(
                self._database, document_ids, self._embedder,
                on_progress=on_progress, cancelled=cancelled,
            )  # fmt: skip

    def _nearest(
        self,
        question: str,
        document_ids: Sequence[int],
        others: Sequence[int],
        cancelled: Callable[[], bool],
    ) -> tuple[list[int], dict[int, float]]:
        """Return the pieces nearest to the question, and how near they and the others are.

        Nearness is 0 for what is unrelated, at most 1. Pieces without a vector have none.
        """
        if self._embedder is None or not question.strip():
            return [], {}
        vectors = vectors_of(self._database, self._embedder, cancelled)
        vector = as_blob(self._embedder.embed_question(question, cancelled))
        found = dict(vectors.search(vector, document_ids, _CANDIDATES))
        zero = vectors.unrelated or 0.0
        cosines = found | vectors.cosines(vector, others)
        return list(found), {key: (cosine - zero) / (1 - zero) for key, cosine in cosines.items()}

    def _hits(
        self,
        words: Sequence[str],
        scores: dict[int, float],
        by_words: set[int],
        near: set[int],
    ) -> tuple[Hit, ...]:
        found = self._pieces.pieces(list(scores))
        hits = []
        for piece_id, score in scores.items():
            how: How = "words" if piece_id not in near else "vectors"
            how = "both" if piece_id in by_words and piece_id in near else how
            hit = self._hit(found[piece_id], words, score, how) if piece_id in found else None
            if hit is not None:
                hits.append(hit)
        return tuple(hits)

    def _hit(self, piece: StoredPiece, words: Sequence[str], score: float, how: How) -> Hit | None:
        document = self._documents.document(piece.document_id)
        passages = self._documents.passages(piece.document_id, piece.first, piece.last)
        if document is None or not passages:
            return None  # deleted meanwhile
        best = max(passages, key=lambda each: (not each.level, _shared(each.text, words)))
        quote = best.text[piece.start : piece.stop].strip() if piece.stop else ""
        return Hit(
            passage=best,
            document=document,
            ref=SourceRef(
                document_id=document.id,
                first=piece.first,
                last=piece.last,
                page=best.page,
                quote=quote,
            ),
            text=quote or "\n".join(each.text for each in passages),
            score=score,
            how=how,
        )


def _fits(share: float, nearness: float | None) -> float:
    """Return how well a piece fits that holds a share of the question's words."""
    if nearness is None:
        return share * _FITS / _COVERED
    return nearness + _WORDS_WEIGH * share


def _shared(text: str, words: Sequence[str]) -> int:
    return len(set(question_words(text)) & set(words))
