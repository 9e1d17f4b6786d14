"""What fills the context window, part by part, and what happens when it is full."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from desktop.domain.context import Overflow
from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.segments import Segments
from models.wording import mark, number, tr, trn

_PARTS: Final = {
    "system": mark("System prompt"),
    "examples": mark("Examples"),
    "summary": mark("Summary of older messages"),
    "messages": mark("Conversation"),
    "documents": mark("Documents"),
    "draft": mark("Unsent message"),
    "template": mark("The model's own template"),
    "reply": mark("Kept for the reply"),
    "free": mark("Free"),
    "context": mark("Whole window, in tokens"),
}
_HIDDEN_IF_NONE: Final = frozenset({"examples", "summary", "documents"})
_WAYS: Final = (
    (Overflow.ASK, mark("Ask")),
    (Overflow.DROP, mark("Leave out")),
    (Overflow.CONDENSE, mark("Condense")),
)


class ContextInspector(QFrame):
    """Opens over the window and closes when one looks elsewhere. Its numbers follow as one types.

    ``overflow_chosen`` carries what the chat does when the window is full.
    """

    overflow_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("usageTable")
        self.setProperty("kind", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("Context window"))
        layout = column(self, spacing=tokens.S, margin=tokens.L)
        layout.addWidget(label(tr("Context window"), kind="strong"))
        self._numbers: dict[str, QLabel] = {}
        self._words: dict[str, QLabel] = {}
        layout.addLayout(self._make_table())
        self._left_out = label(kind="small", tone="warning", wraps=True)
        layout.addWidget(self._left_out)
        layout.addWidget(label(tr("When it is full, in this chat"), kind="small", tone="secondary"))
        ways = [(how, tr(name)) for how, name in _WAYS]
        self.ways = Segments(tr("When the window is full"), ways)
        self.ways.chosen.connect(self.overflow_chosen)
        layout.addWidget(self.ways)

    def show_usage(self, usage: Usage) -> None:
        """Show these numbers."""
        for key, amount in self._numbers.items():
            tokens_of = getattr(usage, key)
            amount.setText(number(tokens_of))
            shown = bool(tokens_of) or key not in _HIDDEN_IF_NONE
            amount.setVisible(shown)
            self._words[key].setVisible(shown)
        self._left_out.setText(_left_out_in_words(usage))
        self._left_out.setVisible(bool(usage.left_out) or usage.is_cut)
        self.ways.show_value(usage.overflow)

    def _make_table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.XL)
        grid.setVerticalSpacing(tokens.XS)
        for row, (key, name) in enumerate(_PARTS.items()):
            words, amount = label(tr(name)), label(tone="secondary")
            grid.addWidget(words, row, 0)
            grid.addWidget(amount, row, 1, Qt.AlignmentFlag.AlignRight)
            self._words[key], self._numbers[key] = words, amount
        return grid


def _left_out_in_words(usage: Usage) -> str:
    count, left = len(usage.left_out), number(usage.left_tokens)
    if usage.is_cut:
        return trn(
            "{count} message and all before it don't fit: {tokens} tokens. What is left out is "
            "marked in the chat.",
            "{count} messages and all before them don't fit: {tokens} tokens. What is left out is "
            "marked in the chat.",
            count,
            tokens=left,
        )
    return trn(
        "{count} message doesn't fit: {tokens} tokens. What is left out is marked in the chat.",
        "{count} messages don't fit: {tokens} tokens. What is left out is marked in the chat.",
        count,
        tokens=left,
    )
