"""What can be done about the segment that has the focus."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from desktop.domain.page_words import place_at_start
from desktop.domain.translation import Translated
from desktop.ui import tokens
from desktop.ui.controls import push_button
from desktop.ui.elided import ElidedLabel
from models.wording import number, tr


class TranslateFoot(QFrame):
    """A line of buttons below the list; each signal is about the current segment."""

    only_requested = Signal()
    edit_requested = Signal()
    again_requested = Signal()
    accept_requested = Signal()
    revert_requested = Signal()
    source_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("translateFoot")
        self._words = ElidedLabel(kind="small", tone="secondary")
        self.only = push_button(tr("Translate only this"), "outline", self.only_requested.emit)
        self.edit = push_button(tr("Edit"), "outline", self.edit_requested.emit)
        self.again = push_button(tr("Try again"), "outline", self.again_requested.emit)
        self.accept = push_button(tr("It's right"), "outline", self.accept_requested.emit)
        self.accept.setToolTip(tr("Take the mark away: the translation is right as it stands."))
        self.revert = push_button(tr("Back to the model's"), "outline", self.revert_requested.emit)
        self.source = push_button(tr("Show source"), "outline", self.source_requested.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, tokens.S, 0, tokens.M)
        row.setSpacing(tokens.S)
        row.addWidget(self._words, 1)
        for button in self.buttons:
            row.addWidget(button)
        self.show_segment(None, page_word="", can_edit=False, is_busy=False)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """Return the buttons from left to right."""
        return self.accept, self.revert, self.again, self.edit, self.only, self.source

    def show_segment(
        self, each: Translated | None, *, page_word: str, can_edit: bool, is_busy: bool
    ) -> None:
        """Offer what this segment needs. ``is_busy``: the model has other work."""
        self._words.set_text(_words(each, page_word) if each is not None else "")
        state = each.state if each is not None else "kept"
        has_answer = can_edit and state in {"done", "edited", "failed"}
        can_begin = each is not None and not can_edit and each.segment.has_words
        self.only.setVisible(can_begin and not is_busy)
        self.edit.setVisible(has_answer)
        self.again.setVisible(has_answer)
        self.again.setEnabled(not is_busy)
        self.accept.setVisible(has_answer and state == "done" and bool(each and each.marks))
        self.revert.setVisible(has_answer and state == "edited")
        self.source.setVisible(each is not None)


def _words(each: Translated, page_word: str) -> str:
    page = each.segment.page
    place = place_at_start(page_word, number(page)) if page else ""
    state = {
        "kept": tr("kept as it is"),
        "edited": tr("your words"),
        "failed": tr("no translation"),
        "waiting": "",
        "done": "",
    }[each.state]
    return "  ·  ".join(filter(None, (place, state)))
