"""The account of a load, in the words that people read."""

from __future__ import annotations

import msgspec

from models.account import account
from models.backends import why_no_gpu
from models.fake_model import fake_info
from models.fake_script import Script
from models.records import DeviceMemory, LoadOptions, ModelInfo, Problem

GB = 1_000_000_000
BASE = fake_info(LoadOptions(path="m.gguf"), Script(layers=32), 0, 0.1)


def told(**fields: object) -> tuple[str, ...]:
    return account(msgspec.structs.replace(BASE, **fields))


def on(device: str, layers: int, gigabytes: float, **more: object) -> DeviceMemory:
    size = round(gigabytes * GB)
    return DeviceMemory(device=device, layers=layers, weights_bytes=size, **more)  # type: ignore[arg-type]


def test_a_part_on_the_device_and_why_not_more() -> None:
    gpu = on("Vulkan0", 22, 5.1, description="Radeon RX", free_bytes=round(6.2 * GB))
    host = on("CPU", 10, 1.3, cache_bytes=GB)
    lines = told(memory=(gpu, host), offloaded_layers=22, placement_reason="memory")
    assert lines == (
        (
            "22 of 32 layers run on Radeon RX (5.1 GB), 10 on the CPU (2.3 GB), since its free "
            "memory of 6.2 GB holds no more."
        ),
        "Context 8,192 tokens in f16: 1.0 GB.",
    )


def test_several_devices_are_each_named() -> None:
    memory = (on("CUDA0", 20, 6), on("CUDA1", 12, 4), on("CPU", 0, 0.1))
    lines = told(memory=memory, offloaded_layers=32, placement_reason="everything")
    assert (
        lines[0] == "32 of 32 layers run on 2 devices: 20 on CUDA0 (6.0 GB), 12 on CUDA1 (4.0 GB)."
    )


def test_two_cards_of_one_make_are_told_apart() -> None:
    memory = tuple(on(f"CUDA{number}", 16, 4, description="RTX") for number in (1, 0))
    line = told(memory=memory, offloaded_layers=32, placement_reason="everything")[0]
    assert line.endswith("2 devices: 16 on CUDA1 (4.0 GB), 16 on CUDA0 (4.0 GB).")


def test_the_cpu_alone_says_why() -> None:
    reasons = {
        "no_backend": "the engine's library is built for the CPU alone.",
        "no_device": "there is no GPU that the engine can use.",
        "asked": ", as asked.",
        "fallback": "since a load with more of them on the device has failed.",
    }
    for reason, words in reasons.items():
        line = told(memory=(on("CPU", 32, 4),), placement_reason=reason)[0]
        assert line.startswith("All 32 layers run on the CPU (4.0 GB)")
        assert line.endswith(words)


def test_a_card_that_is_not_used_is_told_with_what_would_mend_it() -> None:
    unused = why_no_gpu((), (), ("NVIDIA",))
    info = msgspec.structs.replace(BASE, placement_reason="no_backend")
    assert "make setup BACKEND=cuda" in account(info, unused)[1]
    asked = msgspec.structs.replace(BASE, placement_reason="asked")
    assert not [line for line in account(asked, unused) if "BACKEND" in line]


def test_an_embedding_model_says_what_it_is() -> None:
    lines = told(kind="embedding", context_size=512)
    assert "It reads up to 512 tokens at once." in lines
    assert any("can't chat. It serves the search in documents" in line for line in lines)


def test_an_encoder_decoder_says_where_it_serves() -> None:
    lines = told(kind="encoder_decoder", context_size=1024)
    assert "It reads up to 1,024 tokens at once." in lines
    assert any("can summarize and translate documents" in line for line in lines)


def test_a_broken_template_and_its_fall_back_are_told() -> None:
    broken = Problem(code="template_failed", title="The model's chat template does not work.")
    assert told(template="ChatML", template_problem=broken)[-1] == (
        "The model's chat template does not work. Chats use the fall-back “ChatML” in its place."
    )


def test_a_model_is_told_of_without_any_numbers_known() -> None:
    info: ModelInfo = msgspec.structs.replace(BASE, memory=(), cache_bytes_per_token=0)
    assert account(info)[1] == "Context 8,192 tokens in f16."
