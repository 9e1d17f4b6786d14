"""Why no GPU is used, and what would mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.backends import graphics_cards, library_backends, why_no_gpu
from models.records import Device

CPU = Device(name="CPU", description="", kind="cpu", memory_free=0, memory_total=0)
GPU = Device(name="Vulkan0", description="", kind="gpu", memory_free=1, memory_total=1)


def test_the_library_has_a_cpu() -> None:
    assert "cpu" in library_backends()
    assert "base" not in library_backends()


def test_a_gpu_needs_no_explanation() -> None:
    assert why_no_gpu((GPU, CPU), ("vulkan",)) is None


@pytest.mark.parametrize(
    ("backends", "cards", "driver", "code", "remedy"),
    [
        ((), ("NVIDIA",), True, "no_backend", "make setup BACKEND=cuda"),
        ((), ("AMD",), True, "no_backend", "make setup BACKEND=vulkan"),
        ((), (), True, "no_backend", "make setup BACKEND=vulkan"),
        (("vulkan",), ("Intel",), False, "no_driver", "mesa-vulkan-drivers"),
        (("vulkan",), ("NVIDIA",), False, "no_driver", "nvidia-driver"),
        (("vulkan",), (), False, "no_driver", "mesa-vulkan-drivers"),
        (("cuda",), ("NVIDIA",), True, "no_device", "driver of the NVIDIA card"),
        (("vulkan",), (), True, "no_device", "CPU"),
    ],
)
def test_each_reason_has_its_remedy(
    backends: tuple[str, ...], cards: tuple[str, ...], *, driver: bool, code: str, remedy: str
) -> None:
    problem = why_no_gpu((CPU,), backends, cards, vulkan_driver=driver)
    assert problem is not None
    assert problem.code == code
    assert remedy in problem.hint


def test_cards_are_read_from_the_system(tmp_path: Path) -> None:
    for number, vendor in enumerate(("0x1002", "0x1234", "0x10de")):
        folder = tmp_path / f"card{number}" / "device"
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(f"{vendor}\n")
    assert graphics_cards(tmp_path) == ("AMD", "NVIDIA")
