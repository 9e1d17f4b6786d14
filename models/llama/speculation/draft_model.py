"""A smaller model of the same vocabulary that drafts for a large one, in a context of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np

from models.cancellation import Cancellation
from models.llama import loading
from models.llama.context import LlamaContext, Outcome
from models.llama.library import lib
from models.llama.loading import Weights
from models.problems import EngineError
from models.records import LoadOptions
from models.wording import tr

_LOG: Final = logging.getLogger(__name__)
_SIZE_TOLERANCE: Final = 128
"""Vocabularies of one family differ in how many unused ids fill them up."""
_LEAST_SURE: Final = 0.4
"""How likely the drafting model must find its own token: less is seldom accepted."""


class DraftModel:
    """Drafts greedily with a model of its own. See Speculation; ``close`` frees the model.

    Its drafts depend on the batches in which it read the prompt, so a reply that it drafted for
    is not promised to repeat.
    """

    exact = False

    def __init__(self, weights: Weights, context: LlamaContext, vocabulary_size: int) -> None:
        """Draft ids below ``vocabulary_size``, which are those that the target knows."""
        self._weights = weights
        self._context = context
        self._vocabulary_size = vocabulary_size
        self._held: list[list[int]] = [[] for _ in range(context.sequences)]
        self._broken = False

    @classmethod
    def load(
        cls,
        options: LoadOptions,
        target: Weights,
        progress: Callable[[float], None],
        cancelled: Cancellation,
    ) -> Self:
        """Load the model that these options of its target name.

        Raises EngineError: ``draft_missing``, ``draft_mismatch``, or as any other load does.
        """
        if not options.draft_path:
            raise EngineError(
                "draft_missing",
                tr("Speculation with a draft model is on, and no draft model is chosen."),
                tr("Choose a smaller model of the same family, or switch speculation off."),
            )
        # All of it lies here: what drafts across the network would be slower than no draft.
        own = msgspec.structs.replace(
            options, path=options.draft_path, gpu_layers=-1, split=(), rpc_servers=(), devices=()
        )
        weights = loading.load_weights(own, progress, cancelled)
        try:
            _check_vocabulary(target, weights, Path(options.draft_path).name)
            context, _ = loading.open_context(weights, own)
        except EngineError:
            weights.close()
            raise
        if not context.can_forget_part():
            context.close()
            weights.close()
            raise EngineError(
                "draft_mismatch",
                tr("The draft model can't take tokens back, which drafting needs."),
                tr("Choose one with attention only, or switch speculation off."),
            )
        return cls(weights, context, min(_size(target), _size(weights)))

    def begin(self, sequence: int, cancelled: Cancellation) -> ModelDrafter:
        """Return a drafter for the reply that starts on this sequence."""
        return ModelDrafter(self, sequence, cancelled)

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next draft on."""
        self._context.set_threads(threads)

    def close(self) -> None:
        """Free the model."""
        self._context.close()
        self._weights.close()

    def draft(
        self, sequence: int, token_ids: Sequence[int], agreed: int, most: int, stop: Cancellation
    ) -> list[int]:
        """Return up to ``most`` tokens; the cache's first ``agreed`` are the given ones.

        A draft that can't be made is none: the reply goes on without.
        """
        if self._broken:
            return []
        try:
            return self._draft(sequence, token_ids, agreed, most, stop)
        except EngineError as error:
            _LOG.warning("drafting is given up: %s %s", error, error.problem.detail)
            self._broken = True
            return []

    def common_prefix(self, sequence: int, token_ids: Sequence[int], agreed: int) -> int:
        """Return how many of the tokens the cache holds; the first ``agreed`` are known to be."""
        held = self._held[sequence]
        most = min(len(held), len(token_ids))
        while agreed < most and held[agreed] == token_ids[agreed]:
            agreed += 1
        return min(agreed, most)

    def held(self, sequence: int) -> int:
        """Return how many tokens of a sequence the cache holds."""
        return len(self._held[sequence])

    def _draft(
        self, sequence: int, token_ids: Sequence[int], agreed: int, most: int, stop: Cancellation
    ) -> list[int]:
        held = self._held[sequence]
        # The last token is decoded again where it is held: its logits are gone.
        keep = min(agreed, len(token_ids) - 1)
        if len(held) > keep:
            del held[self._context.truncate(sequence, keep) :]
        drafted: list[int] = []
        wanted = list(token_ids[len(held) :])
        while wanted and len(drafted) < most:
            index = self._decode(sequence, wanted, stop)
            token = -1 if index is None else self._likeliest(index)
            if token < 0:
                break
            drafted.append(token)
            wanted = [token]
        return drafted

    def _decode(self, sequence: int, wanted: list[int], stop: Cancellation) -> int | None:
        """Decode tokens in batches; return where the logits of the last are, None if cancelled."""
        batch, held = self._context.batch, self._held[sequence]
        index = 0
        for start in range(0, len(wanted), batch.capacity):
            piece = wanted[start : start + batch.capacity]
            batch.clear()
            index = batch.add(piece, len(held), sequence, logits=True)
            if self._context.decode(stop) is Outcome.ABORTED:
                self._context.truncate(sequence, len(held))
                return None
            held += piece
        return index

    def _likeliest(self, index: int) -> int:
        """Return the likeliest token; -1 where the model is not sure or the target lacks it."""
        logits = self._context.view_logits(index)
        token = int(logits.argmax())
        sureness = 1.0 / float(np.exp(logits - logits[token]).sum())
        return token if sureness >= _LEAST_SURE and token < self._vocabulary_size else -1


class ModelDrafter:
    """Drafts for one reply, and knows how far the drafting model's cache agrees with it."""

    def __init__(self, model: DraftModel, sequence: int, cancelled: Cancellation) -> None:
        self._model = model
        self._sequence = sequence
        self._cancelled = cancelled
        self._agreed = 0

    def draft(self, token_ids: Sequence[int], most: int) -> list[int]:
        """Return up to ``most`` tokens, greedily, as long as the drafting model is sure."""
        agreed = self._model.common_prefix(self._sequence, token_ids, self._agreed)
        drafted = self._model.draft(self._sequence, token_ids, agreed, most, self._cancelled)
        self._agreed = min(self._model.held(self._sequence), len(token_ids))
        return drafted


def _size(weights: Weights) -> int:
    return int(lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(weights.handle)))


def _check_vocabulary(target: Weights, draft: Weights, name: str) -> None:
    """Refuse a model whose ids mean something else. Raises EngineError (``draft_mismatch``)."""
    ours = lib.llama_model_get_vocab(target.handle)
    theirs = lib.llama_model_get_vocab(draft.handle)
    ids = range(min(_size(target), _size(draft)))
    fits = (
        lib.llama_vocab_type(ours) == lib.llama_vocab_type(theirs)
        and abs(_size(target) - _size(draft)) <= _SIZE_TOLERANCE
        and all(
            lib.llama_vocab_get_text(ours, token) == lib.llama_vocab_get_text(theirs, token)
            for token in ids
        )
    )
    if not fits:
        raise EngineError(
            "draft_mismatch",
            tr("{name} can't draft for this model: its tokens are others.", name=name),
            tr("Choose a smaller model of the same family, or switch speculation off."),
        )
