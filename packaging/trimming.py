"""Takes out of a frozen folder what the program never uses, and whatever is in it twice."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

UNUSED: Final = (
    # Styles and platforms of other toolkits, screens without a window system, and what they need.
    "PySide6/Qt/plugins/platformthemes",
    "PySide6/Qt/plugins/platforms/libqeglfs.so",
    "PySide6/Qt/plugins/platforms/libqlinuxfb.so",
    "PySide6/Qt/plugins/platforms/libqminimal*.so",
    "PySide6/Qt/plugins/platforms/libqvkkhrdisplay.so",
    "PySide6/Qt/plugins/platforms/libqvnc.so",
    "PySide6/Qt/plugins/egldeviceintegrations",
    "PySide6/Qt/plugins/generic",
    "PySide6/Qt/plugins/imageformats",
    "PySide6/Qt/plugins/networkinformation",
    "PySide6/Qt/plugins/tls",
    "PySide6/Qt/plugins/sqldrivers",
    # Screens of cars and kiosks.
    *(
        f"PySide6/Qt/plugins/wayland-{name}"
        for name in (
            "shell-integration/libfullscreen-shell-v1.so",
            "shell-integration/libivi-shell.so",
            "graphics-integration-client/libvulkan-server.so",
        )
    ),
    "PySide6/Qt/lib/libQt6EglFSDeviceIntegration.so*",
    "PySide6/Qt/lib/libQt6Pdf.so*",
    "PySide6/Qt/lib/libQt6Qml*.so*",
    "PySide6/Qt/lib/libQt6Quick*.so*",
    "PySide6/Qt/lib/libQt6VirtualKeyboard*.so*",
    # llama.cpp's own command-line helpers.
    "llama_cpp/lib/libllama-common.so*",
    "llama_cpp/lib/libmtmd.so*",
)

SYSTEM: Final = (
    # Drivers, and what every desktop has (the package's Depends name them): better kept up to date
    # by the system than carried along.
    *("libvulkan", "libGL", "libGLX", "libOpenGL", "libEGL", "libfontconfig", "libfreetype"),
    *("libdbus-1", "libglib-2.0", "libgio-2.0", "libgobject-2.0", "libgthread-2.0"),
    *("libX11", "libX11-xcb", "libxcb", "libxkbcommon", "libxkbcommon-x11", "libgssapi_krb5"),
    # Of another licence than the rest; the terminal does without it where the system has none.
    "libreadline",
    *("libz", "libexpat", "libwayland-client", "libwayland-cursor", "libwayland-egl"),
)
_NEEDED: Final = re.compile(r"\(NEEDED\).*\[(.+)\]")


def trim(folder: Path) -> None:
    """Trim a folder that PyInstaller made, in place."""
    inside = folder / "_internal"
    for pattern in UNUSED:
        for path in inside.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in inside.glob("*.so*"):
        if path.name.split(".so")[0] in SYSTEM:
            path.unlink()
    _drop_languages(inside)
    _drop_broken_links(inside)
    _drop_unneeded(folder)
    _join_copies(inside)
    _drop_records(inside)
    for library in inside.rglob("*.so*"):
        # Those in *.libs were rewritten when their wheel was made, and break when stripped.
        if not library.is_symlink() and not library.parent.name.endswith(".libs"):
            subprocess.run(["strip", "--strip-unneeded", str(library)], check=True)
            _forget_folder(library)


def _drop_languages(inside: Path) -> None:
    """Keep Qt's own words in the languages that the window speaks."""
    spoken = {file.stem for file in (inside / "resources" / "translations").glob("*.mo")}
    kept = {f"qtbase_{code}.qm" for code in spoken}
    for path in (inside / "PySide6" / "Qt" / "translations").glob("*"):
        if path.name not in kept:
            path.unlink()


def _drop_unneeded(folder: Path) -> None:
    """Drop the libraries that nothing of what is left was linked with."""
    inside = folder / "_internal"
    shared = {*inside.glob("lib*.so*"), *(inside / "PySide6" / "Qt" / "lib").glob("lib*.so*")}
    # A library and a link to it have one name.
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in shared:
        by_name[path.name].append(path)
    waiting = [folder / "snug", *(path for path in inside.rglob("*.so*") if path not in shared)]
    needed: set[str] = set()
    while waiting:
        for name in _needs(waiting.pop()):
            if name in by_name and name not in needed:
                needed.add(name)
                waiting.extend(by_name[name])
    for name, paths in by_name.items():
        if name not in needed and not name.startswith("libpython"):
            for path in paths:
                path.unlink()


def _needs(library: Path) -> list[str]:
    shown = subprocess.run(
        ["readelf", "--dynamic", str(library)], capture_output=True, text=True, check=False
    )
    return _NEEDED.findall(shown.stdout)


def _drop_records(folder: Path) -> None:
    """Drop what an installation notes of itself, which tells of the machine that built."""
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
        for path in folder.glob(f"*.dist-info/{name}"):
            path.unlink()


def _forget_folder(library: Path) -> None:
    """Take out the folder of this machine that an interpreter's libraries are searched in."""
    shown = subprocess.run(
        ["chrpath", "--list", str(library)], capture_output=True, text=True, check=False
    )
    path = shown.stdout.strip().partition("PATH=")[2]
    if path and "$ORIGIN" not in path:
        subprocess.run(["chrpath", "--delete", str(library)], check=True, stdout=subprocess.DEVNULL)


def _drop_broken_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()


def _join_copies(folder: Path) -> None:
    """Leave one of several libraries with the same contents; the others become links to it."""
    same: dict[tuple[int, str], list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*.so*")):
        if path.is_file() and not path.is_symlink():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            same[path.stat().st_size, digest].append(path)
    for first, *others in same.values():
        for other in others:
            other.unlink()
            other.symlink_to(os.path.relpath(first, other.parent))
