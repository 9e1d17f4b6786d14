"""One download while it is fetched: its files one after another, how far it is, what stops it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from models.downloads.disk import check_space
from models.downloads.pacing import Retry, SpeedMeter
from models.downloads.records import Download, Status
from models.downloads.requests import bytes_there, targets
from models.downloads.store import Stored
from models.hub.access import HubAccess
from models.hub.troubles import offline_error


class StoppedError(Exception):
    """The download was paused, cancelled, or left because Snug ends."""


class Run:
    """Fetches one download, and is the Watch of its transfers.

    ``placed`` hears of each file that has its place. Any thread may look at it and stop it.
    """

    def __init__(self, stored: Stored, folder: Path, placed: Callable[[str], None]) -> None:
        self.stored = stored
        self._folder = folder
        self._placed = placed
        self._stopped = threading.Event()
        self._connection: socket.socket | None = None
        self._meter: SpeedMeter | None = None
        self._status: Status = "running"
        self._base = 0
        self._position = bytes_there(folder, stored)
        self._attempt = 0
        self._retry_at: float | None = None

    def fetch(self, access: HubAccess, retry: Retry, reserve_bytes: int) -> None:
        """Have every file in its place when this returns.

        Raises StoppedError, EngineError, or BusyError where another process is at it.
        """
        if access.offline:
            raise offline_error(access)
        request = self.stored.request
        missing = request.size_bytes - bytes_there(self._folder, self.stored)
        check_space(self._folder, missing, reserve_bytes)
        # Half a second, for which only a download should wait.
        from models.downloads.transfer import Transfer  # noqa: PLC0415
        from models.hub.session import HubSession  # noqa: PLC0415

        with HubSession(access) as session:
            for file, target in zip(request.files, targets(self._folder, request), strict=True):
                self._check()
                is_placed = file.path in self.stored.fetched and target.is_file()
                if not is_placed or target.stat().st_size != file.size_bytes:
                    Transfer(session, request, file, target, watch=self, retry=retry).run()
                    self._placed(file.path)
                self._base += file.size_bytes
                self._position = 0

    def stop(self) -> None:
        """End the fetching soon; a read that waits for the network is broken off."""
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            # The plain socket's own method: an encrypted one would lose its state under the reader.
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def shown(self) -> Download:
        """Return the download as it stands."""
        now = time.monotonic()
        size = self.stored.request.size_bytes
        done = min(size, self._base + self._position)
        retry_at = self._retry_at
        is_moving = self._status == "running" and retry_at is None and self._meter is not None
        speed = self._meter.speed(now) if is_moving and self._meter is not None else None
        return Download(
            id=self.stored.id,
            request=self.stored.request,
            status=self._status,
            done_bytes=done,
            speed=speed,
            seconds_left=(size - done) / speed if speed else None,
            attempt=self._attempt,
            retry_in_s=None if retry_at is None else max(0.0, retry_at - now),
        )

    # --- what the transfers call -----------------------------------------------------------------

    def reading_back(self, position: int) -> None:
        """Hear how much of what was there has been hashed."""
        self._status = "checking"
        self._position = position
        self._check()

    def received(self, position: int) -> None:
        """Hear how many bytes of the file are there."""
        now = time.monotonic()
        if self._meter is None:
            self._meter = SpeedMeter(now)
        self._meter.add(max(0, position - self._position), now)
        self._status = "running"
        self._position = position
        self._check()

    def wait(self, seconds: float, attempt: int) -> None:
        """Wait before the given try."""
        self._attempt = attempt
        self._status = "running"
        self._retry_at = time.monotonic() + seconds
        self._stopped.wait(seconds)
        self._retry_at = None
        self._check()

    def connected(self, connection: socket.socket | None) -> None:
        """Hear of the connection that ``stop`` may shut."""
        self._connection = connection
        self._check()

    def _check(self) -> None:
        """Raise StoppedError where the download should not go on."""
        if self._stopped.is_set():
            raise StoppedError


def shown_at_rest(stored: Stored, done_bytes: int, folder: Path) -> Download:
    """Return a download that this process isn't fetching, as people see it."""
    is_done = stored.status == "done"
    first = targets(folder, stored.request)[0]
    return Download(
        id=stored.id,
        request=stored.request,
        status=stored.status,
        done_bytes=stored.request.size_bytes if is_done else done_bytes,
        path=str(first) if is_done else "",
        problem=stored.problem,
    )
