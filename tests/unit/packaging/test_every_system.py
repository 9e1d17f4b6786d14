"""Nothing in the program takes it for granted that it runs on Linux."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.portability import finds

ROOT = Path(__file__).resolve().parents[3]

# What the check can't see the guard of, and where that guard is.
ABSENT = "looked at with an answer for where there is none"
EXPLAINED = {
    ("models/backends.py", "/sys/class/drm"): ABSENT,
    ("models/backends.py", "/usr/share/vulkan/icd.d"): ABSENT,
    ("models/backends.py", "/usr/local/share/vulkan/icd.d"): ABSENT,
    ("models/backends.py", "/etc/vulkan/icd.d"): ABSENT,
    ("models/hardware.py", "/sys/fs/cgroup"): ABSENT,
}

# As on Windows: what it lacks can't be imported and isn't there. The standard library has what it
# needs of it before; then every module of ours is imported.
IMPORT_ALL = dedent(
    """
    import asyncio, concurrent.futures, importlib, multiprocessing.connection, os, pkgutil
    import shutil, signal, socket, subprocess, sys, tempfile
    import apsw, filelock, httpx2, huggingface_hub, keyring, lxml.etree, numpy, psutil
    import platformdirs, PySide6.QtWidgets, PySide6.QtNetwork, PySide6.QtSvg, pypdfium2, send2trash

    for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
        sys.modules[name] = None
    for name in ("fork", "geteuid", "getuid", "sched_getaffinity", "set_blocking", "waitpid"):
        delattr(os, name)
    for name in ("SIGKILL", "SIGALRM", "SIGHUP", "SIGXCPU", "setitimer"):
        delattr(signal, name)

    import desktop, models
    for package in (desktop, models):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    print("imported")
    """
)


def found() -> dict[tuple[str, str], list[int]]:
    """Return what only some systems have, by file and name, with its lines."""
    everything: dict[tuple[str, str], list[int]] = {}
    for room in ("desktop", "models"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for find in finds(path.read_text(encoding="utf-8")):
                key = (path.relative_to(ROOT).as_posix(), find.what)
                everything.setdefault(key, []).append(find.line)
    return everything


def test_no_module_assumes_a_system() -> None:
    unexplained = {key: lines for key, lines in found().items() if key not in EXPLAINED}
    assert not unexplained, "ask for the system first, or explain it in this test"


def test_every_explanation_is_still_of_something() -> None:
    assert set(EXPLAINED) <= set(found())


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_every_function_and_signal_is_there(platform: str) -> None:
    what = ("--platform", platform, "--no-warn-unreachable", "--no-error-summary")
    # A folder of its own: with another platform the checker would begin anew each time.
    where = ("--cache-dir", str(ROOT / ".mypy_cache" / platform), "desktop", "models")
    command = [sys.executable, "-m", "mypy", *what, *where]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_can_be_imported_without_what_windows_lacks() -> None:
    command = [sys.executable, "-P", "-c", IMPORT_ALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "imported\n", done.stderr[-2000:]


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "text = open('/proc/cpuinfo').read()",
        "FOLDER = '/tmp/snug'",
        "def work():\n    run('/bin/sh')",
        "if fast:\n    import resource",
        "subprocess.Popen(command, preexec_fn=limit)",
        "with lock:\n    import resource",
        "match x:\n    case 1:\n        import pwd",
        "try:\n    import pwd\nexcept ValueError:\n    pass",
    ],
)
def test_what_only_some_systems_have_is_found(code: str) -> None:
    assert len(finds(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "if sys.platform == 'linux':\n    import resource",
        "def work():\n    if sys.platform == 'win32':\n        return\n    import resource",
        "try:\n    import pwd\nexcept ImportError:\n    pwd = None",
        "try:\n    text = open('/proc/cpuinfo').read()\nexcept OSError:\n    text = ''",
        "with contextlib.suppress(OSError):\n    text = open('/proc/cpuinfo').read()",
        'def work():\n    """/proc is read."""',
        "name = '/dev/null' if os.name == 'posix' else 'NUL'",
        "address = 'https://example.org/usr/share'",
    ],
)
def test_what_is_asked_for_first_is_let_through(code: str) -> None:
    assert finds(code) == []
