"""What is said above the composer where not all of a chat fits the window, and what one chooses."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from desktop.controllers.overflow import Question
from desktop.domain.context import Overflow
from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button

_EXCERPT: Final = 60
_WAYS: Final = {
    Overflow.ASK: "You will be asked whether to leave out or to condense",
    Overflow.DROP: "Sending leaves out",
    Overflow.CONDENSE: "Sending condenses into a summary",
}


class OverflowCard(Card):
    """Asks about a reply that waits, or tells what the next message is going to leave out.

    ``chosen`` carries the way, and whether it holds for the chat from now on.
    """

    chosen = Signal(object, bool)
    given_up = Signal()
    inspect_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("overflowCard")
        self._question: Question | None = None
        self._title = label(kind="strong", wraps=True)
        self._text = label(tone="secondary", wraps=True)
        self._always = QCheckBox("Always do so in this chat")
        self.leave_out = push_button(
            "Leave them out", "primary", lambda: self._choose(Overflow.DROP)
        )
        self.condense = push_button(
            "Condense them", "outline", lambda: self._choose(Overflow.CONDENSE)
        )
        self.give_up = push_button("Don't send", "outline", self.given_up.emit)
        self._inspect = push_button("What fills the window?", "link", self.inspect_requested.emit)
        self._buttons = QWidget()
        choices = column(self._buttons, spacing=tokens.S)
        choices.setContentsMargins(0, tokens.S, 0, 0)
        choices.addWidget(self._always)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        for part in (self.leave_out, self.condense, self.give_up):
            row.addWidget(part)
        row.addStretch(1)
        choices.addLayout(row)
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        for widget in (self._title, self._text, self._buttons, self._inspect):
            layout.addWidget(widget)
        self.hide()

    @property
    def text(self) -> str:
        """Return what the card says, empty while it says nothing."""
        return "" if self.isHidden() else self.accessibleName()

    def show_question(self, question: Question | None) -> None:
        """Ask, or with None ask no more."""
        had, self._question = self._question, question
        if question is None:
            if had is not None:
                self.hide()
            return
        asked = question.choose
        older = " and all that came before" if asked.is_cut else ""
        first = asked.out[0].turn.text if asked.out else ""
        begins = f", from “{_short(first)}” on" if first else ""
        self._say(
            f"Not all of this chat fits: {asked.tokens:,} tokens, and room for {asked.room:,} "
            "beside the reply.",
            f"{_messages(len(asked.out))} would go{begins}{older}: {asked.freed:,} tokens. "
            "System prompt and pinned messages stay, and nothing is deleted.",
        )
        self._buttons.show()
        self._inspect.hide()
        self._always.setChecked(False)
        self.leave_out.setFocus()

    def show_usage(self, usage: Usage) -> None:
        """Tell what the next message would leave out."""
        if self._question is not None:
            return
        if usage.over:
            self._tell("The next message doesn't fit the window, whatever is left out.")
        elif usage.known and usage.is_news:
            count = _messages(len(usage.left_out), "the oldest ").lower()
            self._tell(f"{_WAYS[usage.overflow]} {count} ({usage.left_tokens:,} tokens).")
        else:
            self.hide()

    def _tell(self, text: str) -> None:
        self._say("", text)
        self._buttons.hide()
        self._inspect.show()

    def _say(self, title: str, text: str) -> None:
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._text.setText(text)
        self.setAccessibleName(f"{title} {text}".strip())
        self.show()

    def _choose(self, how: Overflow) -> None:
        self.chosen.emit(how, self._always.isChecked())


def _messages(count: int, which: str = "The oldest ") -> str:
    return f"{which}message" if count == 1 else f"{which}{count} messages"


def _short(text: str) -> str:
    line = " ".join(text[: 2 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"
