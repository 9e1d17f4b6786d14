"""The editor of few-shot examples: pairs of a message and its reply, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPlainTextEdit, QScrollArea, QWidget

from desktop.domain.presets import LONGEST_EXAMPLE, MOST_EXAMPLES, Example
from desktop.ui import tokens
from desktop.ui.controls import Card, IconButton, column, label, push_button
from desktop.ui.theme import Theme
from models.wording import mark, number, tr

_LINES = 3
_WORDS: Final = mark(
    "The model reads these before the conversation, as if it had written the replies itself. Two "
    "or three that differ from each other say more than a long instruction."
)


class ExamplesDialog(QDialog):
    """Shows examples as pairs. ``saved`` carries them as they are then."""

    saved = Signal(object)

    def __init__(self, theme: Theme, examples: Sequence[Example], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("examplesDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Examples"))
        self.resize(600, 520)
        self._theme = theme
        self.pairs: list[PairCard] = []
        self._before = tuple(examples)
        self._is_warned = False
        self._cancel = push_button(tr("Cancel"), "outline", self.reject)
        layout = column(self, spacing=tokens.M, margin=tokens.XL)
        layout.addWidget(label(tr("Examples"), kind="title"))
        layout.addWidget(label(tr(_WORDS), tone="secondary", wraps=True))
        layout.addWidget(self._make_scroll(), 1)
        self.trouble = label(tone="danger", wraps=True)
        self.trouble.hide()
        layout.addWidget(self.trouble)
        layout.addLayout(self._make_foot())
        for each in examples or (None,):
            self.add_pair(each)
        self.pairs[0].user.setFocus()

    def add_pair(self, example: Example | None = None) -> PairCard:
        """Add a pair at the end."""
        card = PairCard(self._theme, example)
        card.removed.connect(partial(self._remove, card))
        card.moved.connect(partial(self._move, card))
        self.pairs.append(card)
        self._cards.addWidget(card)
        self._number()
        return card

    def save(self) -> None:
        """Hand over what there is, unless a pair lacks a side; pairs with neither are left out."""
        written = self._written
        for card in written:
            if complaint := card.complaint(self.pairs.index(card) + 1):
                self._complain(complaint)
                card.focus_complaint()
                return
        self.saved.emit(tuple(card.example for card in written))
        self.accept()

    def reject(self) -> None:
        """Close without saving; what was written is dropped only when asked for twice."""
        texts = [(_text(card.user), _text(card.assistant)) for card in self._written]
        if self._is_warned or texts == [(each.user, each.assistant) for each in self._before]:
            super().reject()
            return
        self._is_warned = True
        self._complain(tr("These changes are not saved. Cancel once more to drop them."))

    @property
    def _written(self) -> list[PairCard]:
        return [card for card in self.pairs if not card.is_empty]

    def _complain(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.show()

    def _make_scroll(self) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        layout = column(inner, spacing=tokens.M)
        layout.setContentsMargins(0, 0, tokens.S, 0)
        self._cards = column(spacing=tokens.M)
        layout.addLayout(self._cards)
        self.add = push_button(tr("Add an example"), "link", self._on_add)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        scroll.setWidget(inner)
        self._scroll = scroll
        return scroll

    def _make_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        foot.addStretch(1)
        foot.addWidget(self._cancel)
        foot.addWidget(push_button(tr("Save"), "primary", self.save))
        return foot

    def _on_add(self) -> None:
        card = self.add_pair()

        def show() -> None:
            self._scroll.ensureWidgetVisible(card)
            card.user.setFocus()

        # Once it is laid out.
        QTimer.singleShot(0, card, show)

    def _remove(self, card: PairCard) -> None:
        at = self.pairs.index(card)
        self.pairs.remove(card)
        self._cards.removeWidget(card)
        card.hide()
        card.deleteLater()
        if not self.pairs:
            self.add_pair()
        self.pairs[min(at, len(self.pairs) - 1)].user.setFocus()
        self._number()

    def _move(self, card: PairCard, step: int) -> None:
        at = self.pairs.index(card)
        to = min(len(self.pairs) - 1, max(0, at + step))
        self.pairs.insert(to, self.pairs.pop(at))
        self._cards.removeWidget(card)
        self._cards.insertWidget(to, card)
        self._number()

    def _number(self) -> None:
        for place, card in enumerate(self.pairs, start=1):
            card.show_number(place, len(self.pairs))
        self.add.setEnabled(len(self.pairs) < MOST_EXAMPLES)
        # Tab goes by the order in which widgets were made.
        stops = [stop for card in self.pairs for stop in card.stops]
        for before, after in pairwise([*stops, self.add, self._cancel]):
            self.setTabOrder(before, after)


class PairCard(Card):
    """One example. ``moved`` carries a step up or down."""

    removed = Signal()
    moved = Signal(int)

    def __init__(self, theme: Theme, example: Example | None) -> None:
        super().__init__()
        self._name = label(kind="strong")
        # Their names tell the number, which is shown later.
        self.up = IconButton(theme, "arrow-up", "", lambda: self.moved.emit(-1))
        self.down = IconButton(theme, "arrow-down", "", lambda: self.moved.emit(1))
        self.remove = IconButton(theme, "trash", "", self.removed.emit)
        self.user = _editor(example.user if example else "", tr("What is asked"))
        self.assistant = _editor(example.assistant if example else "", tr("The reply you want"))
        layout = column(self, spacing=tokens.XS, margin=tokens.M)
        head = QHBoxLayout()
        head.setSpacing(tokens.XS)
        head.addWidget(self._name)
        head.addStretch(1)
        for button in (self.up, self.down, self.remove):
            head.addWidget(button)
        layout.addLayout(head)
        layout.addWidget(label(tr("User"), kind="small", tone="secondary"))
        layout.addWidget(self.user)
        layout.addWidget(label(tr("Assistant"), kind="small", tone="secondary"))
        layout.addWidget(self.assistant)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Return where Tab stops."""
        return self.up, self.down, self.remove, self.user, self.assistant

    @property
    def example(self) -> Example:
        """Return the pair."""
        return Example(user=_text(self.user), assistant=_text(self.assistant))

    @property
    def is_empty(self) -> bool:
        """Return whether neither side says anything."""
        return not _text(self.user) and not _text(self.assistant)

    def complaint(self, place: int) -> str:
        """Return what is wrong with the pair, which has this number; empty where nothing is."""
        if not _text(self.user):
            return tr(
                "Example {place} has no message. Write it, or remove the example.", place=place
            )
        if not _text(self.assistant):
            return tr("Example {place} has no reply. Write it, or remove the example.", place=place)
        longest = max(len(_text(self.user)), len(_text(self.assistant)))
        if longest > LONGEST_EXAMPLE:
            return tr(
                "Example {place} has {count} characters on one side; {most} are the most.",
                place=place,
                count=number(longest),
                most=number(LONGEST_EXAMPLE),
            )
        return ""

    def focus_complaint(self) -> None:
        """Put the focus where something is missing."""
        wanted = self.assistant if _text(self.user) else self.user
        wanted.setFocus()

    def show_number(self, place: int, count: int) -> None:
        """Show which of how many this is."""
        self._name.setText(tr("Example {place}", place=place))
        self.user.setAccessibleName(tr("Example {place}, user", place=place))
        self.assistant.setAccessibleName(tr("Example {place}, assistant", place=place))
        self.up.set_name(tr("Move example {place} up", place=place))
        self.down.set_name(tr("Move example {place} down", place=place))
        self.remove.set_name(tr("Remove example {place}", place=place))
        self.up.setEnabled(place > 1)
        self.down.setEnabled(place < count)


def _editor(text: str, placeholder: str) -> QPlainTextEdit:
    made = QPlainTextEdit(text)
    made.setPlaceholderText(placeholder)
    made.setTabChangesFocus(True)
    made.setFixedHeight(_LINES * made.fontMetrics().lineSpacing() + 2 * tokens.M)
    return made


def _text(editor: QPlainTextEdit) -> str:
    return editor.toPlainText().strip()
