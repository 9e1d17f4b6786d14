"""Which engine library this machine can use, and how to get it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import vulkan_headers

BACKENDS: Final = ("cpu", "vulkan", "cuda", "metal", "portable")
"""``portable`` is for installers: any x86-64-v2 or Apple processor, any GPU with a driver."""
WHEEL_INDEX: Final = "https://abetlen.github.io/llama-cpp-python/whl"
INDEX_PATIENCE_S: Final = 5.0
CUDA_WHEELS: Final = (121, 122, 123, 124, 125)
"""CUDA versions that the wheel index is known to serve, as major and minor in one number."""

_APPLE_PROCESSOR: Final = sys.platform == "darwin" and platform.machine() == "arm64"
_PORTABLE_GPU: Final = (
    f"-DGGML_METAL={'ON' if _APPLE_PROCESSOR else 'OFF'}"
    if sys.platform == "darwin"
    else "-DGGML_VULKAN=ON"
)
_FLAGS: Final = {
    # Without the vision library the build takes half the time; Snug reads text alone.
    "cpu": ("-DGGML_RPC=ON", "-DLLAVA_BUILD=OFF"),
    "vulkan": ("-DGGML_RPC=ON", "-DLLAVA_BUILD=OFF", "-DGGML_VULKAN=ON"),
    "cuda": ("-DGGML_RPC=ON", "-DLLAVA_BUILD=OFF", "-DGGML_CUDA=ON"),
    "metal": ("-DGGML_RPC=ON", "-DLLAVA_BUILD=OFF", "-DGGML_METAL=ON"),
    "portable": (
        "-DGGML_RPC=ON",
        "-DLLAVA_BUILD=OFF",
        _PORTABLE_GPU,
        "-DGGML_NATIVE=OFF",
        "-DGGML_BACKEND_DL=ON",
        "-DGGML_CPU_ALL_VARIANTS=ON",
        # Else the processor variants are installed outside of the package.
        "-DCMAKE_INSTALL_BINDIR=llama_cpp/lib",
    ),
}


@dataclass(frozen=True)
class Build:
    """A back end with the CMake flags that build it from source."""

    backend: str
    flags: tuple[str, ...]

    @property
    def cache_key(self) -> str:
        """Return a folder name that is another for every other build."""
        # A build from source is made for this very processor; another one must not be given it.
        processor = "" if self.backend == "portable" else _cpu_features()
        text = " ".join((*self.flags, platform.machine(), processor, sys.version[:4]))
        return f"{self.backend}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def build_for(backend: str) -> Build:
    """Return how to build ``backend``, one of BACKENDS."""
    return Build(backend, _FLAGS[backend])


def detect() -> str:
    """Return the back end that this machine has the hardware and the tools for."""
    if sys.platform == "darwin":
        return "metal" if _APPLE_PROCESSOR else "cpu"
    if cuda_version() is not None and (shutil.which("nvcc") or wheel_index("cuda")):
        return "cuda"
    has_render_node = any(Path("/dev/dri").glob("renderD*")) if Path("/dev/dri").exists() else False
    if has_render_node and (shutil.which("glslc") or wheel_index("vulkan")):
        return "vulkan"
    return "cpu"


def cuda_version() -> int | None:
    """Return the driver's CUDA version as 124 for 12.4, or None without an NVIDIA driver."""
    if shutil.which("nvidia-smi") is None:
        return None
    answer = subprocess.run(["nvidia-smi"], capture_output=True, text=True, check=False, timeout=20)
    found = re.search(r"CUDA Version:\s*(\d+)\.(\d+)", answer.stdout)
    return int(found[1]) * 10 + int(found[2]) if found else None


def wheel_index(backend: str) -> str | None:
    """Return the address of the prebuilt wheels for ``backend``, or None where nothing answers."""
    folder = backend
    if backend == "cuda":
        served = [version for version in CUDA_WHEELS if version <= (cuda_version() or 0)]
        if not served:
            return None
        folder = f"cu{served[-1]}"
    address = f"{WHEEL_INDEX}/{folder}"
    try:
        with urllib.request.urlopen(
            f"{address}/llama-cpp-python/", timeout=INDEX_PATIENCE_S
        ) as answer:
            return address if answer.status == 200 else None
    except (OSError, ValueError):
        return None


def missing_tool(backend: str) -> str | None:
    """Return what must be installed before ``backend`` can be built from source, or None."""
    # Visual Studio's compiler is on no path: CMake finds it, or says that it is missing.
    if sys.platform != "win32" and not (shutil.which("c++") or shutil.which("clang++")):
        return "a C++ compiler (Debian: apt-get install build-essential)"
    if backend == "cuda" and shutil.which("nvcc") is None:
        return "the CUDA compiler nvcc (Debian: apt-get install nvidia-cuda-toolkit)"
    needs_shaders = "-DGGML_VULKAN=ON" in _FLAGS[backend]
    if needs_shaders and shutil.which("glslc") is None:
        return "the shader compiler glslc (Debian: apt-get install glslc)"
    if backend == "metal" and sys.platform != "darwin":
        return "macOS: Metal exists nowhere else"
    return None


def headers(backend: str) -> Path | None:
    """Return a folder of headers that ``backend`` needs newer than this machine's, or None."""
    if backend in {"vulkan", "portable"} and sys.platform == "linux":
        return vulkan_headers.newer(wheel_cache().parent / "vulkan-headers")
    return None


def wheel_cache() -> Path:
    """Return the folder where built engine wheels are kept, shared by every checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "snug-build" / "wheels"


def _cpu_features() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()
