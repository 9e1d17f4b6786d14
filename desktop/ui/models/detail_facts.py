"""What a model's file says of itself: metadata, tensors by type, chat template."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from desktop.ui import tokens
from desktop.ui.controls import column, plain_tip
from desktop.ui.models.verdicts import small_print
from models.amounts import count_in_words, size_in_words
from models.library.entry import ModelDetail
from models.wording import number, tr

_ROWS_SHOWN: Final = 14
_TEMPLATE_LINES: Final = 12


class FileFacts:
    """Three parts of a model's page, filled from one reading of the file."""

    def __init__(self) -> None:
        self._metadata = _Table(tr("Metadata"), (tr("Key"), tr("Value")))
        self._tensors = _Table(
            tr("Tensors by type"), (tr("Type"), tr("Tensors"), tr("Weights"), tr("Size"))
        )
        self._template = QPlainTextEdit()
        self._template.setReadOnly(True)
        self._template.setTabChangesFocus(True)
        self._template.setAccessibleName(tr("Chat template"))
        self._template.setProperty("kind", "code")
        self._template_note = small_print()
        self.metadata: QWidget = self._metadata
        self.tensors: QWidget = self._tensors
        self.template = QWidget()
        layout = column(self.template, spacing=tokens.S)
        layout.addWidget(self._template_note)
        layout.addWidget(self._template)

    def show_detail(self, detail: ModelDetail) -> None:
        """Show what was read of a file."""
        self._metadata.fill(detail.metadata)
        self._tensors.fill(
            [
                (
                    group.type_name,
                    number(group.count),
                    count_in_words(group.elements),
                    size_in_words(group.size_bytes),
                )
                for group in detail.tensors
            ]
        )
        self._template.setPlainText(detail.template)
        self._template.setVisible(bool(detail.template))
        lines = min(_TEMPLATE_LINES, 4 + detail.template.count("\n"))
        spacing = self._template.fontMetrics().lineSpacing()
        self._template.setFixedHeight(lines * spacing + 2 * tokens.M)
        self._template_note.setText(
            tr("From the model's own file; it says how a chat is written out for the model.")
            if detail.template
            else tr("The file carries none. Snug writes chats out in the common ChatML form.")
        )

    def show_trouble(self, text: str) -> None:
        """Say why there is nothing to show."""
        self.clear()
        self._template_note.setText(text)

    def clear(self) -> None:
        """Show nothing."""
        self._metadata.fill(())
        self._tensors.fill(())
        self._template.clear()
        self._template.hide()
        self._template_note.clear()


class _Table(QTableWidget):
    """Rows of text, as high as they need up to a limit."""

    def __init__(self, name: str, headings: tuple[str, ...]) -> None:
        super().__init__(0, len(headings))
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(headings)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setMaximumSectionSize(260)

    def fill(self, rows: object) -> None:
        """Show these rows."""
        texts: list[tuple[str, ...]] = list(rows)  # type: ignore[call-overload]
        self.setRowCount(len(texts))
        for at, row in enumerate(texts):
            for place, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setToolTip(plain_tip(text[:2000]))
                self.setItem(at, place, item)
        shown = min(_ROWS_SHOWN, max(1, len(texts)))
        height = shown * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 4)
