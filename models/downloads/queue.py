"""The queue of downloads: one transfer at a time, in a thread of its own.

```
            worker takes it                        all files in place
 queued ───────────────────▶ running ⇄ checking ───────────────────▶ done ── forget ─▶ (gone)
   ▲  ▲                        │   │ │
   │  └── close, lost process ─┘   │ └── trouble ──▶ failed
   │                         pause ▼                   │
   └────────── resume ──────── paused      resume ─────┘       cancel: gone, and its parts with it
```

A status that another process sets in the queue's file counts just as much: whoever runs the
download looks at the file every second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from models.downloads.disk import RESERVE_BYTES, trouble_of
from models.downloads.pacing import Retry
from models.downloads.part import BusyError
from models.downloads.records import Download, DownloadId, DownloadRequest, Status
from models.downloads.requests import bytes_there, check_request, sweep
from models.downloads.run import Run, StoppedError, shown_at_rest
from models.downloads.store import QueueStore, Stored
from models.hub.access import HubAccess
from models.problems import EngineError
from models.records import Problem
from models.wording import tr

POLL_S: Final = 1.0
"""How often the queue's file is looked at for what another process did."""
BEAT_S: Final = 0.2
"""How often progress is told, also while nothing comes: the speed falls then."""
BUSY_S: Final = 3.0
"""A download that another process is at is looked at again after so long."""
CLOSE_PATIENCE_S: Final = 3.0


