"""The tab of what is being fetched: the queue, and the room that is left for it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QWidget

from desktop.controllers.downloads import DownloadsController
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.columns import bounded, make_scrolling
from desktop.ui.models.download_row import DownloadRow
from desktop.ui.models.tab import TabPage
from models.amounts import size_in_words
from models.downloads.records import Download, DownloadId, DownloadRequest
from models.wording import tr


class DownloadsView(TabPage):
    """Lists every download, the newest last.

    ``load_requested`` carries the path of a whole model, ``model_requested`` the repository whose
    page is wanted, ``discover_requested`` asks for the tab that finds models.
    """

    load_requested = Signal(str)
    model_requested = Signal(str)
    discover_requested = Signal()

    def __init__(self, downloads: DownloadsController) -> None:
        super().__init__()
        self.setObjectName("downloadsView")
        self._downloads = downloads
        self.rows: dict[DownloadId, DownloadRow] = {}
        self._finished: list[DownloadId] = []
        self._list = column(spacing=tokens.S)
        self._empty = self._make_empty()
        self.space = label(kind="small", tone="secondary")
        self._folder = ElidedLabel(kind="small", tone="secondary")
        self._lay_out()
        downloads.changed.connect(self._show)
        downloads.space_changed.connect(self._show_space)
        self._show(downloads.downloads)
        self._show_space(downloads.free_bytes)

    def showEvent(self, event: QShowEvent) -> None:
        """Look after the free space while somebody sees it."""
        super().showEvent(event)
        self._downloads.watch_space(watch=True)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no longer."""
        super().hideEvent(event)
        self._downloads.watch_space(watch=False)

    # --- parts -----------------------------------------------------------------------------------

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        layout = column(empty, spacing=tokens.S)
        layout.addWidget(label(tr("Nothing is being fetched."), kind="heading"))
        layout.addWidget(
            label(
                tr(
                    "A download that you begin under Discover shows here. It may be paused, and "
                    "goes on where it was after a cut or a restart."
                ),
                tone="secondary",
                wraps=True,
            )
        )
        find = push_button(tr("Find a model"), "outline", self.discover_requested.emit)
        layout.addWidget(find, 0, Qt.AlignmentFlag.AlignLeft)
        return empty

    def _lay_out(self) -> None:
        content = QWidget()
        inner = column(content, spacing=tokens.S)
        inner.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.L)
        inner.addWidget(self._empty)
        inner.addLayout(self._list)
        inner.addStretch(1)
        area = QScrollArea()
        make_scrolling(area, bounded(content))
        foot = QWidget()
        line = QHBoxLayout(foot)
        line.setContentsMargins(tokens.XL, tokens.S, tokens.XL, tokens.M)
        line.setSpacing(tokens.L)
        line.addWidget(self.space)
        line.addWidget(self._folder, 1)
        layout = column(self)
        layout.addWidget(area, 1)
        layout.addWidget(bounded(foot))
        self._folder.set_text(tr("Models are kept in {folder}", folder=self._downloads.folder))

    # --- what is shown ---------------------------------------------------------------------------

    def _show(self, downloads: tuple[Download, ...]) -> None:
        present = {each.id for each in downloads}
        for number in [each for each in self.rows if each not in present]:
            row = self.rows.pop(number)
            row.hide()
            row.deleteLater()
        finished = [each.id for each in downloads if each.status == "done"]
        if finished != self._finished:
            self._finished = finished
            self._look()
        for each in downloads:
            if each.id in self.rows:
                self.rows[each.id].show_download(each)
            else:
                self._add(each)
        self._empty.setVisible(not self.rows)

    def _add(self, download: Download) -> None:
        row = DownloadRow(download, can_go_online=self._downloads.offline)
        row.wished.connect(self._on_wished)
        self.rows[download.id] = row
        self._list.addWidget(row)

    def _on_wished(self, action: str, download: Download) -> None:
        match action:
            case "pause":
                self._downloads.pause(download.id)
            case "resume":
                self._downloads.resume(download.id)
            case "cancel":
                self._downloads.cancel(download.id)
            case "forget":
                self._downloads.forget(download.id)
            case "online":
                self._downloads.go_online(download.id)
            case "again":
                self._downloads.fetch_again(download)
            case "load":
                self.load_requested.emit(download.path)
            case "model_page":
                self.model_requested.emit(download.request.repo)

    def _look(self) -> None:
        """See which of the finished ones are still there."""
        done = [each.request for each in self._downloads.downloads if each.status == "done"]
        if done:
            self._downloads.find(done, self._on_found)

    def _on_found(self, found: Mapping[DownloadRequest, str]) -> None:
        for row in self.rows.values():
            download = row.download
            row.set_gone(gone=download.status == "done" and download.request not in found)

    def _show_space(self, free: int | None) -> None:
        self.space.setVisible(free is not None)
        if free is not None:
            self.space.setText(tr("{size} free on this disk", size=size_in_words(free)))
