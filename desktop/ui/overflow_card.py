"""What is said above the composer where not all of a chat fits the window, and what one chooses."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from desktop.controllers.overflow import Question
from desktop.domain.context import Overflow
from desktop.domain.context_fit import Choose
from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button
from models.wording import number, tr, trn

_EXCERPT: Final = 60


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
        self._always = QCheckBox(tr("Always do so in this chat"))
        self.leave_out = push_button(
            tr("Leave them out"), "primary", lambda: self._choose(Overflow.DROP)
        )
        self.condense = push_button(
            tr("Condense them"), "outline", lambda: self._choose(Overflow.CONDENSE)
        )
        self.give_up = push_button(tr("Don't send"), "outline", self.given_up.emit)
        self._inspect = push_button(
            tr("What fills the window?"), "link", self.inspect_requested.emit
        )
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
        self._say(
            tr(
                "Not all of this chat fits: {tokens} tokens, and room for {room} beside the reply.",
                tokens=number(asked.tokens),
                room=number(asked.room),
            ),
            _what_would_go(asked)
            + " "
            + tr("System prompt and pinned messages stay, and nothing is deleted."),
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
            self._tell(tr("The next message doesn't fit the window, whatever is left out."))
        elif usage.known and usage.is_news:
            self._tell(_what_sending_does(usage))
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


def _what_would_go(asked: Choose) -> str:
    count, freed = len(asked.out), number(asked.freed)
    begin = _short(asked.out[0].turn.text) if asked.out else ""
    if begin and asked.is_cut:
        return trn(
            "The oldest message would go, from “{begin}” on and all that came before: {freed} "
            "tokens.",
            "The oldest {count} messages would go, from “{begin}” on and all that came before: "
            "{freed} tokens.",
            count,
            begin=begin,
            freed=freed,
        )
    if begin:
        return trn(
            "The oldest message would go, from “{begin}” on: {freed} tokens.",
            "The oldest {count} messages would go, from “{begin}” on: {freed} tokens.",
            count,
            begin=begin,
            freed=freed,
        )
    if asked.is_cut:
        return trn(
            "The oldest message would go and all that came before: {freed} tokens.",
            "The oldest {count} messages would go and all that came before: {freed} tokens.",
            count,
            freed=freed,
        )
    return trn(
        "The oldest message would go: {freed} tokens.",
        "The oldest {count} messages would go: {freed} tokens.",
        count,
        freed=freed,
    )


def _what_sending_does(usage: Usage) -> str:
    count, left = len(usage.left_out), number(usage.left_tokens)
    match usage.overflow:
        case Overflow.ASK:
            return trn(
                "You will be asked whether to leave out or to condense the oldest message "
                "({tokens} tokens).",
                "You will be asked whether to leave out or to condense the oldest {count} messages "
                "({tokens} tokens).",
                count,
                tokens=left,
            )
        case Overflow.DROP:
            return trn(
                "Sending leaves out the oldest message ({tokens} tokens).",
                "Sending leaves out the oldest {count} messages ({tokens} tokens).",
                count,
                tokens=left,
            )
        case Overflow.CONDENSE:
            return trn(
                "Sending condenses into a summary the oldest message ({tokens} tokens).",
                "Sending condenses into a summary the oldest {count} messages ({tokens} tokens).",
                count,
                tokens=left,
            )


def _short(text: str) -> str:
    line = " ".join(text[: 2 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"