class Downloads:
    """Downloads into a folder, on a thread of its own; what is queued outlives the process.

    ``access`` is asked at the start of each download, and may block. ``on_change`` hears of every
    change, on whatever thread made it. ``others`` says whether downloads are fetched too that
    another process, or an earlier one, has put in the queue. The methods that change something
    write the queue's file: call them where a disk may be waited for. They raise EngineError.
    """

    def __init__(
        self,
        folder: Path,
        access: Callable[[], HubAccess],
        on_change: Callable[[tuple[Download, ...]], None],
        *,
        others: bool = True,
        retry: Retry | None = None,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self._folder = folder
        self._access = access
        self._on_change = on_change
        self._others = others
        self._retry = retry or Retry()
        self._reserve_bytes = reserve_bytes
        self._store = QueueStore(folder)
        self._storing = threading.RLock()
        self._telling = threading.RLock()
        self._wake = threading.Condition()
        self._stored: tuple[Stored, ...] = ()
        self._there: dict[DownloadId, int] = {}
        self._mine: set[DownloadId] = set()
        self._busy_until: dict[DownloadId, float] = {}
        self._run: Run | None = None
        self._poked = self._closed = self._is_silent = False
        self._thread = threading.Thread(target=self._work, name="downloads", daemon=True)
        self._thread.start()

    @property
    def notice(self) -> str:
        """What became of a queue's file that could not be read; empty where all was well."""
        return self._store.notice

    def add(self, request: DownloadRequest) -> DownloadId:
        """Put a request in the queue; one that is there already and not done goes on.

        An older revision of the same files that isn't running makes way; what its parts have in
        common with the new one is kept.
        """
        check_request(request)
        with self._storing:
            added, replaced = self._store.add(request)
        for stored in replaced:
            sweep(self._folder, stored, keep=request)
        self._mine.add(added.id)
        self._look_again()
        return added.id

    def pause(self, download: DownloadId) -> None:
        """Stop fetching for now; the parts stay."""
        self._update(download, {"queued", "running"}, status="paused")
        self._stop(download)
        self._look_again()

    def resume(self, download: DownloadId) -> None:
        """Go on with a download that was paused or has failed."""
        self._mine.add(download)
        self._update(download, {"paused", "failed"}, status="queued", problem=None)
        self._look_again()

    def cancel(self, download: DownloadId) -> None:
        """Take a download off the queue, and what was fetched of it off the disk."""
        stored = self._remove(download)
        if not self._stop(download) and stored is not None and stored.status != "done":
            sweep(self._folder, stored)
        self._look_again()

    def forget(self, download: DownloadId) -> None:
        """Take a download off the list. A finished one keeps its files, any other is cancelled."""
        self.cancel(download)

    def access_changed(self) -> None:
        """Begin what runs anew with the access as it is now, such as none since Snug is offline."""
        run = self._run
        if run is not None:
            run.stop()
        self._look_again()

    def snapshot(self) -> tuple[Download, ...]:
        """Return every download as it stands, in the order of the queue. Never waits."""
        run = self._run
        return tuple(self._shown(stored, run) for stored in self._stored)

    def _shown(self, stored: Stored, run: Run | None) -> Download:
        if run is None or run.stored.id != stored.id:
            return shown_at_rest(stored, self._there.get(stored.id, 0), self._folder)
        live = run.shown()
        if stored.status == "running":
            return live
        return shown_at_rest(stored, live.done_bytes, self._folder)

    def close(self) -> None:
        """Stop fetching; the next process goes on with it. Nothing is told any more afterwards."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        run = self._run
        if run is not None:
            run.stop()
        self._thread.join(CLOSE_PATIENCE_S)
        with self._telling:
            self._is_silent = True

    # --- the queue's file ------------------------------------------------------------------------

    def _update(
        self,
        download: DownloadId,
        when: set[Status],
        **changes: Any,  # noqa: ANN401 - fields of Stored
    ) -> None:
        """Change a download that has one of these statuses."""

        def mutate(downloads: tuple[Stored, ...]) -> tuple[Stored, ...]:
            return tuple(
                msgspec.structs.replace(stored, **changes)
                if stored.id == download and stored.status in when
                else stored
                for stored in downloads
            )

        insist = threading.current_thread() is not self._thread
        with self._storing:
            self._stored = self._store.change(mutate, insist=insist)

    def _remove(self, download: DownloadId) -> Stored | None:
        removed: list[Stored] = []

        def mutate(downloads: tuple[Stored, ...]) -> tuple[Stored, ...]:
            removed.extend(stored for stored in downloads if stored.id == download)
            return tuple(stored for stored in downloads if stored.id != download)

        with self._storing:
            self._stored = self._store.change(mutate)
        return removed[0] if removed else None

    def _refresh(self) -> bool:
        """Read what the file says now; return whether that is news."""
        with self._storing:
            before, self._stored = self._stored, self._store.read()
            now = self._stored
        there = {
            stored.id: bytes_there(self._folder, stored)
            for stored in now
            if stored.status != "done"
        }
        is_news = now != before or there != self._there
        self._there = there
        return is_news

    def _find(self, download: DownloadId) -> Stored | None:
        with self._storing:
            found = self._store.read()
        return next((stored for stored in found if stored.id == download), None)

    # --- the worker ------------------------------------------------------------------------------

    def _look_again(self) -> None:
        with self._storing:
            self._stored = self._store.read()
        self._tell()
        with self._wake:
            self._poked = True
            self._wake.notify_all()

    def _stop(self, download: DownloadId) -> bool:
        """Stop the run of a download; return whether this process has one."""
        run = self._run
        if run is None or run.stored.id != download:
            return False
        run.stop()
        return True

    def _work(self) -> None:
        while not self._closed:
            if self._refresh():
                self._tell()
            stored = self._next()
            if stored is not None:
                self._fetch(stored)
                continue
            with self._wake:
                if not self._poked and not self._closed:
                    self._wake.wait(POLL_S)
                self._poked = False

    def _next(self) -> Stored | None:
        """Return the first download to fetch; one that runs may be that of a process that died."""
        now = time.monotonic()
        for stored in self._stored:
            is_ours = self._others or stored.id in self._mine
            is_free = self._busy_until.get(stored.id, 0.0) <= now
            if stored.status in {"queued", "running"} and is_ours and is_free:
                return stored
        return None

    def _fetch(self, stored: Stored) -> None:
        download = stored.id
        run = Run(stored, self._folder, placed=lambda path: self._note_placed(run, path))
        ended = threading.Event()
        threading.Thread(target=self._follow, args=(run, ended), daemon=True).start()
        self._run = run
        if self._closed:
            run.stop()
        self._update(download, {"queued"}, status="running")
        try:
            if self._is_wanted(download):
                self._tell()
                run.fetch(self._access(), self._retry, self._reserve_bytes)
                self._update(download, {"running"}, status="done")
        except StoppedError:
            self._update(download, {"running"} if self._closed else set(), status="queued")
        except BusyError:
            self._busy_until[download] = time.monotonic() + BUSY_S
        except EngineError as error:
            self._update(download, {"running"}, status="failed", problem=error.problem)
        except OSError as error:
            trouble = trouble_of(error, self._folder / stored.request.repo)
            self._update(download, {"running"}, status="failed", problem=trouble.problem)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the queue
            self._update(download, {"running"}, status="failed", problem=_mistake(error))
        finally:
            ended.set()
            self._there = self._there | {download: bytes_there(self._folder, run.stored)}
            # From here on a cancel sweeps by itself; one that came before is seen below.
            self._run = None
            if self._find(download) is None:
                sweep(self._folder, run.stored)
            self._refresh()
            self._tell()

    def _follow(self, run: Run, ended: threading.Event) -> None:
        """Tell of a run's progress, and stop it where another process has taken it back."""
        polled = time.monotonic()
        while not ended.wait(BEAT_S):
            now = time.monotonic()
            if now - polled >= POLL_S:
                polled = now
                if not self._is_wanted(run.stored.id):
                    run.stop()
            self._tell()

    def _is_wanted(self, download: DownloadId) -> bool:
        found = self._find(download)
        return found is not None and found.status == "running"

    def _note_placed(self, run: Run, path: str) -> None:
        run.stored = msgspec.structs.replace(run.stored, fetched=(*run.stored.fetched, path))
        self._update(run.stored.id, {"running", "paused", "queued"}, fetched=run.stored.fetched)

    def _tell(self) -> None:
        with self._telling:
            if not self._is_silent:
                self._on_change(self.snapshot())


def _mistake(error: Exception) -> Problem:
    return Problem(
        code="internal",
        title=tr("The download ended by a mistake in Snug."),
        hint=tr("Try again. If it stays so, report it with the detail below."),
        detail=f"{type(error).__name__}: {error}"[:2000],
    )
