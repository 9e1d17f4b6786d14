"""The probe with llama.cpp itself: devices, sound and broken files, and what a load would take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from models.library.embedded import embedded_model
from models.probe.client import Probe
from models.problems import EngineError
from models.records import DeviceMemory, LoadOptions
from tests.gguf_surgery import split_in_two, take_apart
from tests.model_factory import SMALL, write_model


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


def refusal(probe: Probe, path: Path) -> str:
    with pytest.raises(EngineError) as raised:
        probe.check(path)
    assert raised.value.problem.hint
    return raised.value.problem.code


def test_it_lists_the_processor(probe: Probe) -> None:
    (cpu,) = (device for device in probe.devices() if device.kind == "cpu")
    assert (
        0
        < cpu.memory_free
        <= cpu.memory_total
        == pytest.approx(psutil.virtual_memory().total, rel=0.2)
    )


def test_the_waiting_process_has_not_touched_the_devices(probe: Probe) -> None:
    """A fork of a process that uses a graphics card can't use it."""
    probe.devices()
    waiting = psutil.Process(probe.pid)
    assert waiting.num_threads() == 1
    assert not [file.path for file in waiting.open_files() if file.path.startswith("/dev/dri")]


def test_the_embedded_model_is_sound(probe: Probe) -> None:
    assert probe.check(embedded_model()) is None


@pytest.mark.parametrize("kind", SMALL)
def test_each_kind_of_model_is_sound(probe: Probe, tmp_path: Path, kind: str) -> None:
    assert probe.check(write_model(tmp_path / "model.gguf", SMALL[kind])) is None


def test_a_broken_template_is_told_but_no_reason_to_refuse(probe: Probe, tmp_path: Path) -> None:
    design = replace(SMALL["llama"], template="{% for message in messages %}")
    problem = probe.check(write_model(tmp_path / "model.gguf", design))
    assert problem is not None
    assert problem.code == "template_failed"


def test_what_is_wrong_with_a_file(probe: Probe, tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf")
    whole = path.read_bytes()
    assert refusal(probe, tmp_path / "missing.gguf") == "model_missing"
    assert refusal(probe, tmp_path) == "model_not_gguf"
    path.write_bytes(b"<html>")
    assert refusal(probe, path) == "model_not_gguf"
    path.write_bytes(whole[:-100])
    assert refusal(probe, path) == "model_damaged"
    path.write_bytes(whole.replace(b"llama", b"lllll"))
    assert refusal(probe, path) == "model_unsupported"
    path.write_bytes(whole.replace(b"output_norm.weight", b"output_nerm.weight"))
    assert refusal(probe, path) in {"model_damaged", "load_failed"}


def test_a_dry_run_tells_what_a_load_takes(probe: Probe) -> None:
    path = embedded_model()
    options = LoadOptions(path=str(path), context_size=4096, gpu_layers=0)
    memory = {part.device: part for part in probe.dry_run(options)}
    assert memory["CPU"].layers == 31
    assert memory["CPU"].weights_bytes == pytest.approx(path.stat().st_size, rel=0.03)
    assert memory["CPU"].cache_bytes == 4096 * 30 * 3 * 64 * 2 * 2
    assert memory["CPU"].compute_bytes > 1 << 20


def test_a_dry_run_allocates_nothing(probe: Probe) -> None:
    options = LoadOptions(path=str(embedded_model()), context_size=1 << 22, gpu_layers=0)
    assert sum(part.cache_bytes for part in probe.dry_run(options)) >= 90 << 30


def test_a_split_model_is_looked_at_whole(probe: Probe, tmp_path: Path) -> None:
    whole = write_model(tmp_path / "whole.gguf")
    first, second = split_in_two(take_apart(whole.read_bytes()), tmp_path)
    assert probe.check(first) is None
    options = [LoadOptions(path=str(path), gpu_layers=0) for path in (whole, first)]
    assert probe.dry_run(options[0]) == probe.dry_run(options[1])
    second.write_bytes(second.read_bytes()[:-500])
    assert refusal(probe, first) == "model_damaged"


def test_a_dry_run_places_layers_on_a_device(probe: Probe) -> None:
    device = next((device for device in probe.devices() if device.kind == "gpu"), None)
    if device is None:
        pytest.skip("this build of llama.cpp has no device but the CPU")
    path = str(embedded_model())
    for asked in (0, 10, 31):
        memory = {
            part.device: part for part in probe.dry_run(LoadOptions(path=path, gpu_layers=asked))
        }
        on_device = memory.get(device.name, DeviceMemory(device=device.name))
        assert on_device.layers == asked
        assert memory["CPU"].layers == 31 - asked
        assert (on_device.weights_bytes > 0) == (on_device.cache_bytes > 0) == (asked > 0)
