"""Texts → vectors, with an embedding model in an engine process of its own.

It works beside the chat model, in a context of its own; its death ends nothing but the call at
hand, and the next call starts it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from desktop.domain.errors import UserError
from desktop.work.intake import CancelledError
from models.catalogue import EmbeddingWords, embedding_words
from models.client import EngineClient
from models.probe.quarantine import fingerprint
from models.protocol import (
    TERMINAL_EVENTS,
    Embedded,
    Event,
    Failed,
    JobId,
    Loaded,
    LoadProgress,
    TerminalEvent,
)
from models.records import LoadOptions, ModelInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SEQUENCES: Final = 8
CONTEXT_SIZE: Final = 512
"""What BERT-like models have learned, and more than a passage of a document has."""
_TICK_S: Final = 0.1
_TEXTS_AT_ONCE: Final = 32
_LETTERS_AT_ONCE: Final = 64 * 1024


def embedding_load_options(path: Path, machine: LoadOptions | None = None) -> LoadOptions:
    """Return how an embedding model is loaded; ``machine`` says which devices and threads to use.

    All else of it is the chat model's own.
    """
    chosen = LoadOptions(path="") if machine is None else machine
    return LoadOptions(
        path=str(path),
        context_size=CONTEXT_SIZE,
        sequences=SEQUENCES,
        threads=chosen.threads,
        devices=chosen.devices,
        gpu_layers=0 if chosen.gpu_layers == 0 else -1,
    )


class Embedder:
    """Turns texts into vectors, blocking. Any thread may use it; ``close`` ends it."""

    def __init__(
        self, options: LoadOptions, log_path: Path | None, command: Sequence[str] | None = None
    ) -> None:
        self._options = options
        self._client = EngineClient(command=command, log_path=log_path)
        self.info: ModelInfo | None = None
        self.dimension = 0
        self.identity = ""
        """What tells the vectors of two models apart, wherever their files lie."""
        self._words = EmbeddingWords(match="")

    @property
    def window(self) -> int:
        """Return how many tokens are read at once; of a longer text the parts' mean is taken."""
        return self.info.context_size if self.info else self._options.context_size

    def load(
        self,
        on_progress: Callable[[float], None] = lambda _fraction: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> ModelInfo:
        """Load the model. Raises UserError, for a model of another kind too, and CancelledError."""

        def show(event: Event) -> None:
            if isinstance(event, LoadProgress):
                on_progress(event.fraction)

        ended = self._wait(self._client.load(self._options), cancelled, show)
        if not isinstance(ended, Loaded):
            raise _trouble(ended)
        # Only a first text tells how long a vector is, and whether the model makes any.
        self.dimension = self._embed([""], cancelled).shape[1]
        self._words = embedding_words(ended.model.name, Path(self._options.path).stem)
        self.identity = f"{identity_of(self._options.path)} {self._words.passage}".rstrip()
        self.info = ended.model
        return ended.model

    def embed(
        self,
        texts: Sequence[str],
        cancelled: Callable[[], bool] = lambda: False,
        on_progress: Callable[[int], None] = lambda _done: None,
    ) -> Vectors:
        """Return a row of length 1 for each passage, shape ``(len(texts), dimension)``.

        The model reads before each what it was trained to. ``on_progress`` hears how many texts are
        done. Raises UserError and CancelledError.
        """
        import numpy as np  # noqa: PLC0415 - as in _embed

        rows = [np.zeros((0, self.dimension), np.float32)]
        done = 0
        for batch in _batches(texts):
            if cancelled():
                raise CancelledError
            rows.append(self._embed([self._words.passage + text for text in batch], cancelled))
            done += len(batch)
            on_progress(done)
        return np.concatenate(rows)

    def embed_question(
        self, question: str, cancelled: Callable[[], bool] = lambda: False
    ) -> Vectors:
        """Return the vector of a question, shape ``(dimension,)``: near what answers it.

        Raises UserError and CancelledError.
        """
        row: Vectors = self._embed([self._words.query + question], cancelled)[0]
        return row

    def close(self) -> None:
        """End the engine process."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _embed(self, texts: Sequence[str], cancelled: Callable[[], bool]) -> Vectors:
        # Here, on a thread that may wait: the window asks this module only how a model is loaded.
        import numpy as np  # noqa: PLC0415

        ended = self._wait(self._client.embed(texts), cancelled)
        if not isinstance(ended, Embedded):
            raise _trouble(ended)
        return np.frombuffer(ended.vectors, "<f4").reshape(len(texts), ended.dimension)

    def _wait(
        self,
        job_id: JobId,
        cancelled: Callable[[], bool],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> TerminalEvent:
        is_cancelled = False
        while True:
            if cancelled() and not is_cancelled:
                self._client.cancel(job_id)
                is_cancelled = True
            try:
                event = next(self._client.events(job_id, _TICK_S))
            except TimeoutError:
                continue
            if isinstance(event, TERMINAL_EVENTS):
                return event
            on_event(event)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts in batches that are small enough for a cancel to be heard soon."""
    batch: list[str] = []
    letters = 0
    for text in texts:
        if batch and (len(batch) == _TEXTS_AT_ONCE or letters + len(text) > _LETTERS_AT_ONCE):
            yield batch
            batch, letters = [], 0
        batch.append(text)
        letters += len(text)
    if batch:
        yield batch


def identity_of(path: str) -> str:
    """Return what tells a model's file from others: what its vectors' identity begins with."""
    try:
        return fingerprint(Path(path))
    except OSError:
        # The file has gone since it was loaded; the fake engine never had one.
        return Path(path).name


def _trouble(ended: TerminalEvent) -> UserError | CancelledError:
    if isinstance(ended, Failed):
        return UserError(ended.problem.title, ended.problem.hint, ended.problem.detail)
    return CancelledError()
