"""How far an export of all chats is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from desktop.controllers.transfers import TransfersController
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from models.wording import number, tr

_SHORT_MS = 500
_WIDTH = 360


class ExportDialog(QDialog):
    """Shows itself where an export takes longer than a moment; closing it stops the export."""

    def __init__(self, transfers: TransfersController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr("Export chats"))
        self.setMinimumWidth(_WIDTH)
        self._transfers = transfers
        self.words = label(tr("Exporting the chats…"), tone="secondary")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(tr("How many chats are exported"))
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(self.words)
        layout.addWidget(self.bar)
        self.stop = push_button(tr("Stop"), "outline", self.reject)
        layout.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignRight)
        transfers.progressed.connect(self._on_progressed)
        for ended in (transfers.exported, transfers.stopped, transfers.failed):
            ended.connect(self._end)
        self._later = QTimer(self, interval=_SHORT_MS, singleShot=True)
        self._later.timeout.connect(self.show)
        self._later.start()

    def reject(self) -> None:
        """Stop the export; the dialog goes when it has stopped."""
        self.words.setText(tr("Stopping…"))
        self.stop.setEnabled(False)
        self._transfers.stop()

    def _on_progressed(self, done: int, total: int) -> None:
        self.bar.setMaximum(total)
        self.bar.setValue(done)
        if self.stop.isEnabled():
            said = tr("{done} of {total} chats exported", done=number(done), total=number(total))
            self.words.setText(said)

    def _end(self) -> None:
        self._later.stop()
        self.deleteLater()
