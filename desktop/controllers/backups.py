"""Backups of the chats: made by themselves each day, or asked for, and restored."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from models.wording import tr

if TYPE_CHECKING:
    from desktop.storage.backups import Backup, Backups

T = TypeVar("T")
_FIRST_MS: Final = 60_000
_EVERY_MS: Final = 3_600_000


class BackupsController(QObject):
    """Keeps ``backups`` as they were read last. Only restoring has the store's thread wait.

    ``restored`` carries the backup that was restored and the one made of what was there before;
    ``made`` one that a person asked for.
    """

    changed = Signal()
    restored = Signal(object, object)
    made = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        folder: Path,
        database: Path,
        store: StoreThread,
        replies: Replies,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self.backups: list[Backup] = []
        self._folder = folder
        self._database = database
        self._store = store
        self._replies = replies
        self._settings = settings
        self._has_complained = False
        self._daily = QTimer(self, interval=_EVERY_MS)
        self._daily.timeout.connect(self.look)
        self._first = QTimer(self, interval=_FIRST_MS, singleShot=True)
        self._first.timeout.connect(self.look)

    def start(self) -> None:
        """Look from time to time whether a backup is due; first when the window is at rest."""
        self._first.start()
        self._daily.start()

    def close(self) -> None:
        """Finish the backup that is being made, and end the thread."""
        self._first.stop()
        self._daily.stop()
        if "_tasks" in self.__dict__:
            self._tasks.close()

    def look(self) -> None:
        """Make the daily backup, if one is due, and let those go that are too many."""
        keep = self._settings.app.backups_kept

        def work(backups: Backups) -> None:
            backups.forget_purged()
            if keep and backups.is_due(time.time()):
                backups.make("daily")
                backups.rotate(keep)

        self._run(work, lambda _none: self.refresh(), self._complain)

    def refresh(self) -> None:
        """Read which backups there are; ``changed`` follows."""
        self._run(lambda backups: backups.backups(), self._on_read)

    def forget_purged(self) -> None:
        """Take what was deleted for good out of the backups."""
        self._run(lambda backups: backups.forget_purged(), None, self._complain)

    # --- what a person asks for ------------------------------------------------------------------

    def make(self) -> None:
        """Make a backup that stays until it is removed."""

        def done(backup: Backup) -> None:
            self.made.emit(backup)
            self.refresh()

        self._run(lambda backups: backups.make("asked"), done)

    def remove(self, backup: Backup) -> None:
        """Delete a backup."""
        self._run(lambda backups: backups.remove(backup), lambda _none: self.refresh())

    def restore(self, backup: Backup) -> None:
        """Put a backup in the place of the chats, which are kept as a backup themselves."""
        if self._replies.chats:
            self.failed.emit(
                UserError(
                    tr("A reply is being written, so the chats can't be restored."),
                    tr("Stop it or wait for its end, then try again."),
                )
            )
            return

        def done(before: Backup) -> None:
            self.restored.emit(backup, before)
            self.refresh()

        # A backup that is being made, or purged, comes first.
        self._run(
            lambda backups: backups,
            lambda backups: self._store.call_database(
                lambda database: backups.restore(backup, database), done, self.failed.emit
            ),
        )

    # --- parts -----------------------------------------------------------------------------------

    @cached_property
    def _tasks(self) -> TaskThread:
        return TaskThread("backups")

    def _run(
        self,
        work: Callable[[Backups], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        self._tasks.run(lambda: work(self._made()), done, failed or self.failed.emit)

    def _made(self) -> Backups:
        # On the thread: the window must not wait for the database's library.
        from desktop.storage.backups import Backups

        return Backups(self._folder, self._database)

    def _on_read(self, backups: list[Backup]) -> None:
        if backups != self.backups:
            self.backups = backups
            self.changed.emit()

    def _complain(self, trouble: UserError) -> None:
        """Tell of trouble with what Snug does by itself, once."""
        if not self._has_complained:
            self._has_complained = True
            self.failed.emit(trouble)
