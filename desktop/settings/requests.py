"""Settings, as the requests of the engine's protocol want them."""

from __future__ import annotations

from desktop.settings.schema import GenerationSettings
from models.protocol import LoadOptions, Sampling


def to_sampling(settings: GenerationSettings) -> Sampling:
    """Return the sampler chain of these settings."""
    return Sampling(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        min_p=settings.min_p,
        repeat_penalty=settings.repeat_penalty,
        seed=settings.seed,
    )


def to_load_options(settings: GenerationSettings, model_path: str) -> LoadOptions:
    """Return how to load the model for these settings."""
    return LoadOptions(
        path=model_path, context_size=settings.context_size, threads=settings.threads
    )
