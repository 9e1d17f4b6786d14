"""Texts → vectors, with an embedding model in an engine process of its own.

It works beside the chat model, in a context of its own; its death ends nothing but the call at
hand, and the next call starts it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from desktop.work.engine_jobs import TICK_S, batches, load_progress, trouble_of, wait_for
from desktop.work.intake import CancelledError
from models.catalogue import EmbeddingWords, embedding_words
from models.client import EngineClient
from models.probe.quarantine import fingerprint
from models.protocol import Embedded, Event, JobId, Loaded, TerminalEvent
from models.records import LoadOptions, ModelInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SEQUENCES: Final = 8
CONTEXT_SIZE: Final = 512
"""What BERT-like models have learned, and more than a passage of a document has."""
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
        loading = self._client.load(self._options)
        ended = self._wait(loading, cancelled, load_progress(on_progress))
        if not isinstance(ended, Loaded):
            raise trouble_of(ended)
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
        for batch in batches(texts, _LETTERS_AT_ONCE, _TEXTS_AT_ONCE):
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
            raise trouble_of(ended)
        return np.frombuffer(ended.vectors, "<f4").reshape(len(texts), ended.dimension)

    def _wait(
        self,
        job_id: JobId,
        cancelled: Callable[[], bool],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> TerminalEvent:
        def next_event() -> Event | None:
            try:
                return next(self._client.events(job_id, TICK_S))
            except TimeoutError:
                return None

        return wait_for(job_id, next_event, self._client.cancel, cancelled, on_event)


def identity_of(path: str) -> str:
    """Return what tells a model's file from others: what its vectors' identity begins with."""
    try:
        return fingerprint(Path(path))
    except OSError:
        # The file has gone since it was loaded; the fake engine never had one.
        return Path(path).name
