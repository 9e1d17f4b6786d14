"""What fills the context window, part by part, and what happens when it is full."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QWidget

from desktop.domain.context import Overflow
from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.context_bar import COLOURS, ContextBar, Swatch
from desktop.ui.controls import IconButton, column, label
from desktop.ui.segments import Segments
from desktop.ui.theme import Theme
from models.wording import mark, number, tr, trn

_WIDTH: Final = 320
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
    """Lies over ``host`` at its ``foot``, the composer's edge its own, and follows as one types.

    ``overflow_chosen`` carries what the chat does when the window is full.
    """

    overflow_chosen = Signal(object)

    def __init__(self, theme: Theme, host: QWidget, foot: QWidget, composer: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("usageTable")
        self.setProperty("kind", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Context window"))
        self.setFixedWidth(_WIDTH)
        self._theme = theme
        self._host = host
        self._foot = foot
        self._composer = composer
        foot.installEventFilter(self)
        layout = column(self, spacing=tokens.S, margin=tokens.L)
        layout.addLayout(self._make_head())
        self._bar = ContextBar(theme)
        layout.addWidget(self._bar)
        layout.addSpacing(tokens.XS)
        self._numbers: dict[str, QLabel] = {}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        layout.addLayout(self._make_table())
        self._left_out = label(kind="small", tone="warning", wraps=True)
        layout.addWidget(self._left_out)
        layout.addSpacing(tokens.XS)
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
            for part in self._rows[key]:
                part.setVisible(bool(tokens_of) or key not in _HIDDEN_IF_NONE)
        self._left_out.setText(_left_out_in_words(usage))
        self._left_out.setVisible(bool(usage.left_out) or usage.is_cut)
        self.ways.show_value(usage.overflow)
        self._bar.show_usage(usage)
        self._settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay above the foot, as that grows and moves."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Move}:
            self._settle()
        return super().eventFilter(watched, event)

    def _settle(self) -> None:
        self.adjustSize()
        edge = self._composer.mapTo(self._host, QPoint(self._composer.width(), 0)).x()
        top = self._foot.mapTo(self._host, QPoint()).y() - self.height()
        self.move(max(0, edge - self.width()), max(tokens.S, top))

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.addWidget(label(tr("Context window"), kind="strong"))
        head.addStretch(1)
        head.addWidget(IconButton(self._theme, "close", tr("Close"), self.hide))
        return head

    def _make_table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(tokens.S)
        grid.setVerticalSpacing(tokens.XS)
        grid.setColumnStretch(1, 1)
        for row, (key, name) in enumerate(_PARTS.items()):
            words, amount = label(tr(name)), label(tone="secondary")
            self._numbers[key] = amount
            self._rows[key] = (words, amount)
            if key in COLOURS:
                swatch = Swatch(self._theme, key)
                grid.addWidget(swatch, row, 0, Qt.AlignmentFlag.AlignVCenter)
                self._rows[key] = (swatch, words, amount)
            grid.addWidget(words, row, 1)
            grid.addWidget(amount, row, 2, Qt.AlignmentFlag.AlignRight)
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
