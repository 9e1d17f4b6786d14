"""Before a search: good models to start with, those for this computer first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.controllers.judging import StartingVerdicts
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button, set_property
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.discover_words import SEPARATOR
from desktop.ui.models.starting_words import GOOD_FOR
from desktop.ui.models.verdicts import VERDICT_ROLES, verdict_text
from models.amounts import count_in_words, size_in_words
from models.catalogue import StartingModel
from models.estimate.records import Judgement
from models.wording import number, tr

_ROUNDING_GB: Final = 0.9
"""A machine of 16 GB has a little less to show: what its graphics and firmware keep."""

_COMFORTABLE: Final = 7.0
"""Tokens a second that one reads along with."""


class StartingView(QWidget):
    """Lists the catalogue by memory class. ``opened`` carries the repository of a model."""

    opened = Signal(str)

    def __init__(
        self, models: Sequence[StartingModel], embedders: Sequence[StartingModel] = ()
    ) -> None:
        super().__init__()
        self._models = tuple(models)
        self._embedders = tuple(embedders)
        self._groups: list[QWidget] = []
        self._column = column(self, spacing=tokens.XL)
        self._show(None)

    def show_verdicts(self, verdicts: StartingVerdicts) -> None:
        """Sort the classes by this machine's memory and show which of them run."""
        self._show(verdicts)

    def words(self) -> list[str]:
        """Return what is said, from top to bottom."""
        return [each.text() for group in self._groups for each in group.findChildren(QLabel)]

    def _show(self, verdicts: StartingVerdicts | None) -> None:
        for group in self._groups:
            group.hide()
            group.deleteLater()
        self._groups = []
        if verdicts is not None and (best := best_here(self._models, verdicts)) is not None:
            self._add_group(tr("A good one to start with on this computer"), [best], verdicts)
        else:
            best = None
        mine = _class_of(self._models, verdicts.memory_bytes) if verdicts else 0
        classes = [(size, list(found)) for size, found in groupby(self._models, _memory_gb)]
        for size, models in sorted(classes, key=lambda each: _distance(each[0], mine)):
            title = _title(size, verdicts if size == mine else None)
            others = [model for model in models if model is not best]
            if others:
                self._add_group(title, others, verdicts)
        if self._embedders:
            self._add_group(tr("To search documents by meaning"), self._embedders, None)

    def _add_group(
        self, title: str, models: Sequence[StartingModel], verdicts: StartingVerdicts | None
    ) -> None:
        judgements = verdicts.by_name if verdicts else {}
        group = QWidget()
        inner = column(group, spacing=tokens.XS)
        inner.addWidget(label(title, kind="heading"))
        for model in models:
            row = StartingRow(model, judgements.get(model.name))
            row.opened.connect(partial(self.opened.emit, model.repo))
            inner.addWidget(row)
        self._column.addWidget(group)
        self._groups.append(group)


class StartingRow(QFrame):
    """A model of the catalogue: its name, what it is good for, and whether it runs here."""

    opened = Signal()

    def __init__(self, model: StartingModel, judgement: Judgement | None) -> None:
        super().__init__()
        self.setProperty("kind", "row")
        badge = label(kind="badge")
        if judgement is None:
            badge.hide()
        else:
            badge.setText(verdict_text(judgement))
            badge.setToolTip(judgement.reason)
            set_property(badge, "tone", VERDICT_ROLES[judgement.verdict])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, tokens.S, 0, tokens.S)
        row.setSpacing(tokens.M)
        words = column(spacing=tokens.XS)
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        head.addWidget(label(model.name, kind="strong"))
        head.addWidget(badge)
        head.addStretch(1)
        words.addLayout(head)
        words.addWidget(label(tr(GOOD_FOR[model.name]), wraps=True))
        words.addWidget(ElidedLabel(_facts(model), kind="small", tone="secondary"))
        row.addLayout(words, 1)
        row.addWidget(self._make_button(model))

    def _make_button(self, model: StartingModel) -> QPushButton:
        button = push_button(tr("See its files"), "outline", self.opened.emit)
        button.setAccessibleName(tr("See the files of {name}", name=model.name))
        return button


def best_here(models: Sequence[StartingModel], verdicts: StartingVerdicts) -> StartingModel | None:
    """Return the largest model that writes as fast as one reads, None where there is none.

    One that runs wholly on the GPU goes before one that is divided.
    """
    quick = [
        model
        for model in models
        if (judgement := verdicts.by_name.get(model.name)) is not None
        and judgement.verdict != "no_fit"
        and (judgement.tokens_per_second or 0) >= _COMFORTABLE
    ]

    def worth(model: StartingModel) -> tuple[bool, int]:
        return verdicts.by_name[model.name].verdict == "gpu", model.parameters

    return max(quick, key=worth, default=None)


def _memory_gb(model: StartingModel) -> int:
    return model.memory_gb


def _class_of(models: Sequence[StartingModel], memory_bytes: int) -> int:
    """Return the largest class that this memory is enough for; the smallest for less."""
    sizes = sorted({model.memory_gb for model in models})
    fitting = [size for size in sizes if size * _ROUNDING_GB * 2**30 <= memory_bytes]
    return fitting[-1] if fitting else sizes[0] if sizes else 0


def _distance(size: int, mine: int) -> tuple[bool, int]:
    """Sort the classes: this machine's, then the ever smaller ones, then the ever larger ones."""
    return (True, size) if size > mine else (False, -size)


def _title(size: int, mine: StartingVerdicts | None) -> str:
    if mine is None:
        return tr("For {size} GB of memory", size=size)
    here = number(mine.memory_bytes / 2**30)
    if mine.on_gpu:
        return tr("For this computer, with {size} GB of graphics memory", size=here)
    return tr("For this computer, with {size} GB of memory", size=here)


def _facts(model: StartingModel) -> str:
    return SEPARATOR.join(
        (
            tr("{amount} parameters", amount=count_in_words(model.parameters)),
            f"{model.quantization}, {size_in_words(model.size_bytes)}",
            model.license,
            model.repo,
        )
    )
