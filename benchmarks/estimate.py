"""How true the estimates are: memory against a real process, speed against real replies.

The detail of a figure is estimated ÷ measured of each model, context and cache type.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure
from models.bandwidth import Bandwidth
from models.estimate.memory import estimate
from models.estimate.records import HOST, Machine
from models.estimate.shape import shape_of_model
from models.estimate.speed import tokens_per_second
from models.hardware import measure_machine
from models.library.embedded import embedded_model
from models.probe.client import Probe
from models.records import LoadOptions
from tests.engine_memory import MeasuredEngine
from tests.model_factory import SMALL, Design, sized, write_model

_ROOMY: Final = Machine(memory_total=1 << 44, memory_available=1 << 44)
_SIZE_BYTES: Final = 60_000_000
_WIDE: Final[Mapping[str, Any]] = {
    "width": 512,
    "heads": 8,
    "kv_heads": 2,
    "feed_forward": 1536,
    "vocabulary": 16_000,
    "context": 32_768,
}
_DESIGNS: Final[Mapping[str, Design]] = {
    "llama": replace(SMALL["llama"], **_WIDE),
    "qwen3": replace(SMALL["qwen3"], **{**_WIDE, "quantization": "Q8_0"}),
    "gemma3": replace(SMALL["gemma3"], **_WIDE),
    "experts": replace(SMALL["qwen3moe"], **{**_WIDE, "quantization": "Q8_0"}),
    "latent": replace(SMALL["deepseek2"], **{**_WIDE, "kv_heads": 1}),
    "recurrent": replace(SMALL["mamba"], **_WIDE),
    "hybrid": replace(SMALL["jamba"], **_WIDE),
}
_CONTEXTS: Final = (1024, 3072)
_CACHE_TYPES: Final = ("f16", "q8_0", "q4_0")


def measure() -> Iterator[Figure]:
    """Yield how far the estimates are off at worst, and the ratios that this comes from."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {"embedded": embedded_model()} | {
            kind: write_model(folder / f"{kind}.gguf", sized(design, _SIZE_BYTES))
            for kind, design in _DESIGNS.items()
        }
        yield _worst("memory estimated, off llama.cpp's buffers", _against_buffers(paths))
        yield _worst("memory estimated, off a process's memory", _against_process(paths, folder))
        yield from _speeds(paths, folder)


def _worst(name: str, ratios: dict[str, float], reach: float = 0.1) -> Figure:
    off = [abs(1 - ratio) for ratio in ratios.values()]
    return Figure(
        name=name, value=max(off), reach=reach, better="lower", runs=tuple(off), detail=ratios
    )


def _cases(paths: Mapping[str, Path]) -> Iterator[tuple[str, LoadOptions]]:
    for kind, path in paths.items():
        for context_size in _CONTEXTS:
            for cache_type in _CACHE_TYPES:
                yield (
                    f"{kind} {context_size} {cache_type}",
                    LoadOptions(
                        path=str(path),
                        context_size=context_size,
                        cache_type=cache_type,
                        gpu_layers=0,
                        threads=2,
                        mmap=False,
                    ),
                )


def _against_buffers(paths: Mapping[str, Path]) -> dict[str, float]:
    ratios = {}
    probe = Probe()
    for name, options in _cases(paths):
        (real,) = probe.dry_run(options)
        need = estimate(shape_of_model(Path(options.path)), options, _ROOMY)
        ratios[name] = need.on(HOST).total_bytes / real.total_bytes
    probe.close()
    return ratios


def _against_process(paths: Mapping[str, Path], folder: Path) -> dict[str, float]:
    """Fill a context in a process of its own for each case, since allocators keep what was freed.

    Long contexts take their time to fill: one cache type, and the generated models, stand for all.
    """
    ratios = {}
    for name, options in _cases(paths):
        plain = options.cache_type == "f16" and options.path != str(paths["embedded"])
        if options.context_size > _CONTEXTS[0] and not plain:
            continue
        engine = MeasuredEngine(folder)
        need = estimate(shape_of_model(Path(options.path)), options, _ROOMY)
        ratios[name] = need.total_bytes / engine.taken_bytes(options)
        engine.close()
    return ratios


def _speeds(paths: Mapping[str, Path], folder: Path) -> Iterator[Figure]:
    """Yield how far the speed is off: from a copy of memory, and from replies of other models."""
    copied, learned = Bandwidth(folder / "copied.json"), Bandwidth(folder / "learned.json")
    copied.measure()
    first: dict[str, float] = {}
    later: dict[str, float] = {}
    for kind, path in (*list(paths.items())[1:], ("embedded", paths["embedded"])):
        options = LoadOptions(path=str(path), context_size=2048, gpu_layers=0)
        shape = shape_of_model(path)
        engine = MeasuredEngine(folder)
        engine.load(options)
        report = engine.report(512, 96)
        engine.close()
        rate = (report.completion_tokens - 1) / report.decode_s
        for known, ratios in ((copied, first), (learned, later)):
            guess = tokens_per_second(shape, options, measure_machine((), known), 0)
            if guess is not None:
                ratios[kind] = guess / rate
        learned.learn(HOST, shape, report, options)
    yield _worst("tokens/s estimated from a copy of memory, off replies", first, 0.5)
    yield _worst("tokens/s estimated from other models' replies, off replies", later, 0.5)
