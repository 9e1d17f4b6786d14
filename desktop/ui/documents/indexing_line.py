"""A line below the list of documents: how far they are made ready for the search by meaning."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.controllers.indexing import Indexing, IndexingController
from desktop.ui import tokens
from desktop.ui.controls import IconButton, label
from desktop.ui.theme import Theme
from models.wording import number, tr


class IndexingLine(QWidget):
    """Tells how far the indexing is, and lets it be paused; hidden while there is nothing to do."""

    def __init__(self, theme: Theme, indexing: IndexingController) -> None:
        super().__init__()
        self._indexing = indexing
        self.state = label(kind="small", tone="secondary")
        self.state.setToolTip(
            tr(
                "An embedding model reads each passage once, so that questions find what is said "
                "in other words. Questions can be asked meanwhile."
            )
        )
        self.pause_button = IconButton(theme, "stop", tr("Pause indexing"), indexing.pause)
        self.resume_button = IconButton(
            theme, "continue", tr("Go on with indexing"), indexing.resume
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        row.addWidget(self.state, 1)
        row.addWidget(self.pause_button)
        row.addWidget(self.resume_button)
        indexing.changed.connect(self._show)
        self._show(indexing.now)

    def _show(self, now: Indexing | None) -> None:
        self.setVisible(now is not None)
        if now is None:
            return
        percent = number(100 * now.done / max(1, now.total))
        self.state.setText(
            {
                "running": tr("Indexing for search · {percent} %", percent=percent),
                "paused": tr("Indexing paused · {percent} %", percent=percent),
                "failed": now.problem,
            }[now.state]
        )
        self.pause_button.setVisible(now.state == "running")
        self.resume_button.setVisible(now.state != "running")
