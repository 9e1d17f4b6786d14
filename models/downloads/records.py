"""A download, as the queue keeps it and as people see it."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.hub.records import RemoteFile
from models.records import Problem

DownloadId = int
Status = Literal["queued", "running", "paused", "checking", "done", "failed"]


class DownloadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch: files of one revision of a repository, into a folder of the models' folder."""

    repo: str
    revision: str
    variant: str
    files: tuple[RemoteFile, ...]

    @property
    def size_bytes(self) -> int:
        """Return the size of all its files."""
        return sum(file.size_bytes for file in self.files)


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """A download and how far it is. Bytes, bytes per second, seconds; None where unknown.

    ``path`` is the model file to open, once the status is ``done``.
    """

    id: DownloadId
    request: DownloadRequest
    status: Status
    done_bytes: int = 0
    speed: float | None = None
    seconds_left: float | None = None
    path: str = ""
    problem: Problem | None = None
    attempt: int = 0
    """How often the transfer was begun again after a cut; ``retry_in_s`` until the next."""
    retry_in_s: float | None = None
