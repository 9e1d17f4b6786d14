"""What every test stands on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Heed Ctrl-C: a shell starts what it runs in the background with that signal ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
