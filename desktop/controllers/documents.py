"""The documents: taking them in, showing them, deleting them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop.controllers.document_thread import DocumentStores, DocumentThread
from desktop.domain.documents import Document, Portion, StoredPassage
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from models.wording import number, tr, trn

if TYPE_CHECKING:
    from desktop.work.gathering import Gathered

IntakeState = Literal["waiting", "reading", "ready", "failed", "cancelled"]
UNDO_MS: Final = 15_000
"""How long a deleted document can be brought back."""
_PROGRESS_S: Final = 0.1


Cancelled = Callable[[], bool]
Reading = Callable[[DocumentStores, Callable[[int, int], None], Cancelled], Document]
"""Reads a document on the thread for that: takes the stores, what hears of progress, and what
tells whether it is cancelled."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """A file on its way in. ``done`` of ``total`` pages, or bytes, are read; 0 until it is known.

    ``batch`` is what ``DocumentsController.add`` returned. ``document`` is there once it is ready.
    """

    id: int
    batch: int
    path: str
    name: str
    state: IntakeState = "waiting"
    done: int = 0
    total: int = 0
    document: Document | None = None
    problem_title: str = ""
    problem_hint: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether nothing more becomes of it."""
        return self.state in {"ready", "failed", "cancelled"}


class DocumentsController(QObject):
    """Reads files in one after another, and keeps the list of documents.

    ``changed`` carries all documents, the last added first. ``intake_changed`` carries an
    ``Intake``, ``batch_ended`` the batch's number and its documents, in the order they were given.
    ``deleted`` carries documents that can still be restored, ``removed`` the ids of those that
    are gone for good.
    """

    changed = Signal(object)
    intake_changed = Signal(object)
    batch_ended = Signal(int, object)
    deleted = Signal(object)
    removed = Signal(object)
    noticed = Signal(str)
    failed = Signal(object)
    _advanced = Signal(object)

    def __init__(self, thread: DocumentThread, pasted_dir: Path) -> None:
        super().__init__()
        self.documents: tuple[Document, ...] = ()
        self.intakes: dict[int, Intake] = {}
        self._thread = thread
        self._pasted_dir = pasted_dir
        self._reading = TaskThread("intake")
        self._reading.failed.connect(self.failed)
        self._cancelled: set[int] = set()
        self._closing = False
        self._ids = itertools.count(1)
        self._batches = itertools.count(1)
        self._hidden: dict[int, Document] = {}
        self._undo = QTimer(self, interval=UNDO_MS, singleShot=True)
        self._undo.timeout.connect(self.delete_for_good)
        self._advanced.connect(self._set, Qt.ConnectionType.QueuedConnection)
        thread.noticed.connect(self.noticed)

    # --- the list --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list again."""
        self._thread.call(lambda s: s.documents.documents(), self._on_listed, self.failed.emit)

    def document(self, document_id: int) -> Document | None:
        """Return a document of the list."""
        return next((each for each in self.documents if each.id == document_id), None)

    def find(self, document_id: int, done: Callable[[Document | None], None]) -> None:
        """Give ``done`` a document, whether the list has been read yet or not; None if it went."""
        found = self.document(document_id)
        if found is not None or document_id in self._hidden:
            done(found)
        else:
            self._thread.call(lambda s: s.documents.document(document_id), done, self.failed.emit)

    def passages(
        self,
        document_id: int,
        done: Callable[[list[StoredPassage]], None],
        first: int = 0,
        last: int | None = None,
    ) -> None:
        """Give ``done`` the text of a document, or from passage ``first`` to ``last`` of it."""
        self._thread.call(
            lambda s: s.documents.passages(document_id, first, last), done, self.failed.emit
        )

    def portions(
        self, document_id: int, characters: int, done: Callable[[list[Portion]], None]
    ) -> None:
        """Give ``done`` how a document is cut into portions of about so many characters."""
        self._thread.call(
            lambda s: s.documents.portions(document_id, characters), done, self.failed.emit
        )

    def unreadable(self, document_id: int, done: Callable[[dict[int, str]], None]) -> None:
        """Give ``done`` the pages that could not be read, and why."""
        self._thread.call(
            lambda s: s.documents.unreadable_pages(document_id), done, self.failed.emit
        )

    # --- taking in -------------------------------------------------------------------------------

    def add(self, paths: Iterable[str]) -> int:
        """Read these files, and those in these folders; return the batch's number.

        One that can't be read doesn't stop the others.
        """
        batch = next(self._batches)
        given = [Path(path).expanduser().absolute() for path in paths]
        self._reading.run(
            lambda: _gathered(given, lambda: self._closing),
            lambda found: self._on_gathered(batch, found),
        )
        return batch

    def add_text(self, text: str) -> int:
        """Keep a pasted text as a document; return the batch's number."""
        batch = next(self._batches)
        folder = self._pasted_dir
        self._reading.run(lambda: _written(folder, text), lambda path: self._enter(batch, [path]))
        return batch

    def catch_up(self, document: Document) -> int:
        """Read a file that has changed as a new document, or follow one that was moved."""
        batch = next(self._batches)
        intake = Intake(id=next(self._ids), batch=batch, path=document.path, name=document.name)
        self._start(batch, [(intake, partial(_caught_up, document))])
        return batch

    def cancel(self, intake_id: int) -> None:
        """Stop reading a file in, or don't begin with it."""
        self._cancelled.add(intake_id)

    def cancel_all(self) -> None:
        """Stop everything that is on its way in."""
        for intake in list(self.intakes.values()):
            if not intake.is_over:
                self.cancel(intake.id)

    def dismiss(self, intake_id: int) -> None:
        """Forget an intake that is over."""
        if intake_id in self.intakes and self.intakes[intake_id].is_over:
            del self.intakes[intake_id]

    def close(self) -> None:
        """Stop what is being read, delete what was to be deleted, end the thread."""
        self._closing = True
        self._reading.close()
        self.delete_for_good()

    # --- deleting --------------------------------------------------------------------------------

    def delete(self, document_ids: Sequence[int]) -> None:
        """Delete documents, with their text and the work on them. For a while they come back."""
        gone = tuple(each for each in self.documents if each.id in document_ids)
        if not gone:
            return
        self.delete_for_good()
        self._hidden = {each.id: each for each in gone}
        self._show(self.documents)
        self._undo.start()
        self.deleted.emit(gone)

    def restore(self, document_ids: Sequence[int]) -> None:
        """Bring documents back that were deleted a moment ago."""
        back = [self._hidden.pop(each) for each in document_ids if each in self._hidden]
        if back:
            self.refresh()

    def delete_for_good(self) -> None:
        """Delete now what could still be restored."""
        self._undo.stop()
        gone, self._hidden = tuple(self._hidden.values()), {}
        if not gone:
            return
        folder = self._pasted_dir
        ids = tuple(each.id for each in gone)
        self._thread.call(
            lambda s: _delete(s, gone, folder),
            lambda _none: self.removed.emit(ids),
            self.failed.emit,
        )

    # --- how it goes -----------------------------------------------------------------------------

    def _on_listed(self, documents: list[Document]) -> None:
        self._show(tuple(documents))

    def _show(self, documents: Sequence[Document]) -> None:
        self.documents = tuple(each for each in documents if each.id not in self._hidden)
        self.changed.emit(self.documents)

    def _on_gathered(self, batch: int, found: Gathered) -> None:
        if found.left:
            self.noticed.emit(
                tr(
                    "{count} files are taken at once; {more} more were left out.",
                    count=number(len(found.files)),
                    more=number(found.left),
                )
            )
        elif not found.files:
            self.noticed.emit(tr("There are no documents in it that Snug reads."))
        elif found.passed_over:
            self.noticed.emit(
                trn(
                    "{count} file of another kind in it was left out.",
                    "{count} files of other kinds in it were left out.",
                    found.passed_over,
                )
            )
        self._enter(batch, found.files)

    def _enter(self, batch: int, files: Sequence[Path]) -> None:
        self._start(
            batch,
            [
                (
                    Intake(id=next(self._ids), batch=batch, path=str(path), name=path.name),
                    partial(_taken_in, path),
                )
                for path in files
            ],
        )

    def _start(self, batch: int, orders: Sequence[tuple[Intake, Reading]]) -> None:
        for intake, _ in orders:
            self._set(intake)
        for intake, reading in orders:
            self._reading.run(partial(self._take_in, intake, reading), self._set)
        self._reading.run(lambda: None, lambda _none: self._end_batch(batch))

    def _set(self, intake: Intake) -> None:
        before = self.intakes.get(intake.id)
        if before is not None and before.is_over:
            return
        self.intakes[intake.id] = intake
        if intake.is_over:
            self._cancelled.discard(intake.id)
            self.refresh()
        self.intake_changed.emit(intake)

    def _end_batch(self, batch: int) -> None:
        of_batch = [each for each in self.intakes.values() if each.batch == batch]
        documents = tuple(each.document for each in of_batch if each.document is not None)
        for each in of_batch:
            if each.state != "failed":
                self.dismiss(each.id)
        self.batch_ended.emit(batch, documents)

    # --- on the thread that reads ----------------------------------------------------------------

    def _take_in(self, intake: Intake, reading: Reading) -> Intake:
        from desktop.work.intake import CancelledError

        told = 0.0

        def cancelled() -> bool:
            return self._closing or intake.id in self._cancelled

        def show(done: int, total: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told > _PROGRESS_S:
                told = now
                self._advanced.emit(
                    msgspec.structs.replace(intake, state="reading", done=done, total=total)
                )

        def over(state: IntakeState, **more: object) -> Intake:
            return msgspec.structs.replace(intake, state=state, **more)

        if cancelled():
            return over("cancelled")
        self._advanced.emit(msgspec.structs.replace(intake, state="reading"))
        try:
            document = reading(self._thread.stores(), show, cancelled)
        except CancelledError:
            if not self._closing:
                self._thread.stores().documents.drop_unfinished(intake.path)
            return over("cancelled")
        except UserError as error:
            return over("failed", problem_title=error.title, problem_hint=error.hint)
        return over("ready", document=document)


def _taken_in(
    path: Path, stores: DocumentStores, show: Callable[[int, int], None], cancelled: Cancelled
) -> Document:
    from desktop.work.intake import take_in

    return take_in(path, stores.documents, on_progress=show, cancelled=cancelled)


def _caught_up(
    document: Document,
    stores: DocumentStores,
    show: Callable[[int, int], None],
    cancelled: Cancelled,
) -> Document:
    from desktop.work.freshness import caught_up

    return caught_up(document, stores.database, on_progress=show, cancelled=cancelled)


def _gathered(paths: Sequence[Path], cancelled: Callable[[], bool]) -> Gathered:
    # On the thread: the readers' library is not for the window to wait for.
    from desktop.work.gathering import Gathered, gather
    from desktop.work.intake import CancelledError

    try:
        return gather(paths, cancelled)
    except CancelledError:
        return Gathered()


def _written(folder: Path, text: str) -> Path:
    """Write a pasted text where it is a document like others. Raises UserError."""
    first = " ".join(text.split())[:40].strip()
    kept = "".join(c if c.isalnum() or c in " -_" else "" for c in first).strip()
    name = kept or tr("Pasted text")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in itertools.count(1):
            path = folder / (f"{name}.txt" if place == 1 else f"{name} {place}.txt")
            try:
                with path.open("x", encoding="utf-8", errors="replace") as file:
                    file.write(text)
            except FileExistsError:
                continue
            break
    except OSError as error:
        raise UserError(
            tr("The text can't be kept: {reason}.", reason=error.strerror or error),
            tr("Make {folder} writable for you.", folder=folder),
            str(error),
        ) from error
    return path


def _delete(stores: DocumentStores, documents: Sequence[Document], pasted_dir: Path) -> None:
    for document in documents:
        stores.documents.delete(document.id)
        path = Path(document.path)
        if path.parent == pasted_dir:
            path.unlink(missing_ok=True)
