"""The queue of downloads, as the window drives it and hears of it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.controllers.hub_thread import HubAddress
from desktop.engine.tasks import TaskThread
from models.downloads.records import Download, DownloadId, DownloadRequest

if TYPE_CHECKING:
    from models.downloads.pacing import Retry
    from models.downloads.queue import Downloads

UNDER_WAY: Final = ("queued", "running", "checking")
_SPACE_MS: Final = 5000


class DownloadsController(QObject):
    """Hands a person's wishes to the queue and brings its news to the window's thread.

    The queue has threads of its own and outlives the window in its file: it goes on where it was.
    ``changed`` carries every download, ``download_finished`` the path of a model that is whole
    now, ``refused`` the trouble with a wish that can't be met, ``space_changed`` the free bytes of
    the disk that the models lie on, ``noticed`` what became of a queue's file that was damaged.
    """

    changed = Signal(object)
    download_finished = Signal(str)
    refused = Signal(object)
    space_changed = Signal(object)
    noticed = Signal(str)
    _arrived = Signal()

    def __init__(self, folder: Path, address: HubAddress, retry: Retry | None = None) -> None:
        super().__init__()
        self.downloads: tuple[Download, ...] = ()
        self.folder = folder
        self.free_bytes: int | None = None
        self._address = address
        self._named = address.named
        address.watch(self._heed_settings)
        self._retry = retry
        self._tasks = TaskThread("downloads")
        self._queue: Downloads | None = None
        self._news = _News()
        self._told = False
        self._closed = False
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._space = QTimer(self, interval=_SPACE_MS)
        self._space.timeout.connect(self._measure_space)

    @property
    def under_way(self) -> int:
        """Return how many are waiting, transferred or checked."""
        return sum(each.status in UNDER_WAY for each in self.downloads)

    @property
    def offline(self) -> bool:
        """Return whether the person told Snug to leave the network alone."""
        return self._address.offline

    def start(self) -> None:
        """Go on with what was under way when the window was closed."""
        self._tasks.run(self._open_if_any)

    def add(self, request: DownloadRequest) -> None:
        """Fetch a model's files."""
        self._do(lambda queue: queue.add(request))

    def pause(self, number: DownloadId) -> None:
        """Stop the transfer and keep what has come."""
        self._do(lambda queue: queue.pause(number))

    def resume(self, number: DownloadId) -> None:
        """Go on with a paused download, or try a failed one again."""
        self._do(lambda queue: queue.resume(number))

    def go_online(self, number: DownloadId) -> None:
        """Switch offline off, at the person's word, and try again."""
        self._address.go_online()
        self.resume(number)

    def cancel(self, number: DownloadId) -> None:
        """Give it up and throw away what has come."""
        self._do(lambda queue: queue.cancel(number))

    def forget(self, number: DownloadId) -> None:
        """Take a finished one off the list; its files stay."""
        self._do(lambda queue: queue.forget(number))

    def fetch_again(self, download: Download) -> None:
        """Fetch files once more that were whole and have gone since."""
        self.forget(download.id)
        self.add(download.request)

    def find(
        self,
        requests: Iterable[DownloadRequest],
        then: Callable[[Mapping[DownloadRequest, str]], None],
    ) -> None:
        """Look on the disk which requests' files are all there; ``then`` gets the model's path."""
        wanted = tuple(requests)
        self._tasks.run(lambda: _files_there(self.folder, wanted), then)

    def watch_space(self, *, watch: bool) -> None:
        """Measure the free space now and again while somebody looks."""
        if watch:
            self._measure_space()
            self._space.start()
        else:
            self._space.stop()

    def close(self) -> None:
        """End transfers and threads; what has come stays for the next start."""
        self._closed = True
        self._space.stop()
        self._tasks.run(self._close_queue)
        self._tasks.close()

    def _heed_settings(self) -> None:
        """Let a transfer that runs know that Snug went offline, or has another hub."""
        before, self._named = self._named, self._address.named
        if self._named != before and self._queue is not None and not self._closed:
            self._tasks.run(self._queue.access_changed)

    def _do(self, wish: Callable[[Downloads], object]) -> None:
        self._tasks.run(lambda: wish(self._opened()), failed=self.refused.emit)

    def _open_if_any(self) -> None:
        from models.downloads.store import FILE_NAME

        if (self.folder / FILE_NAME).exists():
            self._opened()

    def _opened(self) -> Downloads:
        # On this thread: it reads its file, and what it needs is slow to import.
        from models.downloads.queue import Downloads

        if self._queue is None:
            self._queue = Downloads(
                self.folder, self._address.access, self._on_change, retry=self._retry
            )
        return self._queue

    def _close_queue(self) -> None:
        if self._queue is not None:
            self._queue.close()

    def _on_change(self, downloads: tuple[Download, ...]) -> None:
        """Take news on one of the queue's threads."""
        if self._news.put(downloads):
            self._arrived.emit()

    def _on_arrived(self) -> None:
        if self._closed:
            return
        self.downloads, finished = self._news.take()
        self.changed.emit(self.downloads)
        for path in finished:
            self.download_finished.emit(path)
        if self._queue is not None and self._queue.notice and not self._told:
            self._told = True
            self.noticed.emit(self._queue.notice)

    def _measure_space(self) -> None:
        self._tasks.run(lambda: _free_bytes(self.folder), self._on_measured)

    def _on_measured(self, free: int | None) -> None:
        if free != self.free_bytes:
            self.free_bytes = free
            self.space_changed.emit(free)


class _News:
    """The newest state, put by any thread; one that was not taken yet is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[Download, ...] = ()
        self._unfinished: set[DownloadId] = set()
        self._finished: list[str] = []
        self._waiting = False

    def put(self, state: tuple[Download, ...]) -> bool:
        """Keep a state; return whether somebody must be told to take it."""
        with self._lock:
            self._state = state
            # What was done when it was seen first is no news.
            whole = {each.id: each.path for each in state if each.status == "done"}
            self._finished += [path for each, path in whole.items() if each in self._unfinished]
            self._unfinished = {each.id for each in state} - set(whole)
            first, self._waiting = not self._waiting, True
        return first

    def take(self) -> tuple[tuple[Download, ...], list[str]]:
        """Return the state, and the paths that became whole since the last time."""
        with self._lock:
            self._waiting = False
            finished, self._finished = self._finished, []
            return self._state, finished


def _files_there(folder: Path, requests: tuple[DownloadRequest, ...]) -> dict[DownloadRequest, str]:
    from models.downloads.requests import targets

    found = {}
    for request in requests:
        places = targets(folder, request)
        pairs = zip(places, request.files, strict=True)
        if places and all(_size(place) == file.size_bytes for place, file in pairs):
            found[request] = str(places[0])
    return found


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return -1


def _free_bytes(folder: Path) -> int | None:
    """Return what the folder's disk has free, though the folder may not be there yet."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
