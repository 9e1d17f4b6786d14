"""Why there is no model to talk to, and the buttons that mend it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from desktop.controllers.model import ModelController, ModelState
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, plain_tip, push_button, set_property
from models.estimate.records import Choice
from models.wording import tr

_QUARANTINED = "quarantined"


class ProblemCard(Card):
    """Shows a load that failed or was refused: what happened, what helps, and the ways on.

    ``choice_made`` carries a ``Choice`` that fits, for one click.
    """

    choice_made = Signal(object)
    anyway_requested = Signal()
    release_requested = Signal()
    choose_requested = Signal()
    embedded_requested = Signal()
    retry_requested = Signal()
    find_requested = Signal()

    def __init__(self) -> None:
        super().__init__("problem")
        self.setObjectName("problemCard")
        self._title = label(kind="strong", wraps=True)
        self._hint = label(tone="secondary", wraps=True)
        self._choices = QWidget()
        self._grid = QGridLayout(self._choices)
        self._grid.setContentsMargins(0, tokens.XS, 0, tokens.XS)
        self._grid.setHorizontalSpacing(tokens.M)
        self._grid.setVerticalSpacing(tokens.XS)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[Choice, ...] = ()
        self._embedded = push_button(
            tr("Use the embedded model"), "primary", self.embedded_requested.emit
        )
        self._retry = push_button(tr("Try again"), "primary", self.retry_requested.emit)
        self._find = push_button(tr("Find a model"), "primary", self.find_requested.emit)
        self._anyway = push_button(tr("Load anyway"), "outline", self.anyway_requested.emit)
        self._release = push_button(
            tr("Trust the file again"), "outline", self.release_requested.emit
        )
        self._choose = push_button(
            tr("Choose another file…"), "outline", self.choose_requested.emit
        )
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addWidget(self._choices)
        layout.addSpacing(tokens.S)
        layout.addLayout(self._make_row())
        self.hide()

    def connect_to(self, model: ModelController) -> None:
        """Let the buttons do what they say."""
        self.choice_made.connect(model.load_with)
        self.anyway_requested.connect(model.load_anyway)
        self.release_requested.connect(model.release_quarantine)
        self.embedded_requested.connect(lambda: model.open(""))
        self.retry_requested.connect(lambda: model.open(""))

    def show_model(self, state: ModelState) -> None:
        """Show the problem of a failed load; hide where there is none."""
        problem = state.problem if state.status == "failed" else None
        self.setVisible(problem is not None)
        if problem is None:
            return
        self._title.setText(problem.title)
        self._hint.setText(problem.hint)
        self._hint.setVisible(bool(problem.hint))
        self.setToolTip(plain_tip(problem.detail))
        self.setAccessibleName(f"{problem.title} {problem.hint}")
        self._show_choices(state.choices)
        # What fits is the best way on, where there is one.
        for button in (self._embedded, self._retry):
            set_property(button, "kind", "outline" if state.choices else "primary")
        self._embedded.setVisible(not state.embedded)
        self._retry.setVisible(state.embedded and not state.needs_model)
        self._find.setVisible(state.needs_model)
        self._anyway.setVisible(state.can_force)
        self._release.setVisible(problem.code == _QUARANTINED)

    def _make_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        ways = (self._embedded, self._retry, self._find, self._anyway, self._release, self._choose)
        for button in ways:
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _show_choices(self, choices: tuple[Choice, ...]) -> None:
        self._choices.setVisible(bool(choices))
        if choices == self._shown:
            return
        self._shown = choices
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for at, choice in enumerate(choices):
            take = partial(self.choice_made.emit, choice)
            kind = "outline" if at else "primary"
            self._grid.addWidget(_choice_button(choice, kind, take), at, 0)
            self._grid.addWidget(label(choice.detail, tone="secondary", wraps=True), at, 1)


def _choice_button(choice: Choice, kind: str, take: Callable[[], object]) -> QPushButton:
    button = push_button(choice.label, kind, take)
    button.setAccessibleName(f"{choice.label}. {choice.detail}")
    return button
