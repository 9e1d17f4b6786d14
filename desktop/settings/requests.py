"""Settings, as the requests of the engine's protocol want them."""

from __future__ import annotations

from desktop.settings.schema import (
    AppSettings,
    CacheType,
    FlashAttention,
    GenerationSettings,
    LoadingSettings,
    Speculation,
)
from models.records import LoadOptions, Sampling


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


def to_load_options(generation: GenerationSettings, app: AppSettings, path: str) -> LoadOptions:
    """Return how to load the model for these settings: its own ones, or else those for all."""
    loading = app.model_loading.get(path, app.loading)
    return LoadOptions(
        path=path,
        context_size=generation.context_size,
        threads=generation.threads,
        batch_size=loading.batch_size,
        micro_batch_size=loading.micro_batch_size,
        gpu_layers=-1 if loading.gpu_layers is None else loading.gpu_layers,
        devices=loading.devices,
        split=loading.split,
        cache_on_device=loading.cache_on_device,
        rpc_servers=app.rpc_servers,
        flash_attention=loading.flash_attention.value,
        cache_type=loading.cache_type.value,
        mmap=loading.mmap,
        mlock=loading.mlock,
        sequences=loading.parallel_replies,
        speculation=loading.speculation.value,
        draft_path=loading.draft_model,
        draft_tokens=loading.draft_tokens,
    )


def from_load_options(options: LoadOptions) -> tuple[LoadingSettings, int]:
    """Return the settings that lead to these options, and the context size."""
    loading = LoadingSettings(
        gpu_layers=None if options.gpu_layers < 0 else options.gpu_layers,
        devices=options.devices,
        split=options.split,
        cache_on_device=options.cache_on_device,
        flash_attention=FlashAttention(options.flash_attention),
        cache_type=CacheType(options.cache_type),
        batch_size=options.batch_size,
        micro_batch_size=options.micro_batch_size,
        mmap=options.mmap,
        mlock=options.mlock,
        parallel_replies=options.sequences,
        speculation=Speculation(options.speculation),
        draft_model=options.draft_path,
        draft_tokens=options.draft_tokens,
    )
    return loading, options.context_size
