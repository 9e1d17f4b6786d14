"""A summary of older messages, to be read and edited."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QWidget

from desktop.domain.context import Summary
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from models.wording import mark, tr

_WORDS = mark(
    "The model reads this in place of the messages above it. They are all still here. An empty "
    "summary leaves them out without a word."
)


class SummaryDialog(QDialog):
    """Shows a summary as it is. ``saved`` carries it and its new text."""

    saved = Signal(object, str)

    def __init__(self, summary: Summary, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("summaryDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Summary of older messages"))
        self.resize(560, 420)
        self._summary = summary
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(tr("Summary of older messages"), kind="title"))
        layout.addWidget(label(tr(_WORDS), tone="secondary", wraps=True))
        self.editor = QPlainTextEdit(summary.text)
        self.editor.setAccessibleName(tr("Summary"))
        self.editor.setTabChangesFocus(True)
        layout.addWidget(self.editor, 1)
        by = ""
        if summary.model_name:
            by = tr("Written by {model}.", model=summary.model_name)
            if summary.text != summary.made:
                by = tr("Written by {model} and edited since.", model=summary.model_name)
        layout.addWidget(label(by, kind="small", tone="secondary"))
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(push_button(tr("As it was written"), "link", self._take_back))
        row.addStretch(1)
        row.addWidget(push_button(tr("Cancel"), "outline", self.reject))
        row.addWidget(push_button(tr("Save"), "primary", self._save))
        layout.addLayout(row)

    def _take_back(self) -> None:
        self.editor.setPlainText(self._summary.made)

    def _save(self) -> None:
        self.saved.emit(self._summary, self.editor.toPlainText().strip())
        self.accept()
