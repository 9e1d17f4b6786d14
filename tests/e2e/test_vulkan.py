"""Offload on a Vulkan device: what lies where, and what becomes of a load that the device fails.

Mesa's software device is enough, and the speed is its own. The text of a reply may differ from the
CPU's, so it is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.cli.session import EngineSession
from desktop.domain.errors import UserError
from desktop.paths import Paths
from models.backends import gpu_backends, has_vulkan_driver, why_no_gpu
from models.library.embedded import embedded_model
from models.probe.client import Probe
from models.problems import EngineError
from models.protocol import Finished
from models.records import DeviceMemory, LoadOptions, ModelInfo, RawPrompt, Sampling

MIB = 2**20
LAYERS = 31
CONTEXT = 1024
CACHE_BYTES = 23040 * CONTEXT
WEIGHTS_BYTES = 96_573_850

if "vulkan" not in gpu_backends():
    pytest.skip(
        "the engine's library has no Vulkan back end: 'make setup BACKEND=vulkan' builds one",
        allow_module_level=True,
    )
if not has_vulkan_driver():
    problem = why_no_gpu(())
    assert problem is not None
    pytest.skip(
        f"{problem.title} {problem.hint} mesa-vulkan-drivers has one that needs no card.",
        allow_module_level=True,
    )


@pytest.fixture(autouse=True)
def first_device(monkeypatch: pytest.MonkeyPatch) -> str:
    """Use the first device, a software one too, and return its name."""
    monkeypatch.setenv("GGML_VK_VISIBLE_DEVICES", "0")
    probe = Probe()
    try:
        devices = probe.devices()
    finally:
        probe.close()
    names = [device.name for device in devices if device.name.startswith("Vulkan")]
    if not names:
        pytest.skip("the Vulkan driver shows no device: install mesa-vulkan-drivers")
    return names[0]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[EngineSession]:
    paths = Paths(tmp_path)
    paths.create()
    with EngineSession(paths) as opened:
        yield opened


def load(session: EngineSession, **options: object) -> ModelInfo:
    path = str(embedded_model())
    wanted = LoadOptions(path=path, **{"context_size": CONTEXT, **options})  # type: ignore[arg-type]
    return session.load(wanted, "test")


def part(info: ModelInfo, device: str) -> DeviceMemory:
    return next(each for each in info.memory if each.device == device)


def writes(session: EngineSession) -> bool:
    prompt = RawPrompt(text="Once upon a time there was a")
    outcome = session.generate(prompt, Sampling(temperature=0), 4, (), on_tokens=lambda _: None)
    return isinstance(outcome, Finished) and outcome.report.completion_tokens == 4


def near(size: int, wanted: float) -> bool:
    return abs(size - wanted) <= 0.02 * wanted + MIB


def test_all_layers_go_to_the_device_by_themselves(
    session: EngineSession, first_device: str
) -> None:
    info = load(session)
    assert (info.offloaded_layers, info.layers) == (LAYERS, LAYERS)
    assert info.placement_reason == "everything"
    device = part(info, first_device)
    assert device.layers == LAYERS
    assert near(device.weights_bytes, WEIGHTS_BYTES)
    assert near(device.cache_bytes, CACHE_BYTES)
    assert device.compute_bytes > 0
    assert device.free_bytes > 0
    assert part(info, "CPU").cache_bytes == 0
    assert session.account[0].startswith(f"31 of 31 layers run on {device.description}")
    assert writes(session)


def test_some_layers_lie_where_they_were_asked_to(
    session: EngineSession, first_device: str
) -> None:
    info = load(session, gpu_layers=10)
    device, host = part(info, first_device), part(info, "CPU")
    assert (info.offloaded_layers, device.layers, host.layers) == (10, 10, 21)
    assert info.placement_reason == "asked"
    # Nine layers of the model and the output, which has no cache.
    assert near(device.cache_bytes, CACHE_BYTES * 9 / 30)
    assert near(host.cache_bytes, CACHE_BYTES * 21 / 30)
    assert 0 < device.weights_bytes < WEIGHTS_BYTES
    assert "21 on the CPU" in session.account[0]
    assert "as asked" in session.account[0]
    assert writes(session)


def test_without_layers_nothing_touches_the_device(session: EngineSession) -> None:
    info = load(session, gpu_layers=0)
    assert (info.offloaded_layers, info.device) == (0, "CPU")
    assert [each.device for each in info.memory] == ["CPU"]
    assert info.placement_reason == "asked"


def test_the_cache_can_stay_off_the_device(session: EngineSession, first_device: str) -> None:
    info = load(session, gpu_layers=10, cache_on_device=False)
    assert part(info, first_device).cache_bytes == 0
    assert near(part(info, "CPU").cache_bytes, CACHE_BYTES)
    assert part(info, first_device).layers == 10


def test_the_cache_is_smaller_in_eight_bits(session: EngineSession, first_device: str) -> None:
    info = load(session, cache_type="q8_0")
    assert near(part(info, first_device).cache_bytes, CACHE_BYTES * 34 / 64)
    assert info.flash_attention


def test_the_main_device_is_the_one_that_was_named(
    session: EngineSession, first_device: str
) -> None:
    info = load(session, devices=(first_device,), split=(1.0,), gpu_layers=LAYERS)
    assert part(info, first_device).layers == LAYERS


def test_layers_are_split_over_several_devices_the_main_one_first(
    session: EngineSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same device twice is two to the library.
    monkeypatch.setenv("GGML_VK_VISIBLE_DEVICES", "0,0")
    info = load(session, devices=("Vulkan1", "Vulkan0"), split=(3.0, 1.0), gpu_layers=LAYERS)
    first, second, _host = info.memory
    assert (first.device, second.device) == ("Vulkan1", "Vulkan0")
    assert (first.layers, second.layers) == (24, 7)
    assert near(first.cache_bytes, CACHE_BYTES * 24 / 30)
    assert near(second.cache_bytes, CACHE_BYTES * 6 / 30)
    assert "24 on Vulkan1" in session.account[0]
    assert writes(session)


def test_layers_are_split_by_free_memory_where_nothing_else_is_said(
    session: EngineSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GGML_VK_VISIBLE_DEVICES", "0,0")
    first, second, _host = load(session).memory
    assert abs(first.layers - second.layers) <= 1


def test_a_device_that_is_not_there_is_named(session: EngineSession) -> None:
    with pytest.raises(UserError) as caught:
        load(session, devices=("Vulkan7",), gpu_layers=3)
    assert "Vulkan7" in caught.value.title
    assert "Vulkan0" in caught.value.hint


def test_as_many_layers_as_the_free_memory_holds(session: EngineSession, first_device: str) -> None:
    probe = Probe()
    free = next(each for each in probe.devices() if each.name == first_device).memory_free
    probe.close()
    # A cache of three times the device's memory.
    context = min(1 << 20, 3 * free // 23040 // 256 * 256)
    if context == 1 << 20:
        pytest.skip("the device's memory is too large to be filled with the embedded model")
    try:
        info = load(session, context_size=context)
    except UserError as error:
        if error.code != "no_fit":
            raise
        pytest.skip("the machine's memory doesn't hold what the device leaves")
    assert 0 < info.offloaded_layers < LAYERS
    assert info.placement_reason == "memory"
    assert part(info, first_device).total_bytes < free
    assert "holds no more" in session.account[0]


def test_a_device_that_fails_is_tried_with_less_and_then_left_alone(
    session: EngineSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # No tensor of the cache is allowed on the device, which ends the engine at an assertion.
    monkeypatch.setenv("GGML_VK_FORCE_MAX_BUFFER_SIZE", "2000000")
    monkeypatch.setenv("GGML_VK_FORCE_MAX_ALLOCATION_SIZE", "2000000")
    info = load(session, context_size=8192)
    assert (info.offloaded_layers, info.device) == (0, "CPU")
    assert info.placement_reason == "fallback"
    told = capsys.readouterr().err
    for step in ("Trying 15 layers", "Trying 7 layers", "Trying the CPU alone"):
        assert step in told
    assert [line for line in session.account if "So Snug tried the CPU alone" in line]
    assert writes(session)


def test_a_number_of_layers_that_was_asked_for_is_not_changed(
    session: EngineSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GGML_VK_FORCE_MAX_BUFFER_SIZE", "2000000")
    monkeypatch.setenv("GGML_VK_FORCE_MAX_ALLOCATION_SIZE", "2000000")
    with pytest.raises(UserError) as caught:
        load(session, context_size=8192, gpu_layers=20)
    for way in ("--gpu-layers automatic", "--gpu-layers 10", "--gpu-layers 0"):
        assert way in caught.value.hint
    assert not caught.value.title.isdigit()


def test_a_death_on_the_device_does_not_count_against_the_file(
    session: EngineSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GGML_VK_FORCE_MAX_BUFFER_SIZE", "2000000")
    monkeypatch.setenv("GGML_VK_FORCE_MAX_ALLOCATION_SIZE", "2000000")
    load(session, context_size=8192)
    probe = Probe(quarantine_file=Paths(tmp_path).quarantine_file)
    assert probe.quarantine is not None
    try:
        probe.quarantine.check(embedded_model())
    except EngineError as error:
        pytest.fail(error.problem.title)
    finally:
        probe.close()
