"""The models on this machine: looked for on a thread, kept in step with the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal

from desktop.controllers.settings import SettingsController
from desktop.engine.tasks import Failure, TaskThread
from models.library.entry import LibraryEntry, ModelDetail
from models.records import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

_TELL_EVERY_S: Final = 0.1
Entries = tuple[LibraryEntry, ...]
_Scanned = tuple[Entries, tuple[Problem, ...]]


class LibraryController(QObject):
    """Holds ``entries``: those of the last scan at once, then what a new scan finds.

    ``entries_changed`` carries all of them whenever some came, changed or went; while a scan runs
    for the first time it fires as they arrive. ``removed`` carries an entry that went to the trash
    and the bytes that this frees.
    """

    entries_changed = Signal(object)
    scanning_changed = Signal(bool)
    removed = Signal(object, int)
    failed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, models_dir: Path, cache_file: Path, settings: SettingsController) -> None:
        super().__init__()
        self.entries: Entries = ()
        self.scanning = False
        self.troubles: tuple[Problem, ...] = ()
        """Folders that the last scan couldn't read."""
        self._models_dir = models_dir
        self._cache_file = cache_file
        self._settings = settings
        self._added = settings.app.model_folders
        self._again = False
        self._read_cache = False
        self._stop = threading.Event()
        # A long scan must not hold up what somebody has pressed.
        self._scans = TaskThread("library scan")
        self._tasks = TaskThread("library")
        self._tasks.failed.connect(self.failed)
        self._scans.failed.connect(self._on_scan_failed)
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        settings.app_changed.connect(lambda _app: self._on_settings())

    def scan(self) -> None:
        """Look for models; one more time at the end where a scan is on its way."""
        if self.scanning:
            self._again = True
            return
        self._set_scanning(scanning=True)
        added = self._added_folders()
        known = {entry.path: entry for entry in self.entries}
        self._scans.run(lambda: self._scan(added, known), self._on_scanned)

    def entry(self, path: str) -> LibraryEntry | None:
        """Return the entry of a model's path, None where there is none."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def detail(
        self, entry: LibraryEntry, then: Callable[[ModelDetail], None], failed: Failure
    ) -> None:
        """Read what a model's page shows."""
        self._tasks.run(lambda: _detail(entry), then, failed)

    def remove(self, entry: LibraryEntry) -> None:
        """Move a model's files to the trash."""
        snug, added = self._models_dir, self._added_folders()
        self._tasks.run(
            lambda: _remove(entry, snug, added), lambda freed: self._on_removed(entry, freed)
        )

    def add_folder(self, folder: str) -> None:
        """Look for models in one more folder."""
        if folder not in self._settings.app.model_folders:
            folders = (*self._settings.app.model_folders, folder)
            self._settings.set_app_value("model_folders", folders)

    def remove_folder(self, folder: str) -> None:
        """Look no longer in a folder that was added; its files stay."""
        folders = tuple(each for each in self._settings.app.model_folders if each != folder)
        self._settings.set_app_value("model_folders", folders)

    def close(self) -> None:
        """End the threads; a scan stops at its next entry."""
        self._stop.set()
        self._scans.close()
        self._tasks.close()

    def _added_folders(self) -> tuple[Path, ...]:
        return tuple(Path(folder) for folder in self._settings.app.model_folders)

    # --- on the scanning thread ------------------------------------------------------------------

    def _scan(self, added: tuple[Path, ...], known: Mapping[str, LibraryEntry]) -> _Scanned | None:
        # Not at the window's start.
        from models.library.cache import load_entries, save_entries
        from models.library.scan import Folders, scan

        if not self._read_cache:
            self._read_cache = True
            known = load_entries(self._cache_file) | dict(known)
            self._arrived.emit(tuple(known.values()))
        troubles: list[Problem] = []
        found: dict[str, LibraryEntry] = {}
        folders = Folders(snug=self._models_dir, added=added)
        for entries in _batches(scan(folders, known, troubles.append)):
            if self._stop.is_set():
                return None
            found |= {entry.path: entry for entry in entries}
            self._arrived.emit(entries)
        if found != known:
            save_entries(self._cache_file, found.values())
        return tuple(found.values()), tuple(troubles)

    # --- what comes back -------------------------------------------------------------------------

    def _on_arrived(self, entries: Entries) -> None:
        if self.scanning:
            merged = {entry.path: entry for entry in self.entries}
            merged |= {entry.path: entry for entry in entries}
            self._set_entries(tuple(merged.values()))

    def _on_scanned(self, scanned: _Scanned | None) -> None:
        if scanned is not None:
            entries, self.troubles = scanned
            self._set_entries(entries)
        self._set_scanning(scanning=False)
        if self._again:
            self._again = False
            self.scan()

    def _on_scan_failed(self, trouble: object) -> None:
        self._set_scanning(scanning=False)
        self.failed.emit(trouble)

    def _on_removed(self, entry: LibraryEntry, freed: int) -> None:
        self._set_entries(tuple(each for each in self.entries if each.path != entry.path))
        self.removed.emit(entry, freed)

    def _on_settings(self) -> None:
        if self._settings.app.model_folders != self._added:
            self._added = self._settings.app.model_folders
            self.scan()

    def _set_entries(self, entries: Entries) -> None:
        if entries != self.entries:
            self.entries = entries
            self.entries_changed.emit(entries)

    def _set_scanning(self, *, scanning: bool) -> None:
        self.scanning = scanning
        self.scanning_changed.emit(scanning)


def _batches(entries: Iterator[LibraryEntry]) -> Iterator[Entries]:
    """Yield the entries in groups, a few times a second."""
    waiting: list[LibraryEntry] = []
    told_at = time.monotonic()
    for entry in entries:
        waiting.append(entry)
        if time.monotonic() - told_at >= _TELL_EVERY_S:
            yield tuple(waiting)
            waiting.clear()
            told_at = time.monotonic()
    yield tuple(waiting)


def _detail(entry: LibraryEntry) -> ModelDetail:
    from models.library.scan import detail

    return detail(entry)


def _remove(entry: LibraryEntry, snug: Path, added: tuple[Path, ...]) -> int:
    from models.library.removal import remove
    from models.library.scan import Folders

    return remove(entry, Folders(snug=snug, added=added))
