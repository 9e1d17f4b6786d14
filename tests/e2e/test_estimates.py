"""Estimates against what llama.cpp lays out, and against the memory of a real engine process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.estimate.layout import estimate_with
from models.estimate.memory import estimate
from models.estimate.records import HOST, Machine
from models.estimate.shape import shape_of_model
from models.library.embedded import embedded_model
from models.llama.dry_run import dry_run
from models.records import DeviceMemory, LoadOptions
from tests.engine_memory import MeasuredEngine
from tests.model_factory import SMALL, Design, sized, write_model

ROOMY = Machine(memory_total=1 << 44, memory_available=1 << 44)
WIDE: dict[str, Any] = {
    "width": 512,
    "heads": 8,
    "kv_heads": 2,
    "feed_forward": 1536,
    "vocabulary": 8000,
    "context": 32768,
}
ENCODER = {"kv_heads": 8, "context": 512}
OWN: dict[str, dict[str, Any]] = {
    "deepseek2": {"kv_heads": 1},
    "bert": ENCODER,
    "t5": ENCODER,
    "gemma3": {"window": 512},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {"context_size": 4096, "flash_attention": "off"},
    "short": {"context_size": 1024, "flash_attention": "off"},
    "flash": {"context_size": 8192, "flash_attention": "on"},
    "eight_bits": {"context_size": 4096, "cache_type": "q8_0"},
    "four_bits": {"context_size": 4096, "cache_type": "q4_0"},
    "small_batch": {"context_size": 4096, "micro_batch_size": 128, "flash_attention": "off"},
    "four_chats": {"context_size": 2048, "sequences": 4, "flash_attention": "off"},
    "automatic": {"context_size": 32768},
}


def design_of(kind: str, **more: Any) -> Design:
    # The last layer computes one row, so the widest place is in one before it.
    layers = max(4, SMALL[kind].layers)
    return replace(SMALL[kind], **{**WIDE, "layers": layers, **OWN.get(kind, {}), **more})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def compare(path: Path, how: dict[str, Any]) -> tuple[DeviceMemory, DeviceMemory]:
    """Return what was estimated and what llama.cpp would really put on the CPU."""
    options = LoadOptions(path=str(path), gpu_layers=0, **how)
    (real,) = dry_run(options)
    return estimate(shape_of_model(path), options, ROOMY).on(HOST), real


@pytest.mark.parametrize("how", OPTIONS)
@pytest.mark.parametrize("kind", SMALL)
def test_buffers_are_as_estimated(folder: Path, kind: str, how: str) -> None:
    path = folder / f"{kind}.gguf"
    if not path.exists():
        write_model(path, design_of(kind))
    guess, real = compare(path, OPTIONS[how])
    assert guess.weights_bytes == pytest.approx(real.weights_bytes, rel=0.01)
    assert guess.cache_bytes == pytest.approx(real.cache_bytes, rel=0.01, abs=20_000)
    # Encoders take texts of any length, and a few graphs differ; a recurrent one is small.
    rough = kind in {"bert", "t5", "mamba"}
    assert guess.compute_bytes == pytest.approx(real.compute_bytes, rel=0.4 if rough else 0.07)


@pytest.mark.parametrize("how", ["plain", "four_chats"])
def test_buffers_of_a_decoder_that_embeds(tmp_path: Path, how: str) -> None:
    path = write_model(tmp_path / "model.gguf", design_of("qwen3", pooling=3, template=""))
    guess, real = compare(path, OPTIONS[how])
    assert guess.cache_bytes == pytest.approx(real.cache_bytes, rel=0.01)
    assert guess.compute_bytes == pytest.approx(real.compute_bytes, rel=0.4)


@pytest.mark.parametrize("how", OPTIONS)
def test_buffers_of_the_embedded_model(how: str) -> None:
    guess, real = compare(embedded_model(), OPTIONS[how])
    assert guess.total_bytes == pytest.approx(real.total_bytes, rel=0.03)
    assert guess.compute_bytes == pytest.approx(real.compute_bytes, rel=0.08)


@pytest.mark.parametrize(
    "change",
    [
        {"heads": 16},
        {"kv_heads": 8},
        {"feed_forward": 8192},
        {"vocabulary": 60000},
        {"head_size": 128},
        {"width": 1024},
    ],
)
def test_buffers_of_other_proportions(tmp_path: Path, change: dict[str, Any]) -> None:
    path = write_model(tmp_path / "model.gguf", design_of("qwen3", **change))
    for how in ("plain", "flash"):
        guess, real = compare(path, OPTIONS[how])
        assert guess.cache_bytes == pytest.approx(real.cache_bytes, rel=0.01)
        assert guess.compute_bytes == pytest.approx(real.compute_bytes, rel=0.12)


def test_llama_cpps_own_figures_are_taken(folder: Path) -> None:
    path = write_model(folder / "own.gguf", design_of("llama"))
    options = LoadOptions(path=str(path), gpu_layers=0, context_size=1024)
    own = (DeviceMemory(device=HOST, compute_bytes=123_456),)
    need = estimate_with(shape_of_model(path), options, (), 0, own)
    assert need.on(HOST).compute_bytes == 123_456


# --- a real process ------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[MeasuredEngine]:
    measured = MeasuredEngine(tmp_path)
    yield measured
    measured.close()


REAL = {
    "llama": ("llama", "F16", {}),
    "qwen3": ("qwen3", "Q8_0", {}),
    "gemma3": ("gemma3", "F16", {}),
    "experts": ("qwen3moe", "Q8_0", {}),
    "latent": ("deepseek2", "F16", {}),
    "recurrent": ("mamba", "F16", {}),
    "hybrid": ("jamba", "F16", {}),
    "eight_bits": ("llama", "Q4_0", {"cache_type": "q8_0"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ["embedded", *REAL])
def test_the_memory_of_a_process_is_as_estimated(
    tmp_path: Path, engine: MeasuredEngine, case: str
) -> None:
    how: dict[str, Any] = {}
    path = embedded_model()
    if case in REAL:
        kind, quantization, how = REAL[case]
        design = sized(design_of(kind, quantization=quantization), 56_000_000)
        path = write_model(tmp_path / "model.gguf", design)
    options = LoadOptions(
        path=str(path), context_size=1024, gpu_layers=0, threads=2, mmap=False, **how
    )
    need = estimate(shape_of_model(path), options, ROOMY)
    assert need.total_bytes == pytest.approx(engine.taken_bytes(options), rel=0.1)
