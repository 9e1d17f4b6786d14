"""Print every figure: ``python -m benchmarks [--json] [--only NAME …]``."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import platform
import sys
from collections.abc import Iterator
from typing import Final

import msgspec

from benchmarks.figures import Figure

MODULES: Final = (
    "decode",
    "speculation",
    "batching",
    "cache_and_stop",
    "instant_return",
    "window",
    "great_chat",
    "long_reply",
    "start",
    "loading",
    "downloads",
    "estimate",
    "hostile",
    "retrieval",
    "search",
    "extraction",
    "reading",
    "summary",
    "faults",
    "installed",
)


def main() -> int:
    """Run the chosen benchmarks and print what was measured, reached or not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", nargs="+", choices=MODULES, default=MODULES, metavar="NAME",
                        help=f"run only these: {', '.join(MODULES)}")  # fmt: skip
    arguments = parser.parse_args()
    figures: list[Figure] = []
    for figure in _run(arguments.only):
        figures.append(figure)
        print(figure.line(), file=sys.stderr if arguments.json else sys.stdout, flush=True)
    if arguments.json:
        machine = f"{platform.machine()}, {platform.platform()}, Python {platform.python_version()}"
        today = dt.datetime.now(dt.UTC).date().isoformat()
        report = {"date": today, "machine": machine, "figures": figures}
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    return 0


def _run(names: list[str]) -> Iterator[Figure]:
    for name in names:
        yield from importlib.import_module(f"benchmarks.{name}").measure()


if __name__ == "__main__":
    sys.exit(main())
