"""``snug doctor``: what Snug runs on, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import psutil

from desktop.cli.arguments import Parser, add_common_flags
from desktop.cli.session import EngineSession
from desktop.cli.terminal import print_json, report_trouble, trouble_of
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.requests import to_load_options
from desktop.settings.store import SettingsStore
from desktop.storage.database import check
from desktop.version import snug_version
from models.amounts import size_in_words
from models.backends import graphics_cards, library_backends, why_no_gpu
from models.library.embedded import embedded_model
from models.machine_judge import MachineJudge
from models.probe.client import Probe
from models.problems import EngineError
from models.records import Device

PACKAGES: Final = ("PySide6-Essentials", "llama-cpp-python", "apsw", "msgspec", "jinja2")
FEATURES: Final = re.compile(
    r"(sse3|ssse3|sse4_1|sse4_2|avx\w*|f16c|fma|bmi2|amx\w*|asimd\w*|neon|sve\w*|i8mm|bf16|sme2?)$",
    re.IGNORECASE,
)
"""The features of a CPU that llama.cpp has code for."""


def run(argv: Sequence[str]) -> int:
    """Report on this machine; 0 when everything that Snug needs works."""
    parser = Parser("snug doctor", "Show what Snug runs on, and whether all of it works.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_common_flags(parser)
    arguments = parser.parse_args(argv)
    examination = Examination(Paths(getattr(arguments, "basedir", None)))
    findings = examination.findings()
    if arguments.json:
        print_json(findings)
    else:
        _print(findings)
    for trouble in examination.troubles:
        report_trouble(trouble)
    return 1 if examination.troubles else 0


@dataclass
class Examination:
    """Looks at each part; what fails is kept in ``troubles`` and stops none of the others."""

    paths: Paths
    troubles: list[UserError] = field(default_factory=list)

    def findings(self) -> dict[str, object]:
        """Return all that was found, as plain JSON data. Memory and disk are in bytes."""
        self._try(self.paths.create)
        versions = self._try(self._engine) or {}
        devices = self._try(self._devices) or []
        return {
            "versions": _versions() | versions,
            "platform": platform.platform(),
            "cpu": _cpu(),
            "devices": devices,
            "gpu": _gpu(devices),
            "memory": _memory(),
            "disk": self._try(self._disk) or {},
            "paths": _paths(self.paths),
            "model": self._try(self._model) or {},
            "database": self._try(self._database) or {},
            "settings": self._try(self._settings) or {},
            "troubles": [{"title": t.title, "hint": t.hint} for t in self.troubles],
        }

    def _try(self, look: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the look returns
        try:
            return look()
        except EngineError as error:
            self.troubles.append(trouble_of(error))
        except UserError as error:
            self.troubles.append(error)
        return None

    def _engine(self) -> dict[str, str]:
        with EngineSession(self.paths) as session:
            session.devices()
            versions = session.versions
        if versions is None:
            return {}
        return {"llama.cpp": versions.llama_cpp, "llama.cpp built for": versions.cpu_variant}

    def _devices(self) -> list[dict[str, Any]]:
        """List the devices, asked of a process that may die of a driver."""
        probe = Probe()
        try:
            return [msgspec.to_builtins(device) for device in probe.devices()]
        finally:
            probe.close()

    def _disk(self) -> dict[str, int]:
        usage = shutil.disk_usage(self.paths.data_dir)
        return {"free": usage.free, "total": usage.total}

    def _model(self) -> dict[str, object]:
        try:
            path = embedded_model()
        except EngineError as error:
            # One form of the installers has none, and that is no trouble.
            return {"state": f"none: {error.problem.title}"}
        app, _ = SettingsStore(self.paths.settings_file).load()
        judge = MachineJudge(Probe(), self.paths.bandwidth_file)
        try:
            judged = judge.judge(to_load_options(app.generation, app, str(path)))
        finally:
            judge.close()
        return {"path": str(path), "size": path.stat().st_size, "judgement": judged.reason}

    def _database(self) -> dict[str, object]:
        path = self.paths.database
        if not path.exists():
            return {"state": "none yet"}
        state = check(path)
        if state != "ok":
            self.troubles.append(
                UserError(
                    f"The database of your chats is damaged: {state}",
                    "Start Snug: it keeps the damaged file aside and opens a fresh one.",
                )
            )
        return {"state": state, "size": path.stat().st_size}

    def _settings(self) -> dict[str, object]:
        _, notice = SettingsStore(self.paths.settings_file).load()
        return {"state": notice or "ok"}


def _versions() -> dict[str, str]:
    found = {"snug": snug_version(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found | {"sqlite": apsw.sqlite_lib_version()}


def _gpu(devices: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return the library's back ends, and why no GPU is used, with what would mend it."""
    known = msgspec.convert(list(devices), list[Device])
    problem = why_no_gpu(known)
    found: dict[str, object] = {
        "back ends": list(library_backends()),
        "graphics cards": list(graphics_cards()),
    }
    if problem is None:
        usable = [device.name for device in known if device.kind in {"gpu", "igpu"}]
        return found | {"state": f"layers can go to {', '.join(usable)}"}
    return found | {"state": problem.title, "remedy": problem.hint}


