"""The About box: versions, licences, and what leaves the machine (nothing)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QWidget,
)

from desktop.controllers.about import AboutController
from desktop.domain.errors import UserError
from desktop.licences import Component
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.updates import RELEASES_PAGE, Latest
from desktop.version import snug_version

_PROMISE = (
    "Everything that you write stays on this computer. Snug sends no telemetry, has no account, "
    "and asks the network only when you search for a model, fetch one, or press the button below."
)


class AboutBox(QDialog):
    """Tells what Snug is; ``engine_versions`` are the engine's own, empty before it has started."""

    def __init__(
        self, about: AboutController, engine_versions: Mapping[str, str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Snug")
        self.resize(640, 560)
        self._about = about
        self._texts: dict[str, str] = {}
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label("Snug", kind="title"))
        layout.addWidget(label(_PROMISE, tone="secondary", wraps=True))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(tokens.XL)
        self._grid.setVerticalSpacing(tokens.XS)
        self._grid.setColumnStretch(1, 1)
        layout.addLayout(self._grid)
        self._show_versions({"Snug": snug_version(), "Qt": qVersion(), **engine_versions})
        layout.addSpacing(tokens.S)
        layout.addWidget(label("Made of", kind="strong"))
        layout.addLayout(self._licences(), 1)
        layout.addLayout(self._foot())
        about.listed.connect(self._show_components)
        about.looked.connect(self._show_latest)
        about.failed.connect(self._show_trouble)
        about.list()

    def _licences(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.M)
        self._list = QListWidget()
        self._list.setAccessibleName("What Snug is made of")
        self._list.setMinimumWidth(240)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Licence")
        self._list.currentItemChanged.connect(self._on_chosen)
        row.addWidget(self._list)
        row.addWidget(self._text, 1)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._answer = label("", tone="secondary", wraps=True)
        self._look = push_button("Look for a new version", "outline", self._on_look)
        self._page = push_button("Open the page", "primary", _open_page)
        self._page.hide()
        close = push_button("Close", "outline", self.accept)
        row.addWidget(self._answer, 1)
        for button in (self._look, self._page, close):
            row.addWidget(button)
        close.setFocus()
        return row

    def _show_versions(self, versions: Mapping[str, str]) -> None:
        first = self._grid.rowCount()
        for row, (name, version) in enumerate(versions.items(), start=first):
            self._grid.addWidget(label(name, tone="secondary"), row, 0)
            value = label(version)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(value, row, 1)

    def _show_components(self, parts: tuple[Component, ...]) -> None:
        self._show_versions({p.name: p.version for p in parts if p.name in {"SQLite", "Python"}})
        for part in parts:
            head = f"{part.name} {part.version}\n{part.licence}\n{part.homepage}"
            self._texts[part.name] = f"{head}\n\n{part.text}".strip()
            item = QListWidgetItem(f"{part.name} {part.version}", self._list)
            item.setData(Qt.ItemDataRole.UserRole, part.name)
        self._list.setCurrentRow(0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        name = item.data(Qt.ItemDataRole.UserRole) if item is not None else ""
        self._text.setPlainText(self._texts.get(name, ""))

    def _on_look(self) -> None:
        self._look.setEnabled(False)
        self._answer.setText("Asking github.com …")
        self._about.look()

    def _show_latest(self, latest: Latest) -> None:
        self._look.setEnabled(True)
        self._page.setVisible(latest.is_newer)
        words = f"Version {latest.version} is out." if latest.is_newer else "This is the newest."
        self._answer.setText(words)

    def _show_trouble(self, trouble: UserError) -> None:
        self._look.setEnabled(True)
        self._answer.setText(f"{trouble.title} {trouble.hint}")


def _open_page() -> None:
    QDesktopServices.openUrl(QUrl(RELEASES_PAGE))
