"""Makes the two installers for Windows of what ``packaging/build.py --no-packages`` left.

Inno Setup's compiler must be on the path, or named by ``ISCC``. Where ``SNUG_SIGN`` holds a command
that signs the file put in the place of ``$f``, such as ``signtool sign /fd sha256 … $f``, programs
and installers are signed with it; without, Windows says that it doesn't know who made them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "packaging"))

from add_model import add_model, remove_model  # noqa: E402 - the folder must be known first
from version import version  # noqa: E402

PROGRAM: Final = ROOT / "build" / "installers" / "dist" / "snug"
PROGRAMS: Final = ("snug.exe", "snugw.exe")


def main() -> None:
    """Sign the programs, and wrap them with the embedded model and without it."""
    signing = os.environ.get("SNUG_SIGN", "")
    for name in PROGRAMS:
        sign(PROGRAM / name, signing)
    add_model(PROGRAM)
    subprocess.run(order("snug", signing), check=True)
    remove_model(PROGRAM)
    subprocess.run(order("snug-lite", signing), check=True)


def sign(program: Path, signing: str) -> None:
    """Sign one program, where there is a command for it."""
    if signing:
        subprocess.run(signing.replace("$f", f'"{program}"'), check=True, shell=True)


def order(name: str, signing: str) -> list[str]:
    """Return the command that makes the installer of this name in ``dist``."""
    return [compiler(), *_options(name, signing), str(ROOT / "packaging" / "windows" / "snug.iss")]


def _options(name: str, signing: str) -> Iterator[str]:
    yield from ("/Qp", f"/DVersion={version()}", f"/DName={name}")
    if signing:
        # The compiler puts the file in quotes by itself.
        yield from (f"/Ssnug={signing}", "/DSign=snug")


def compiler() -> str:
    """Return Inno Setup's compiler; end with what to do where there is none."""
    found = os.environ.get("ISCC") or shutil.which("iscc")
    if found is None:
        sys.exit(
            "error: Inno Setup's compiler was not found\n"
            "Install Inno Setup 6 (choco install innosetup), or name iscc.exe in ISCC."
        )
    return found


if __name__ == "__main__":
    main()
