"""Chats into files and out of files: on a thread, with how far it is, to be stopped at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.controllers.store import StoreThread
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from models.wording import tr

if TYPE_CHECKING:
    from desktop.domain.archive import ArchivedChat
    from desktop.storage.chats import ChatStore
    from desktop.work.chat_files.exporting import Fetch, Form
    from desktop.work.chat_files.importing import Outcome, Preview
    from desktop.work.chat_files.reading import Step

T = TypeVar("T")
_EVERY_S: Final = 0.1


class TransfersController(QObject):
    """Runs one export or import after the other.

    ``progressed`` carries what is done of what there is. ``looked_through`` comes with a file and
    the list of what it would bring, ``imported`` with a file and what was done, ``exported`` with
    where the chats are and how many; ``stopped`` where one was stopped before its end.
    """

    progressed = Signal(object, object)
    looked_through = Signal(object, object)
    imported = Signal(object, object)
    exported = Signal(object, int)
    stopped = Signal()
    failed = Signal(object)

    def __init__(self, store: StoreThread) -> None:
        super().__init__()
        self._store = store
        self._stop = Event()
        self._is_closing = False
        self._told_at = 0.0

    def close(self) -> None:
        """Stop what runs and end the thread. Blocks until then."""
        self._is_closing = True
        if "_tasks" in self.__dict__:
            self._tasks.close()

    def stop(self) -> None:
        """Stop what runs: an import between two chats, what came is whole."""
        self._stop.set()

    # --- out -------------------------------------------------------------------------------------

    def export_chat(self, chat_id: int, path: Path, form: Form) -> None:
        """Write a chat's file."""

        def work() -> int:
            from desktop.work.chat_files.exporting import export_one

            chat = self._fetched(chat_id)
            if chat is None:
                raise UserError(
                    tr("This chat was deleted."), tr("Bring it back from the trash first.")
                )
            export_one(chat, path, partial(_written, form=form))
            return 1

        self._run(work, lambda count: self.exported.emit(path, count))

    def export_all(self, target: Path, form: Form) -> None:
        """Write all stored chats: into one file of JSON, or else each into a folder's file."""
        is_stopped = self._begin()

        def work() -> int | None:
            from desktop.work.chat_files.exporting import export_as_json, export_to_folder

            ids = [chat.id for chat in self.ask_store(lambda store: store.chats())]
            fetches: Iterator[Fetch] = (partial(self._fetched, each) for each in ids)
            steps: Generator[int, None, None]
            if form == "json":
                steps = export_as_json(fetches, target)
            else:
                steps = export_to_folder(fetches, target, form, partial(_written, form=form))
            count = 0
            for count in steps:
                if is_stopped():
                    steps.close()
                    return None
                self._tell(count, len(ids))
            return count

        def done(count: int | None) -> None:
            if count is None:
                self.stopped.emit()
            else:
                self.exported.emit(target, count)

        self._run(work, done)

    # --- in --------------------------------------------------------------------------------------

    def look_through(self, path: Path) -> None:
        """List what an import of a file or folder would bring."""
        is_stopped = self._begin()

        def work() -> Preview | None:
            from desktop.work.chat_files.importing import Preview, look_through

            for step in look_through(path, _Target(self), is_stopped):
                if isinstance(step, Preview):
                    return step
                self._tell_step(step)
            return None

        def done(preview: Preview | None) -> None:
            if preview is None:
                self.stopped.emit()
            else:
                self.looked_through.emit(path, preview)

        self._run(work, done)

    def take_in(self, path: Path) -> None:
        """Add the chats of a file or folder, each whole or not at all."""
        is_stopped = self._begin()

        def work() -> Outcome | None:
            from desktop.work.chat_files.importing import Outcome, take_in

            for step in take_in(path, _Target(self), is_stopped):
                if isinstance(step, Outcome):
                    return step
                self._tell_step(step)
            return None

        self._run(work, lambda outcome: self.imported.emit(path, outcome))

    # --- parts -----------------------------------------------------------------------------------

    @cached_property
    def _tasks(self) -> TaskThread:
        return TaskThread("transfers")

    def _begin(self) -> Callable[[], bool]:
        """Return what tells whether the run that begins here is to stop: none stops another."""
        stop = self._stop = Event()
        return lambda: stop.is_set() or self._is_closing

    def _run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._tasks.run(work, done, self.failed.emit)

    def _fetched(self, chat_id: int) -> ArchivedChat | None:
        def work(store: ChatStore) -> ArchivedChat | None:
            try:
                return store.archived_chat(chat_id)
            except LookupError:
                return None

        return self.ask_store(work)

    def ask_store(self, work: Callable[[ChatStore], T]) -> T:
        """Return what ``work`` returns on the store's thread, where it waits for its turn.

        So whatever else the window wants of the store comes in between, chat by chat.
        """
        future: Future[T] = Future()

        def run(store: ChatStore) -> None:
            try:
                future.set_result(work(store))
            except BaseException as error:  # noqa: BLE001 - carried to the waiting thread whole
                future.set_exception(error)

        self._store.call(run)
        return future.result()

    def _tell_step(self, step: Step) -> None:
        self._tell(step.done, step.total)

    def _tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= _EVERY_S:
            self._told_at = now
            self.progressed.emit(done, total)


class _Target:
    """The store as an import wants it, from the thread that reads."""

    def __init__(self, transfers: TransfersController) -> None:
        self._transfers = transfers

    def has_archived(self, chat: ArchivedChat) -> bool:
        return self._transfers.ask_store(lambda store: store.has_archived(chat))

    def add_archived(self, chat: ArchivedChat) -> int:
        return self._transfers.ask_store(lambda store: store.add_archived(chat))


def _written(chat: ArchivedChat, form: Form) -> bytes:
    if form == "pdf":
        from desktop.controllers.pdf import as_pdf

        return as_pdf(chat)
    from desktop.work.chat_files.exporting import written

    return written(chat, form)
