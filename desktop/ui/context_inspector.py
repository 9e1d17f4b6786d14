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

_PARTS: Final = {
    "system": "System prompt",
    "examples": "Examples",
    "summary": "Summary of older messages",
    "messages": "Conversation",
    "documents": "Documents",
    "draft": "Unsent message",
    "template": "The model's own template",
    "reply": "Kept for the reply",
    "free": "Free",
    "context": "Whole window, in tokens",
}
_HIDDEN_IF_NONE: Final = frozenset({"examples", "summary", "documents"})
_WAYS: Final = (
    (Overflow.ASK, "Ask"),
    (Overflow.DROP, "Leave out"),
    (Overflow.CONDENSE, "Condense"),
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
        self.setAccessibleName("Context window")
        layout = column(self, spacing=tokens.S, margin=tokens.L)
        layout.addWidget(label("Context window", kind="strong"))
        self._numbers: dict[str, QLabel] = {}
        self._words: dict[str, QLabel] = {}
        layout.addLayout(self._make_table())
        self._left_out = label(kind="small", tone="warning", wraps=True)
        layout.addWidget(self._left_out)
        layout.addWidget(label("When it is full, in this chat", kind="small", tone="secondary"))
        self.ways = Segments("When the window is full", _WAYS)
        self.ways.chosen.connect(self.overflow_chosen)
        layout.addWidget(self.ways)

    def show_usage(self, usage: Usage) -> None:
        """Show these numbers."""
        for key, number in self._numbers.items():
            tokens_of = getattr(usage, key)
            number.setText(f"{tokens_of:,}")
            shown = bool(tokens_of) or key not in _HIDDEN_IF_NONE
            number.setVisible(shown)
            self._words[key].setVisible(shown)
        count = len(usage.left_out)
        older = " and all before them" if usage.is_cut else ""
        self._left_out.setText(
            f"{count:,} messages{older} don't fit: {usage.left_tokens:,} tokens. What is left out "
            "is marked in the chat."
        )
        self._left_out.setVisible(bool(count) or usage.is_cut)
        self.ways.show_value(usage.overflow)

    def _make_table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.XL)
        grid.setVerticalSpacing(tokens.XS)
        for row, (key, name) in enumerate(_PARTS.items()):
            words, number = label(name), label(tone="secondary")
            grid.addWidget(words, row, 0)
            grid.addWidget(number, row, 1, Qt.AlignmentFlag.AlignRight)
            self._words[key], self._numbers[key] = words, number
        return grid
