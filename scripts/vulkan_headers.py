"""Vulkan headers new enough for llama.cpp, where the system's are too old."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

NEEDED: Final = 272
"""The patch number of Vulkan 1.3 from which on llama.cpp's shaders compile."""
SYSTEM_HEADERS: Final = Path("/usr/include")
NEWER_RELEASE: Final = "trixie"


def newer(folder: Path) -> Path | None:
    """Return the folder of headers to build with: None where the system's will do.

    Debian 12's are too old; those of Debian 13 are unpacked to ``folder``, not installed.
    """
    if version(SYSTEM_HEADERS) >= NEEDED:
        return None
    headers = folder / "usr" / "include"
    if version(headers) < NEEDED:
        _unpack(folder)
    if version(headers) < NEEDED:
        sys.exit(
            "error: the Vulkan headers are older than 1.3.272\n"
            "Install the Vulkan SDK or newer libvulkan-dev and spirv-headers, then run make again."
        )
    return headers


def version(include: Path) -> int:
    """Return the patch number of the headers below ``include``, 0 where there are none."""
    try:
        text = (include / "vulkan" / "vulkan_core.h").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"#define VK_HEADER_VERSION (\d+)", text)
    minor = re.search(r"VK_MAKE_API_VERSION\(0, 1, (\d+), VK_HEADER_VERSION\)", text)
    if not found or not minor:
        return 0
    return int(found[1]) + 1000 * (int(minor[1]) - 3)


def _unpack(folder: Path) -> None:
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(
        f"deb http://deb.debian.org/debian {NEWER_RELEASE} main\n", encoding="utf-8"
    )
    options = [
        "-o",
        f"Dir::State::Lists={lists}",
        "-o",
        f"Dir::Etc::SourceList={folder}/sources.list",
    ]
    options += ["-o", "Dir::Etc::SourceParts=/dev/null", "-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *options, "-qq", "update"], check=True)
    for package in ("libvulkan-dev", "spirv-headers"):
        subprocess.run(["apt-get", *options, "-qq", "download", package], cwd=folder, check=True)
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
