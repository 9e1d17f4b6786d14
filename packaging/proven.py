"""Tells whether the installers must be proven again, by a hash of all that they are made from.

``make test-installers`` writes the hash into ``packaging/proven`` when every test has passed, and
that file is committed with the change that it proves. ``.ci/run`` compares.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FILE: Final = "packaging/proven"

MADE_OF: Final = ("packaging", "scripts")
"""The folders that the installers are made from."""
BUILT: Final = "build/installers/made-of"
"""Where a whole build writes the hash of those."""

_FOLDERS: Final = (*MADE_OF, "tests/packaging")
_LEFT_OUT: Final = {"__pycache__", ".mypy_cache"}
_PROJECT: Final = ("version", "requires-python", "dependencies", "scripts")


def fingerprint(root: Path = ROOT, folders: Sequence[str] = _FOLDERS) -> str:
    """Return the hash of the packaging, of what sets it up, of its tests, and of what is packed."""
    digest = hashlib.sha256()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = {key: project.get(key) for key in _PROJECT}
    told["installer"] = project["optional-dependencies"]["installer"]
    digest.update(json.dumps(told, sort_keys=True).encode())
    for path in sorted(_files(root, folders)):
        # With the length, so that nothing can move from one file to the next unseen.
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_proven(root: Path = ROOT) -> bool:
    """Return whether the installers of this very state have passed their tests."""
    return _noted(root / FILE) == fingerprint(root)


def is_built(root: Path = ROOT) -> bool:
    """Return whether the installers in ``dist/`` were made from this very state."""
    return _noted(root / BUILT) == fingerprint(root, MADE_OF)


def note(path: Path, digest: str) -> None:
    """Write a hash into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{digest}\n", encoding="ascii")


def _noted(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _files(root: Path, folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for path in (root / folder).rglob("*"):
            parts = path.relative_to(root).parts
            if path.is_file() and path != root / FILE and not _LEFT_OUT.intersection(parts):
                yield path


def main() -> None:
    """End with 0 where nothing has changed since the installers passed, and with 1 where it has."""
    if is_proven():
        print("The installers are as they were when they passed: they are not tested again.")
    else:
        sys.exit("The packaging or the dependencies have changed: the installers must be tested.")


if __name__ == "__main__":
    main()
