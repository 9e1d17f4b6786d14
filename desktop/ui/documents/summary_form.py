"""What a person wants of a summary: how long, in which language, on which question, told how."""

from __future__ import annotations

from typing import Final, get_args

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from desktop.domain.summary import Length, Prompts, Wish
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.models.fold import Fold
from desktop.ui.segments import Segments
from desktop.ui.theme import Theme
from desktop.work.estimating import Estimate
from desktop.work.prompts import summary_prompts
from desktop.work.summary_records import SummaryWish
from models.amounts import span_in_words
from models.wording import mark, number, tr, trn

LENGTHS: Final[dict[Length, str]] = {
    "paragraph": mark("A paragraph"),
    "page": mark("A page"),
    "outline": mark("An outline"),
}
_PROMPTS: Final = {
    "system": mark("For every step"),
    "section": mark("For each section"),
    "reduce": mark("To join notes that are still too long"),
    "final": mark("For the summary itself"),
}
_BRACES: Final = mark(
    "{title}, {length}, {focus} and {language} are filled in. Below the prompt follows the text, "
    "marked as data."
)
_PROMPT_HEIGHT: Final = 92


class SummaryForm(QWidget):
    """Asks for the wish and says what it is going to take. ``wished`` carries a ``SummaryWish``."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("summaryForm")
        self._length: Length = "page"
        self.lengths = Segments(tr("Length"), [(key, tr(LENGTHS[key])) for key in get_args(Length)])
        self.lengths.chosen.connect(self._on_length)
        self.language = _field(tr("Language"), tr("As in the document"))
        self.focus = _field(tr("Question"), tr("What should it answer above all? (optional)"))
        self.prompts: dict[str, QPlainTextEdit] = {}
        self.prompts_fold = Fold(theme, tr("Prompts"), self._make_prompts())
        self._estimate = label(kind="small", tone="secondary", wraps=True)
        self.button = push_button(tr("Summarize"), "primary", self._on_pressed)
        self.button.setObjectName("summarizeButton")
        layout = column(self, spacing=tokens.L)
        layout.addLayout(self._make_fields())
        layout.addWidget(self.prompts_fold)
        layout.addLayout(self._make_foot())
        self.show_wish(None)
        for field in (self.language, self.focus):
            field.returnPressed.connect(self._on_pressed)

    @property
    def wish(self) -> SummaryWish:
        """Return what is asked for now."""
        wish = Wish(
            length=self._length,
            language=self.language.text().strip(),
            focus=self.focus.text().strip(),
        )
        own = {name: edit.toPlainText() for name, edit in self.prompts.items()}
        return SummaryWish(wish=wish, prompts=msgspec.structs.replace(self._base, **own))

    @property
    def estimate_text(self) -> str:
        """Return what is said of time and tokens."""
        return self._estimate.text()

    def show_wish(self, wish: SummaryWish | None, *, focused: bool = False) -> None:
        """Begin from a wish; its question belongs to its documents: kept only if ``focused``."""
        self._base: Prompts = summary_prompts()
        self._length = wish.wish.length if wish else "page"
        self.lengths.show_value(self._length)
        self.language.setText(wish.wish.language if wish else "")
        self.focus.setText(wish.wish.focus if wish and focused else "")
        self._show_prompts(wish.prompts if wish else self._base)

    def show_estimate(self, found: Estimate | None, model: str) -> None:
        """Say what it is going to take with this model; None before that is known."""
        self.button.setEnabled(bool(model))
        if not model:
            self._estimate.setText(tr("Load a model to summarize with."))
        elif found is None:
            self._estimate.setText("")
        else:
            self._estimate.setText(_estimate_in_words(found, model))

    def set_documents(self, count: int) -> None:
        """Say how many documents the button is for."""
        self.button.setText(
            tr("Summarize")
            if count < 2
            else trn("Summarize {count} document", "Summarize {count} documents", count)
        )

    # --- parts -----------------------------------------------------------------------------------

    def _make_fields(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(tokens.L)
        form.setVerticalSpacing(tokens.M)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.addRow(label(tr("Length"), tone="secondary"), self.lengths)
        form.addRow(label(tr("Language"), tone="secondary"), self.language)
        form.addRow(label(tr("Question"), tone="secondary"), self.focus)
        return form

    def _make_prompts(self) -> QWidget:
        content = QWidget()
        layout = column(content, spacing=tokens.XS)
        layout.setContentsMargins(tokens.XL, 0, 0, 0)
        layout.addWidget(label(tr(_BRACES), kind="small", tone="secondary", wraps=True))
        for name, words in _PROMPTS.items():
            edit = QPlainTextEdit()
            edit.setAccessibleName(tr("Prompt: {name}", name=tr(words)))
            edit.setTabChangesFocus(True)
            edit.setFixedHeight(_PROMPT_HEIGHT)
            layout.addSpacing(tokens.S)
            layout.addWidget(label(tr(words), kind="small"))
            layout.addWidget(edit)
            self.prompts[name] = edit
        self.reset = push_button(tr("As they come with Snug"), "link", self._on_reset)
        layout.addSpacing(tokens.XS)
        layout.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        return content

    def _make_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(tokens.L)
        foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self._estimate, 1)
        return foot

    # --- what is pressed -------------------------------------------------------------------------

    def _on_length(self, length: Length) -> None:
        self._length = length

    def _on_reset(self) -> None:
        self._show_prompts(summary_prompts())

    def _on_pressed(self) -> None:
        if self.button.isEnabled():
            self.wished.emit(self.wish)

    def _show_prompts(self, prompts: Prompts) -> None:
        self._base = prompts
        for name, edit in self.prompts.items():
            edit.setPlainText(getattr(prompts, name).strip())


def _field(name: str, hint: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(hint)
    return field


def _estimate_in_words(found: Estimate, model: str) -> str:
    expected = found.expected
    tokens_in_all = expected.tokens_in + expected.tokens_out
    work = trn(
        "About {count} section and {tokens} tokens with {model}",
        "About {count} sections and {tokens} tokens with {model}",
        expected.sections,
        tokens=number(_rounded(tokens_in_all)),
        model=model,
    )
    if found.seconds is None:
        return tr("{work}. How long that takes shows once it has begun.", work=work)
    span = span_in_words(found.seconds)
    if found.is_measured:
        return tr("{work}: about {span}.", work=work, span=span)
    return tr("{work}: about {span} at a first guess.", work=work, span=span)


def _rounded(count: int) -> int:
    """Return two digits' worth of a number: an estimate is no truer."""
    power = max(0, len(str(count)) - 2)
    return int(round(count, -power))
