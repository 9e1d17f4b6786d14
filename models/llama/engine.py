"""The engine on llama.cpp: one loaded model, its scheduler and its token counter."""

from __future__ import annotations

import gc
from collections.abc import Callable

from models.cancellation import Cancellation
from models.engine import Emit
from models.llama import failures, library, loading
from models.llama.library import give_memory_back
from models.llama.loaded import LoadedModel
from models.llama.state import folder_of
from models.protocol import (
    Embed,
    Embedded,
    Event,
    Failed,
    Generate,
    StateRequest,
    StatesDone,
    TokenCount,
)
from models.records import (
    Countable,
    Device,
    LoadOptions,
    ModelInfo,
    Sampling,
    StateHome,
)
from models.state_seals import SealsAhead
from models.template_renderer import TemplateRenderer


class LlamaEngine:
    """Implements ``models.engine.Engine`` with llama.cpp's low-level calls.

    All but ``count_tokens`` belongs on one thread.
    """

    def __init__(self) -> None:
        self.versions = library.versions()
        self._renderer = TemplateRenderer()
        self._model: LoadedModel | None = None
        self._owed: list[Event] = []
        self._seals = SealsAhead()

    def load(
        self, options: LoadOptions, progress: Callable[[float], None], cancelled: Cancellation
    ) -> ModelInfo:
        """Load a model in place of the loaded one.

        The old one is freed first: both may not fit into memory. Raises EngineError.
        """
        loading.check_options(options)
        self.unload()
        self._renderer.start()
        self._model = LoadedModel(options, self._renderer, self._seals, progress, cancelled)
        progress(1.0)
        return self._model.info

    def submit(self, request: Generate, cancelled: Cancellation) -> None:
        """Take a job in. Raises EngineError, such as no_model or prompt_too_long."""
        self._loaded().submit(request, cancelled)

    def step(self, emit: Emit) -> bool:
        """Decode one batch for the jobs in hand; return whether any is left."""
        while self._owed:
            emit(self._owed.pop(0))
        return self._model is not None and self._model.scheduler.step(emit)

    def resample(self, job_id: int, sampling: Sampling) -> None:
        """Use this chain for the job from its next token on."""
        if self._model is not None:
            self._model.scheduler.resample(job_id, sampling)

    def count_tokens(self, job_id: int, prompt: Countable) -> TokenCount:
        """Count on the vocabulary alone; may run beside everything else."""
        count = self._loaded().counter.count(job_id, prompt)
        if count is None:
            raise failures.no_model()
        return count

    def embed(self, request: Embed, cancelled: Cancellation) -> Embedded:
        """Return a vector for each text. Raises EngineError, such as not_an_embedding_model."""
        return self._loaded().embed(request, cancelled)

    def keep_states(self, request: StateRequest) -> StatesDone:
        """Move what the KV cache holds of chats to their files or back, or forget it."""
        if self._model is None:
            return StatesDone(job_id=request.job_id)
        return self._model.scheduler.keeper.serve(request, *self._model.scheduler.slots)

    def foresee(self, home: StateHome) -> None:
        """Check the file of a chat that is going to be restored; may run beside everything else."""
        folder_of(home, self._seals).check_ahead(home.chat)

    def devices(self) -> tuple[Device, ...]:
        """List the devices."""
        return library.devices()

    def unload(self) -> None:
        """Free the model; jobs that are left fail at the next step."""
        if self._model is None:
            return
        model, self._model = self._model, None
        model.scheduler.keeper.leave(model.scheduler.slots[0])
        for job_id in model.scheduler.abandon():
            self._owed.append(Failed(job_id=job_id, problem=failures.no_model().problem))
        model.close()
        # A model and its parts know each other; what Python still holds of them keeps C's memory.
        del model
        gc.collect()
        give_memory_back()

    def cached_tokens(self) -> int:
        """Return how many tokens the KV cache holds."""
        return self._model.scheduler.cached_tokens() if self._model is not None else 0

    def close(self) -> None:
        """Free everything, the template's process too."""
        self.unload()
        self._renderer.close()

    def _loaded(self) -> LoadedModel:
        model = self._model
        if model is None:
            raise failures.no_model()
        return model
