"""Why there is no model to talk to, and the buttons that mend it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from desktop.controllers.model import ModelState
from desktop.ui import tokens
from desktop.ui.controls import Card, column, label, push_button


class ProblemCard(Card):
    """Shows a failed load: what happened, what helps, and the ways on."""

    choose_requested = Signal()
    embedded_requested = Signal()
    retry_requested = Signal()

    def __init__(self) -> None:
        super().__init__("problem")
        self.setObjectName("problemCard")
        self._title = label(kind="strong", wraps=True)
        self._hint = label(tone="secondary", wraps=True)
        self._embedded = push_button(
            "Use the embedded model", "primary", self.embedded_requested.emit
        )
        self._retry = push_button("Try again", "primary", self.retry_requested.emit)
        self._choose = push_button("Choose another file…", "outline", self.choose_requested.emit)
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addSpacing(tokens.S)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(self._embedded)
        row.addWidget(self._retry)
        row.addWidget(self._choose)
        row.addStretch(1)
        layout.addLayout(row)
        self.hide()

    def show_model(self, state: ModelState) -> None:
        """Show the problem of a failed load; hide where there is none."""
        problem = state.problem if state.status == "failed" else None
        self.setVisible(problem is not None)
        if problem is not None:
            self._title.setText(problem.title)
            self._hint.setText(problem.hint)
            self.setToolTip(problem.detail)
            self.setAccessibleName(f"{problem.title} {problem.hint}")
            self._embedded.setVisible(not state.embedded)
            self._retry.setVisible(state.embedded)
