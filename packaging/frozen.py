"""Where things lie in a frozen program: a folder, or on a Mac a bundle."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def program_in(folder: Path, platform: str = sys.platform) -> Path:
    """Return the program that PyInstaller left in its output folder on this system."""
    return folder / ("Snug.app" if platform == "darwin" else "snug")


def data_folder(program: Path, name: str) -> Path:
    """Return the folder of a frozen program for data that it looks up by name; make it.

    In a bundle, whatever lies among the libraries must be signed code. So data lies among the
    resources there, and a link leads to it.
    """
    bundle = program / "Contents"
    if not bundle.is_dir():
        folder = program / "_internal" / name
        folder.mkdir(exist_ok=True)
        return folder
    folder = bundle / "Resources" / name
    folder.mkdir(parents=True, exist_ok=True)
    link = bundle / "Frameworks" / name
    if not link.is_symlink():
        link.symlink_to(Path("..") / "Resources" / name)
    return folder


def remove_data(program: Path, name: str) -> None:
    """Take such a folder away again, and the link to it."""
    shutil.rmtree(data_folder(program, name))
    link = program / "Contents" / "Frameworks" / name
    if link.is_symlink():
        link.unlink()
