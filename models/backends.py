"""Which back ends the engine's library has, and what keeps a graphics card from being used.

All of it is found from files, so that nothing here can die of a driver.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from models.amounts import names_in_words
from models.installation import is_frozen
from models.records import Device, Problem
from models.wording import mark, tr

GPU_BACKENDS: Final = ("cuda", "hip", "vulkan", "metal", "sycl", "opencl", "cann", "musa")
"""llama.cpp's back ends for devices of this machine, by their libraries' names."""
_LIBRARY_PREFIXES: Final = ("libggml-", "ggml-")
_VENDORS: Final = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_DRM: Final = Path("/sys/class/drm")
_VULKAN_DRIVERS: Final = (
    "/usr/share/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
)
_DRIVER_PACKAGES: Final = {
    "NVIDIA": mark("NVIDIA's own driver (on Debian: nvidia-driver)"),
    "AMD": "mesa-vulkan-drivers",
    "Intel": "mesa-vulkan-drivers",
}


@cache
def library_backends() -> tuple[str, ...]:
    """Return the back ends that the engine's library was built with, ``cpu`` and ``rpc`` too."""
    spec = find_spec("llama_cpp")
    folders = spec.submodule_search_locations if spec else None
    names: dict[str, None] = {}
    for folder in folders or ():
        for file in sorted((Path(folder) / "lib").glob("*ggml-*")):
            names |= dict.fromkeys(_backend_of(file.name))
    return tuple(names)


def _backend_of(file_name: str) -> Iterable[str]:
    stem = file_name.split(".", 1)[0]
    for prefix in _LIBRARY_PREFIXES:
        if stem.startswith(prefix) and (name := stem.removeprefix(prefix).split("-")[0]) != "base":
            return (name,)
    return ()


def gpu_backends() -> tuple[str, ...]:
    """Return those back ends of the library that compute on a GPU of this machine."""
    return tuple(name for name in library_backends() if name in GPU_BACKENDS)


def graphics_cards(folder: Path = _DRM) -> tuple[str, ...]:
    """Return the makers of the machine's graphics cards, as far as the system tells."""
    found: dict[str, None] = {}
    for file in sorted(folder.glob("card*/device/vendor")):
        try:
            vendor = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if vendor in _VENDORS:
            found[_VENDORS[vendor]] = None
    return tuple(found)


def has_vulkan_driver() -> bool:
    """Return whether a Vulkan driver is installed; only Linux has a place to look."""
    if sys.platform != "linux":
        return True
    if os.environ.get("VK_ICD_FILENAMES") or os.environ.get("VK_DRIVER_FILES"):
        return True
    return any(any(Path(folder).glob("*.json")) for folder in _VULKAN_DRIVERS)


def why_no_gpu(
    devices: Sequence[Device],
    backends: Sequence[str] | None = None,
    cards: Sequence[str] | None = None,
    *,
    vulkan_driver: bool | None = None,
) -> Problem | None:
    """Return why no layer can go to a GPU, and what would mend it; None where one can.

    What isn't given is looked up on this machine.
    """
    if any(device.kind in {"gpu", "igpu"} for device in devices):
        return None
    backends = gpu_backends() if backends is None else backends
    cards = graphics_cards() if cards is None else cards
    if not backends:
        return _no_backend(cards)
    if "vulkan" in backends and not (
        has_vulkan_driver() if vulkan_driver is None else vulkan_driver
    ):
        package = _DRIVER_PACKAGES[cards[0]] if cards else "mesa-vulkan-drivers"
        return Problem(
            code="no_driver",
            title=tr("The engine's library can use Vulkan, but no Vulkan driver is installed."),
            hint=tr("Install {package}, then start Snug again.", package=tr(package)),
        )
    names = names_in_words(name.upper() if name == "cuda" else name.title() for name in backends)
    if not cards:
        return Problem(
            code="no_device",
            title=tr(
                "The engine's library can use {names}, and finds no graphics card.", names=names
            ),
            hint=tr("Models run on the CPU."),
        )
    return Problem(
        code="no_device",
        title=tr(
            "The engine's library can use {names}, and its driver shows no device.", names=names
        ),
        hint=tr(
            "Install or renew the driver of the {maker} card: {package}.",
            maker=cards[0],
            package=tr(_DRIVER_PACKAGES[cards[0]]),
        ),
    )


def unused_card() -> Problem | None:
    """Return why the machine's graphics card is not used by an engine that sees no device.

    None where there is no card: then there is nothing to mend.
    """
    cards = graphics_cards()
    return why_no_gpu((), cards=cards) if cards else None


def _no_backend(cards: Sequence[str]) -> Problem:
    if not cards:
        return Problem(
            code="no_backend",
            title=tr(
                "The engine's library is built for the CPU alone, and no graphics card was found."
            ),
            hint=tr("With a card, {way}.", way=_other_library("vulkan")),
        )
    wanted = "cuda" if cards[0] == "NVIDIA" else "vulkan"
    return Problem(
        code="no_backend",
        title=tr(
            "The engine's library is built for the CPU alone, so the {maker} card is not used.",
            maker=cards[0],
        ),
        hint=tr("To use it, {way}.", way=_other_library(wanted)),
    )


def _other_library(backend: str) -> str:
    if is_frozen():
        return tr("see “Adding {backend}” in the documentation of the installers", backend=backend)
    return tr("'make setup BACKEND={backend}' builds a library that does", backend=backend)
