"""What a chat shows before its first message: three things to try, or ways to a first model."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from desktop.controllers.model import ModelState
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.first_model import FirstModel
from models.wording import mark, tr

EXAMPLES: Final = (
    mark("Explain gravity to a ten-year-old in three sentences."),
    mark("Write a short, friendly email that moves a meeting to Friday."),
    mark("Give me five ideas for a rainy Sunday at home."),
)


class EmptyState(QWidget):
    """A greeting and three example prompts; ``example_chosen`` carries the one to run.

    Where there is no model yet, ``first_model`` stands in their place.
    """

    example_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        outer = column(self, margin=tokens.XL)
        block = QWidget()
        block.setMaximumWidth(520)
        block.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        inner = column(block, spacing=tokens.S)
        self._title = label("", kind="title")
        inner.addWidget(self._title)
        self._model = label(tone="secondary", wraps=True)
        inner.addWidget(self._model)
        inner.addSpacing(tokens.L)
        self._examples = QWidget()
        examples = column(self._examples, spacing=tokens.S)
        for example in map(tr, EXAMPLES):
            button = push_button(example, "example", partial(self.example_chosen.emit, example))
            button.setAccessibleName(tr("Try: {example}", example=example))
            examples.addWidget(button)
        inner.addWidget(self._examples)
        self.first_model = FirstModel()
        inner.addWidget(self.first_model)
        outer.addStretch(2)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(block, 1000)
        row.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(3)
        self.show_model(ModelState())

    def show_model(self, state: ModelState) -> None:
        """Say which model answers."""
        self._title.setText(
            tr("Welcome to Snug") if state.needs_model else tr("What is on your mind?")
        )
        self._examples.setVisible(not state.needs_model)
        self.first_model.setVisible(state.needs_model)
        match state.status:
            case _ if state.needs_model:
                text = tr(
                    "Choose a model to begin: it runs on this computer, and nothing you write "
                    "leaves it."
                )
            case "ready":
                text = tr(
                    "{name} answers on this computer. Nothing you write leaves it.",
                    name=state.name,
                )
            case "failed" | "none":
                text = tr("Choose a model to begin. Nothing you write leaves this computer.")
            case _:
                text = tr("The model is loading. You can already write.")
        self._model.setText(text)
