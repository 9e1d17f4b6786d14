"""What a job of another process has answered so far, read from its database."""

from __future__ import annotations

import time
from pathlib import Path

import apsw

_PATIENCE_S = 110


def wait_for_answers(database: Path, wanted: int) -> int:
    """Return how many calls are answered, once there are as many as wanted."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
            count = int(connection.execute("select count(*) from job_answers").get)
        except apsw.Error:
            # It has not been made yet, or its first process is at it.
            count = 0
        if count >= wanted:
            return count
        time.sleep(0.05)
    raise AssertionError("no answers")
