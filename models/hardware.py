"""What this machine has: memory, llama.cpp's devices, and how fast memory is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from models.bandwidth import Bandwidth
from models.estimate.records import Machine
from models.records import Device

__all__ = ["Bandwidth", "measure_machine", "memory_limits"]

_CGROUP: Final = Path("/sys/fs/cgroup")
_UNLIMITED: Final = 1 << 60


def measure_machine(devices: Sequence[Device], bandwidth: Bandwidth | None = None) -> Machine:
    """Return what the machine has right now; ``devices`` are those that the probe found."""
    total, available = memory_limits()
    return Machine(
        memory_total=total,
        memory_available=available,
        devices=tuple(devices),
        bandwidth=bandwidth.all() if bandwidth else {},
    )


def memory_limits(cgroup: Path = _CGROUP) -> tuple[int, int]:
    """Return the machine's memory and what is free of it, in bytes.

    Where a control group limits this process, as in a container, its limit counts.
    """
    memory = psutil.virtual_memory()
    total, available = int(memory.total), int(memory.available)
    for limit, used in _limits(cgroup):
        total, available = min(total, limit), min(available, max(0, limit - used))
    return total, available


def _limits(cgroup: Path) -> list[tuple[int, int]]:
    """Return limit and use of the process's control groups, of both versions, innermost first."""
    found: list[tuple[int, int]] = []
    for folder in _groups(cgroup):
        for limit_name, used_name in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = _number(folder / limit_name), _number(folder / used_name)
            if limit is not None and used is not None and 0 < limit < _UNLIMITED:
                found.append((limit, max(0, used - _reclaimable(folder))))
    return found


def _groups(cgroup: Path) -> list[Path]:
    """Return the folders of the process's own group and of those around it."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    folders = [cgroup, cgroup / "memory"]
    for line in lines:
        _id, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        folder = (cgroup / "memory" if controllers else cgroup) / path.lstrip("/")
        folders += [parent for parent in (folder, *folder.parents) if cgroup in parent.parents]
    return list(dict.fromkeys(folders))


def _reclaimable(folder: Path) -> int:
    """Return the bytes of files that the group has cached, and would give back."""
    try:
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    values = dict(line.split(" ", 1) for line in lines if " " in line)
    text = values.get("inactive_file", "0")
    return int(text) if text.isdigit() else 0


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None
