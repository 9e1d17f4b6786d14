"""Prints the one version number, or checks a tag against it."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version() -> str:
    """Return the version in pyproject.toml: the only place that has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def main() -> None:
    """Print the version; with ``--tag`` end with an error where the tag names another one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="a tag such as v1.2.3")
    tag = parser.parse_args().tag
    if tag is not None and tag != f"v{version()}":
        sys.exit(f"error: the tag {tag} is not v{version()}\nChange pyproject.toml, or the tag.")
    print(version())


if __name__ == "__main__":
    main()
