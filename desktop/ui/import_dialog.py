"""What a file of chats would bring: read through first, and added when one says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QWidget

from desktop.controllers.transfers import TransfersController
from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.dates import in_words
from desktop.ui.theme import Theme
from desktop.ui.trash_rows import TwoLineList, TwoLines
from desktop.work.chat_files.importing import Line, Outcome, Preview
from desktop.work.chat_files.reading import Unread
from models.wording import number, tr, trn

_SIZE = (560, 520)
_PARTS = 1000


class ImportDialog(QDialog):
    """Reads a file through as soon as it is shown; closing it stops what runs."""

    def __init__(
        self, theme: Theme, transfers: TransfersController, path: Path, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("importDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Import chats"))
        self.resize(*_SIZE)
        self._transfers = transfers
        self._path = path
        self._is_running = True
        self.words = label(tr("Reading {name}…", name=path.name), tone="secondary", wraps=True)
        self.bar = QProgressBar(maximum=_PARTS, textVisible=False)
        self.bar.setAccessibleName(tr("How far the file is read"))
        self.list = TwoLineList(theme, tr("Chats in the file"))
        self.cancel = push_button(tr("Cancel"), "outline", self.reject)
        self.start = push_button(tr("Import"), "primary", self._take_in)
        self.start.setEnabled(False)
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(tr("Import chats"), kind="title"))
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        layout.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.start)
        layout.addLayout(row)
        transfers.progressed.connect(self._on_progressed)
        transfers.looked_through.connect(self._on_looked_through)
        transfers.imported.connect(self._on_imported)
        transfers.failed.connect(self._on_failed)
        transfers.look_through(path)

    def done(self, result: int) -> None:
        """Close, and stop what runs."""
        if self._is_running:
            self._transfers.stop()
        super().done(result)

    def _take_in(self) -> None:
        self._is_running = True
        self.start.setEnabled(False)
        self.cancel.setText(tr("Stop"))
        self.words.setText(tr("Adding the chats, one after the other…"))
        self.bar.setValue(0)
        self.bar.show()
        self._transfers.take_in(self._path)

    def _on_progressed(self, done: int, total: int) -> None:
        self.bar.setValue(_PARTS * done // max(1, total))

    def _on_looked_through(self, path: Path, preview: Preview) -> None:
        if path != self._path:
            return
        self._is_running = False
        self.bar.hide()
        self.words.setText(_account(preview))
        self.list.show_rows([*map(_of_line, preview.lines), *_of_unread(preview.unread)])
        self.start.setEnabled(preview.coming > 0)
        self.start.setText(
            trn("Import {count} chat", "Import {count} chats", preview.coming)
            if preview.coming
            else tr("Import")
        )
        (self.start if preview.coming else self.cancel).setFocus()

    def _on_imported(self, path: Path, outcome: Outcome) -> None:
        if path != self._path:
            return
        self._is_running = False
        if not outcome.unread:
            self.accept()
            return
        # What could not be read stays to be read.
        self.start.hide()
        self.bar.hide()
        lacking = tr("What could not be read:")
        self.words.setText(f"{said_of(outcome)} {lacking}")
        self.list.show_rows(list(_of_unread(outcome.unread)))
        self.cancel.setText(tr("Close"))
        self.cancel.setFocus()

    def _on_failed(self, trouble: UserError) -> None:
        self._is_running = False
        self.bar.hide()
        self.words.setText(f"{trouble.title} {trouble.hint}".strip())
        self.start.setEnabled(False)
        self.cancel.setText(tr("Close"))


def said_of(outcome: Outcome) -> str:
    """Return in a sentence what an import did."""
    parts = [trn("{count} chat imported", "{count} chats imported", outcome.added)]
    if here := outcome.already_here:
        parts.append(trn("{count} here already", "{count} here already", here))
    if outcome.was_stopped:
        parts.append(tr("stopped before the end"))
    return f"{', '.join(parts)}."


def _account(preview: Preview) -> str:
    here = sum(line.is_here for line in preview.lines)
    parts = [
        trn("{count} chat can be added.", "{count} chats can be added.", preview.coming),
    ]
    if here:
        parts.append(
            trn(
                "{count} here already, and left as it is.",
                "{count} here already, and left as they are.",
                here,
            )
        )
    if preview.unread:
        parts.append(
            trn(
                "{count} can't be read: the list ends with it.",
                "{count} can't be read: the list ends with them.",
                len(preview.unread),
            )
        )
    if preview.more:
        parts.append(tr("The list shows the first {count}.", count=number(len(preview.lines))))
    return " ".join(parts)


def _of_line(line: Line) -> TwoLines:
    begun = dt.datetime.fromtimestamp(line.created_at, dt.UTC).astimezone()
    words = [line.product, trn("{count} message", "{count} messages", line.messages)]
    words += [in_words(begun, tr("dd MMM yyyy"))] if line.created_at else []
    words += [tr("here already")] if line.is_here else []
    words += [tr("without {what}", what=line.left_out)] if line.left_out else []
    return TwoLines(line, line.title, " · ".join(words))


def _of_unread(unread: Iterable[Unread]) -> Iterable[TwoLines]:
    return (TwoLines(each, each.name, tr("Can't be read: {why}", why=each.why)) for each in unread)
