"""Estimates by device against what llama.cpp lays out, on any device that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.backends import gpu_backends
from models.estimate.fitting import fit_layers
from models.estimate.memory import estimate
from models.estimate.placement import offload_devices
from models.estimate.records import HOST, Machine
from models.estimate.shape import shape_of_model
from models.hardware import measure_machine
from models.probe.client import Probe
from models.records import LoadOptions
from tests.e2e.test_estimates import WIDE
from tests.model_factory import SMALL, write_model

MIB = 2**20

if not gpu_backends():
    pytest.skip(
        "the engine's library has no back end for a GPU: 'make setup BACKEND=vulkan' builds one",
        allow_module_level=True,
    )


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Probe]:
    # Mesa's software device is left out unless it is asked for.
    monkeypatch.setenv("GGML_VK_VISIBLE_DEVICES", "0")
    opened = Probe()
    yield opened
    opened.close()


@pytest.fixture
def machine(probe: Probe) -> Machine:
    found = measure_machine(probe.devices())
    if not offload_devices(LoadOptions(path=""), found):
        pytest.skip("there is no device: mesa-vulkan-drivers has one that needs no card")
    return found


PLACES: dict[str, dict[str, Any]] = {
    "all": {"gpu_layers": 99},
    "some": {"gpu_layers": 3},
    "all_but_the_cache": {"gpu_layers": 99, "cache_on_device": False},
    "without_flash_attention": {"gpu_layers": 99, "flash_attention": "off"},
    "none": {"gpu_layers": 0},
    "automatic": {},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["llama", "qwen2", "gemma3", "qwen3moe", "mamba"])
def test_buffers_by_device_are_as_estimated(
    tmp_path: Path, probe: Probe, machine: Machine, kind: str, place: str
) -> None:
    design = replace(SMALL[kind], **{**WIDE, "layers": 6})
    path = write_model(tmp_path / "model.gguf", design)
    options = LoadOptions(path=str(path), context_size=4096, **PLACES[place])
    need = estimate(shape_of_model(path), options, machine)
    real = {part.device: part for part in probe.dry_run(options)}
    for device in (HOST, *(each.name for each in offload_devices(options, machine))):
        guess = need.on(device)
        found = real.get(device)
        if found is None:
            assert guess.total_bytes == 0
            continue
        assert guess.layers == found.layers
        assert guess.weights_bytes == pytest.approx(found.weights_bytes, rel=0.01, abs=MIB // 8)
        assert guess.cache_bytes == pytest.approx(found.cache_bytes, rel=0.01, abs=MIB // 8)
        assert guess.compute_bytes == pytest.approx(found.compute_bytes, rel=0.2, abs=7 * MIB)
        assert guess.total_bytes == pytest.approx(found.total_bytes, rel=0.1, abs=3 * MIB)


def test_the_layers_that_fit_are_those_that_are_used(
    tmp_path: Path, probe: Probe, machine: Machine
) -> None:
    """Where a cache is larger than the device's memory, layers stay off it by themselves."""
    small: dict[str, Any] = {"width": 128, "kv_heads": 4, "head_size": 128, "context": 1 << 20}
    path = write_model(tmp_path / "model.gguf", replace(SMALL["qwen3"], layers=32, **small))
    shape = shape_of_model(path)
    device = offload_devices(LoadOptions(path=""), machine)[0]
    options = LoadOptions(path=str(path), context_size=65_536)
    if estimate(shape, options, machine).on(HOST).total_bytes > machine.memory_available // 2:
        pytest.skip("the machine has too little memory for this test")
    layers = fit_layers(shape, options, machine)
    if device.memory_total < 4 << 30:
        assert 0 < layers < shape.layer_count
    real = {part.device: part for part in probe.dry_run(options)}
    assert real[device.name].layers == layers
    assert real[device.name].total_bytes < device.memory_free
