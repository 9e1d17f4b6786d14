"""What a failed load is said to be, from llama.cpp's own lines."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from models.llama import library
from models.llama.failures import why_no_context, why_not_decoded, why_not_loaded
from models.records import Device, LoadOptions

MODEL = Path("some.gguf")
GPU = Device(
    name="Vulkan0",
    description="Radeon",
    kind="gpu",
    memory_free=2_000_000_000,
    memory_total=8 << 30,
)
LOAD = "llama_model_load: error loading model: "


@pytest.fixture(autouse=True)
def devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "devices", lambda: (GPU,))


@pytest.mark.parametrize(
    ("said", "code", "title"),
    [
        ("unknown model architecture: 'warp9'", "model_unsupported", "warp9"),
        ("unknown pre-tokenizer type: 'odd'", "model_unsupported", "odd"),
        (
            "CLIP cannot be used as main model, use it with --mmproj",
            "model_unsupported",
            "pictures",
        ),
        (
            "tensor 'blk.3.ffn_up.weight' data is not within the file bounds, model is corrupted",
            "model_damaged",
            "ends within the tensor “blk.3.ffn_up.weight”",
        ),
        ("missing tensor 'output.weight'", "model_damaged", "lacks the tensor “output.weight”"),
        ("key not found in model: llama.block_count", "model_damaged", "llama.block_count"),
        ("check_tensor_dims: tensor 'a' has wrong shape; expected", "model_damaged", "wrong shape"),
        ("corrupted model: 3 tensors expected but 2 found", "model_damaged", "is damaged"),
        ("something new", "load_failed", "can't load"),
    ],
)
def test_each_reason_is_told_apart(said: str, code: str, title: str) -> None:
    problem = why_not_loaded(MODEL, LOAD + said).problem
    assert problem.code == code
    assert title in problem.title
    assert problem.hint


def test_an_architecture_that_another_version_knows_names_it() -> None:
    known = why_not_loaded(MODEL, LOAD + "unknown model architecture: 'llama'").problem
    assert "llama-cpp-python 0.3" in known.hint
    unknown = why_not_loaded(MODEL, LOAD + "unknown model architecture: 'warp9'").problem
    assert "None that Snug knows of" in unknown.hint


def test_a_full_device_says_how_much_is_missing() -> None:
    said = (
        "ggml_vulkan: Device memory allocation of size 5000000000 failed.\n"
        "alloc_tensor_range: failed to allocate Vulkan0 buffer of size 5000000000\n"
        f"{LOAD}unable to allocate Vulkan0 buffer"
    )
    problem = why_not_loaded(MODEL, said, ("Vulkan0",)).problem
    assert problem.code == "device_out_of_memory"
    assert "Radeon" in problem.title
    assert "3.0 GB are missing" in problem.title
    assert "fewer layers" in problem.hint


def test_a_full_machine_says_how_much_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = 1_000_000_000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    said = "alloc_tensor_range: failed to allocate CPU buffer of size 4000000000"
    problem = why_no_context(LoadOptions(path="m", context_size=8192), said).problem
    assert problem.code == "out_of_memory"
    assert "8,192 tokens" in problem.title
    assert "3.0 GB are missing" in problem.title


def test_a_device_that_refuses_though_it_has_room_is_told_so() -> None:
    said = "failed to allocate Vulkan0 buffer of size 1000000000"
    title = why_not_loaded(MODEL, said, ("Vulkan0",)).problem.title
    assert "though 2.0 GB are free" in title


def test_a_lost_device_is_the_drivers_trouble() -> None:
    problem = why_not_loaded(MODEL, "ErrorDeviceLost", ("Vulkan0",)).problem
    assert problem.code == "device_failed"
    assert "driver" in problem.hint


def test_a_cache_type_that_the_heads_do_not_divide_is_named() -> None:
    said = "K cache type q8_0 with block size 32 does not divide n_embd_head_k=80"
    problem = why_no_context(LoadOptions(path="m", cache_type="q8_0"), said).problem
    assert "q8_0" in problem.title
    assert "f16" in problem.hint


def test_a_batch_that_fails_says_no_number() -> None:
    for has_room in (True, False):
        problem = why_not_decoded("", has_room=has_room).problem
        assert not any(letter.isdigit() for letter in problem.title)