def _memory() -> dict[str, int]:
    memory = psutil.virtual_memory()
    return {"available": memory.available, "total": memory.total}


def _paths(paths: Paths) -> dict[str, str]:
    return {
        "data": str(paths.data_dir),
        "config": str(paths.config_dir),
        "cache": str(paths.cache_dir),
        "log": str(paths.log_dir),
        "database": str(paths.database),
        "settings": str(paths.settings_file),
    }


def _cpu() -> dict[str, object]:
    return {
        "name": _cpu_info("model name", "machdep.cpu.brand_string") or platform.processor(),
        "cores": psutil.cpu_count(logical=False) or 0,
        "threads": os.cpu_count() or 0,
        "features": [word for word in _cpu_words() if FEATURES.match(word)],
    }


def _cpu_words() -> list[str]:
    if sys.platform == "darwin":
        lines = _sysctl("hw.optional").splitlines()
        names = (line.partition(": ") for line in lines if line.endswith(": 1"))
        return [name.rpartition("_")[2].rpartition(".")[2].lower() for name, _, _ in names]
    return (_cpu_info("flags", "") or _cpu_info("Features", "")).split()


def _cpu_info(linux_key: str, darwin_key: str) -> str:
    """Return what the system says of its first CPU; empty where it doesn't."""
    if sys.platform == "darwin":
        return _sysctl("-n", darwin_key).strip()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == linux_key:
            return value.strip()
    return ""


def _sysctl(*arguments: str) -> str:
    try:
        return subprocess.run(
            ["sysctl", *arguments], capture_output=True, text=True, check=False, timeout=5
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _print(findings: Mapping[str, object]) -> None:
    for name, value in findings.items():
        if name != "troubles":
            print(name)
            for line in _lines(value):
                print(f"  {line}")


def _lines(value: object) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {_shown(key, item)}" for key, item in value.items()]
    if isinstance(value, list):
        return [_device(device) for device in value]
    return [str(value)]


def _device(device: Mapping[str, Any]) -> str:
    free, total = device["memory_free"], device["memory_total"]
    # Of the machine's own memory the library tells the size alone; it has a section of its own.
    known = total and device["kind"] != "cpu"
    memory = f", {size_in_words(free)} of {size_in_words(total)} free" if known else ""
    return f"{device['name']}: {device['description']} ({device['kind']}{memory})"


def _shown(key: str, value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none found"
    if isinstance(value, int) and key in {"available", "free", "size", "total"}:
        return f"{value / 2**30:.1f} GiB" if value >= 2**30 else f"{value / 2**20:.1f} MiB"
    return str(value)
