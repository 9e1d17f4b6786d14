"""One file of a model's page: what it is, whether it runs here, and the button that fetches it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button, set_property
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.discover_words import judgement_words, share_done
from desktop.ui.models.verdicts import VERDICT_ROLES, VERDICT_WORDS
from models.amounts import share_in_words, size_in_words
from models.downloads.records import Download
from models.estimate.records import Judgement
from models.hub.records import Variant
from models.wording import tr, trn

_BUTTON_WIDTH: Final = 144


class VariantRow(QFrame):
    """A quantization in two lines, and its button.

    One that doesn't fit is fetched only after a second press. ``download_requested`` carries the
    variant, ``load_requested`` the path of one that is here already.
    """

    download_requested = Signal(object)
    load_requested = Signal(str)
    progress_requested = Signal()

    def __init__(self, variant: Variant, about_files: str) -> None:
        super().__init__()
        self.variant = variant
        self._judgement: Judgement | None = None
        self._download: Download | None = None
        self._path = ""
        self._confirming = False
        self.setProperty("kind", "row")
        self._name = label(variant.name, kind="strong")
        self._badge = label(kind="badge")
        self._recommended = label(tr("Recommended"), kind="badge")
        set_property(self._recommended, "tone", "accent")
        self._facts = ElidedLabel(kind="small", tone="secondary")
        self._about_files = about_files
        self._warning = label(kind="small", tone="danger", wraps=True)
        self.button = push_button("", "outline", self._on_pressed)
        self.button.setMinimumWidth(_BUTTON_WIDTH)
        self._cancel = push_button(tr("Cancel"), "outline", self._on_cancelled)
        self._lay_out()
        self._recommended.hide()
        self._warning.hide()
        self._cancel.hide()
        self.show_judging()

    @property
    def facts(self) -> str:
        """Return what is said of it."""
        return self._facts.text()

    @property
    def verdict(self) -> str:
        """Return the verdict in words, empty while there is none."""
        return self._badge.text() if self._judgement else ""

    def show_judging(self) -> None:
        """Say that the verdict is on its way."""
        self._judgement = None
        self._badge.hide()
        self._facts.set_text(tr("Looking whether it runs here…"))
        self._show_button()

    def show_judgement(self, judgement: Judgement | None, *, recommended: bool) -> None:
        """Show a verdict; None where too little is known of the file for one."""
        self._judgement = judgement
        self._recommended.setVisible(recommended)
        self._badge.setVisible(judgement is not None)
        if judgement is None:
            words = tr("Too little is known of this file to judge it.")
        else:
            self._badge.setText(tr(VERDICT_WORDS[judgement.verdict]))
            set_property(self._badge, "tone", VERDICT_ROLES[judgement.verdict])
            words = judgement_words(judgement)
            self.setToolTip(judgement.reason)
        self._facts.set_text("  ·  ".join(part for part in (words, self._about_files) if part))
        self._stop_asking()

    def show_download(self, download: Download | None) -> None:
        """Show where the download of these files is; None where there is none."""
        self._download = download
        if download is not None:
            self._stop_asking()
        self._show_button()

    def show_path(self, path: str) -> None:
        """Show that the files are on this machine already; empty where they are not."""
        self._path = path
        self._show_button()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, tokens.S, 0, tokens.S)
        row.setSpacing(tokens.M)
        words = column(spacing=tokens.XS)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        for part in (self._name, self._badge, self._recommended):
            head.addWidget(part)
        head.addStretch(1)
        words.addLayout(head)
        words.addWidget(self._facts)
        words.addWidget(self._warning)
        row.addLayout(words, 1)
        for button in (self._cancel, self.button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)

    def _show_button(self) -> None:
        size = size_in_words(self.variant.size_bytes)
        name = self.variant.name
        kind = "outline"
        match self._status:
            case "done":
                words, spoken, kind = tr("Load"), tr("Load {name}", name=name), "primary"
            case "queued" | "running" | "checking" | "paused" | "failed":
                words, state = self._progress_words()
                spoken = tr("{name}: {state}. Shows the downloads", name=name, state=state)
            case _ if self._confirming:
                words = tr("Download anyway")
                spoken = tr("Download {name} anyway", name=name)
            case _:
                words = tr("Download  {size}", size=size)
                spoken = tr("Download {name}, {size}", name=name, size=size)
                kind = "primary" if self._recommended.isVisibleTo(self) else "outline"
        self.button.setText(words)
        self.button.setAccessibleName(spoken)
        set_property(self.button, "kind", kind)

    def _progress_words(self) -> tuple[str, str]:
        download = self._download
        assert download is not None  # noqa: S101 - the caller has looked
        match download.status:
            case "running":
                share = share_in_words(share_done(download))
                shown = tr("Downloading  {share}", share=share)
                return shown, tr("downloading, {share}", share=share)
            case "queued":
                return tr("Waiting…"), tr("waiting for its turn")
            case "checking":
                return tr("Checking…"), tr("checking the file")
            case "paused":
                return tr("Paused"), tr("paused")
        return tr("Failed: see why"), tr("the download failed")

    def _on_pressed(self) -> None:
        if self._status == "done":
            self.load_requested.emit(self._path)
        elif self._status:
            self.progress_requested.emit()
        elif self._doubtful and not self._confirming:
            self._ask()
        else:
            self._stop_asking()
            self.download_requested.emit(self.variant)

    @property
    def _status(self) -> str:
        """Return the download's status, with what the disk says in place of ``done``."""
        if self._path:
            return "done"
        status = self._download.status if self._download else ""
        return "" if status == "done" else status

    @property
    def _doubtful(self) -> bool:
        return self._judgement is not None and self._judgement.verdict == "no_fit"

    def _ask(self) -> None:
        assert self._judgement is not None  # noqa: S101 - it is what is doubted
        self._confirming = True
        self._warning.setText(self._judgement.reason)
        self._warning.show()
        self._cancel.show()
        self._show_button()

    def _on_cancelled(self) -> None:
        self._stop_asking()
        self.button.setFocus()

    def _stop_asking(self) -> None:
        self._confirming = False
        self._warning.hide()
        self._cancel.hide()
        self._show_button()


def about_files(variant: Variant) -> str:
    """Return what one must know of a variant's files before fetching them; mostly nothing."""
    parts = []
    if len(variant.files) > 1:
        parts.append(trn("{count} file", "{count} files", len(variant.files)))
    if any(not file.sha256 for file in variant.files):
        parts.append(tr("the hub names no checksum"))
    return ", ".join(parts)


class VariantList(QWidget):
    """Every variant of a repository, from small to large, each in its row."""

    download_requested = Signal(object)
    load_requested = Signal(str)
    progress_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, VariantRow] = {}
        self._column = column(self)

    def show_variants(self, variants: tuple[Variant, ...]) -> None:
        """Show these in place of the ones before."""
        for row in self.rows.values():
            row.hide()
            row.deleteLater()
        self.rows = {}
        for variant in variants:
            row = VariantRow(variant, about_files(variant))
            row.download_requested.connect(self.download_requested)
            row.load_requested.connect(self.load_requested)
            row.progress_requested.connect(self.progress_requested)
            self._column.addWidget(row)
            self.rows[variant.name] = row
