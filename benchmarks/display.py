"""A screen for benchmarks that show the real window."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """Give an environment with a display: the one at hand, a virtual one, or no screen at all."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield dict(os.environ)
    elif shutil.which("Xvfb") is None:
        yield os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    else:
        with virtual_screen() as environment:
            yield environment


@contextmanager
def virtual_screen() -> Iterator[dict[str, str]]:
    """Give an environment with a display that nobody sees. Raises FileNotFoundError: no Xvfb."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as number:
        display = number.readline().strip()
    try:
        yield os.environ | {"DISPLAY": f":{display}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()
