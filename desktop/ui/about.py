"""The About box: versions, licences, a look for a newer one, and what leaves the machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QSize, Qt, QUrl, qVersion
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QWidget,
)

from desktop.controllers.about import AboutController
from desktop.domain.errors import UserError
from desktop.licences import Component
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button, set_property
from desktop.updates import LATEST_RELEASE, RELEASES_PAGE, Latest
from desktop.version import snug_version
from models.records import Versions
from models.wording import mark, tr, trn

PROMISE: Final = mark(
    "What you write stays on this computer. Snug has no account and sends no telemetry. It asks "
    "the network only when you search for a model, fetch one, or press the button below."
)
_SIZE: Final = (880, 640)
_ICON: Final = 48
_LIST_WIDTH: Final = 180
_UNKNOWN: Final = "…"
_OURS: Final = ("SQLite", "Python")


class AboutBox(QDialog):
    """Tells what Snug is. What takes a moment to find out follows when it is known."""

    def __init__(self, about: AboutController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("About Snug"))
        self.resize(QSize(*_SIZE).boundedTo(parent.screen().availableSize()))
        self._about = about
        self._parts: dict[str, Component] = {}
        self._versions: dict[str, QLabel] = {}
        layout = column(self, spacing=tokens.L, margin=tokens.XL)
        layout.addLayout(self._make_head())
        layout.addWidget(label(tr(PROMISE), tone="secondary", wraps=True))
        layout.addLayout(self._make_versions(("llama.cpp", "Qt", *_OURS)))
        layout.addLayout(self._make_look())
        layout.addSpacing(tokens.XS)
        layout.addLayout(self._make_licences(), 1)
        close = push_button(tr("Close"), "outline", self.accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self._versions["Qt"].setText(qVersion())
        about.versions_known.connect(self._show_engine)
        about.listed.connect(self._show_parts)
        about.looked.connect(self._show_latest)
        about.failed.connect(self._show_trouble)
        about.open()
        close.setFocus()

    # --- what it is made of ----------------------------------------------------------------------

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.L)
        picture = QLabel()
        picture.setPixmap(QApplication.windowIcon().pixmap(_ICON, _ICON))
        row.addWidget(picture)
        words = column(spacing=0)
        words.addWidget(label("Snug", kind="title"))
        version = tr("Version {version}", version=snug_version())
        words.addWidget(_copyable(label(version, tone="secondary")))
        row.addLayout(words, 1)
        return row

    def _make_versions(self, names: Iterable[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.XL)
        grid.setVerticalSpacing(tokens.XS)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(names):
            grid.addWidget(label(name, tone="secondary"), row, 0)
            self._versions[name] = _copyable(label(_UNKNOWN))
            grid.addWidget(self._versions[name], row, 1)
        return grid

    def _make_licences(self) -> QGridLayout:
        self._list = QListWidget()
        self._list.setObjectName("licenceList")
        self._list.setAccessibleName(tr("What Snug is made of"))
        self._list.setFixedWidth(_LIST_WIDTH)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setProperty("kind", "code")
        self._text.setAccessibleName(tr("Licence"))
        self._count = label("", kind="small", tone="secondary")
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(label(tr("Made of"), kind="strong"))
        head.addWidget(self._count, 1, Qt.AlignmentFlag.AlignBaseline)
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.M)
        grid.setVerticalSpacing(tokens.S)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 1)
        grid.addLayout(head, 0, 0, 1, 2)
        grid.addWidget(self._list, 1, 0)
        grid.addWidget(self._text, 1, 1)
        return grid

    def _show_engine(self, versions: Versions) -> None:
        self._versions["llama.cpp"].setText(versions.llama_cpp)

    def _show_parts(self, parts: tuple[Component, ...]) -> None:
        self._parts = {part.name: part for part in parts}
        for name in _OURS:
            if name in self._parts:
                self._versions[name].setText(self._parts[name].version)
        self._count.setText(
            trn(
                "{count} part, with its licence",
                "{count} parts, each with its licence",
                len(parts),
            )
        )
        self._list.clear()
        for part in parts:
            item = QListWidgetItem(part.name, self._list)
            item.setToolTip(f"{part.name} {part.version}".strip())
        self._list.setCurrentRow(0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        part = self._parts.get(item.text()) if item is not None else None
        self._text.setPlainText(_told(part) if part is not None else "")

    # --- a newer version -------------------------------------------------------------------------

    def _make_look(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._look = push_button(tr("Look for a new version"), "outline", self._on_look)
        self._page = push_button(tr("Open the releases page"), "primary", _open_page)
        self._page.hide()
        self._answer = label("", tone="secondary", wraps=True)
        self._answer.setObjectName("updateAnswer")
        row.addWidget(self._look)
        row.addWidget(self._page)
        row.addSpacing(tokens.XS)
        row.addWidget(self._answer, 1)
        return row

    def _on_look(self) -> None:
        self._look.setEnabled(False)
        self._page.hide()
        self._say(tr("Asking {host} …", host=QUrl(LATEST_RELEASE).host()))
        self._about.look()

    def _show_latest(self, latest: Latest) -> None:
        self._look.setEnabled(True)
        self._page.setVisible(latest.is_newer)
        if not latest.version:
            words = tr("No version has been released yet.")
        elif latest.is_newer:
            words = tr(
                "Version {version} is out. Snug installs nothing by itself.",
                version=latest.version,
            )
        elif latest.version == snug_version():
            words = tr("This is the newest version.")
        else:
            words = tr("This is newer than the last release, {version}.", version=latest.version)
        self._say(words)

    def _show_trouble(self, trouble: UserError) -> None:
        self._look.setEnabled(True)
        self._page.show()
        self._say(f"{trouble.title} {trouble.hint}")
        set_property(self._answer, "tone", "warning")

    def _say(self, text: str) -> None:
        set_property(self._answer, "tone", "secondary")
        self._answer.setText(text)


def _copyable(shown: QLabel) -> QLabel:
    shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return shown


def _told(part: Component) -> str:
    head = "\n".join((f"{part.name} {part.version}".strip(), part.licence, part.homepage))
    return f"{head}\n\n{part.text}".strip()


def _open_page() -> None:
    QDesktopServices.openUrl(QUrl(RELEASES_PAGE))
