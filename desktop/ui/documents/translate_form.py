"""What a person wants of a translation: into which language, and which words are settled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QWidget

from desktop.domain.errors import UserError
from desktop.domain.glossary import Term, parse_glossary
from desktop.domain.languages import LANGUAGES, find_language, guess_language
from desktop.domain.segments import Segment
from desktop.domain.translation import Wish
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button, set_property
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.fold import Fold
from desktop.ui.theme import Theme
from models.wording import mark, number, tr, trn

_FIELD_WIDTH: Final = 168
_GLOSSARY_HEIGHT: Final = 84
_OFTEN: Final = frozenset(("ar", "zh", "en", "fr", "de", "hi", "it", "ja", "pt", "ru", "es"))
"""Languages that stand in the first menu: all of them would fill the screen."""
_SAMPLE: Final = 40
_BYTES_A_TOKEN: Final = 4
_HINT: Final = mark(
    "One term a line, such as “harbour = Hafen”. A translation that doesn't keep to it is marked."
)


class TranslateForm(QWidget):
    """Asks for the wish and says how much it is. ``wished`` carries a ``Wish``."""

    wished = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("translateForm")
        self._segments: Sequence[Segment] = ()
        self._to_ask: Sequence[Segment] = ()
        self._chosen: Sequence[Segment] = ()
        self._source = ""
        self._is_busy = False
        self._made: Wish | None = None
        self.language = self._make_field()
        self._menu_button = IconButton(theme, "chevron-down", tr("Languages"), self._show_menu)
        self.button = push_button(tr("Translate"), "primary", self._on_pressed)
        self.button.setObjectName("translateButton")
        self._about = ElidedLabel(kind="small", tone="secondary")
        self.glossary = QPlainTextEdit()
        self.glossary.setAccessibleName(tr("Glossary"))
        self.glossary.setPlaceholderText(tr("harbour = Hafen"))
        self.glossary.setTabChangesFocus(True)
        self.glossary.setFixedHeight(_GLOSSARY_HEIGHT)
        self.glossary.textChanged.connect(lambda: self._show_trouble(""))
        self._trouble = label(kind="small", tone="danger", wraps=True)
        self._trouble.hide()
        self.fold = Fold(theme, tr("Glossary"), self._make_glossary())
        layout = column(self, spacing=tokens.S)
        layout.addLayout(self._make_row())
        layout.addWidget(self.fold)
        self._tell()

    @property
    def about_text(self) -> str:
        """Return what is said of the work before it begins."""
        return self._about.text()

    def set_segments(self, segments: Sequence[Segment]) -> None:
        """Take over the segments of another document."""
        self._segments = segments
        self._to_ask = [each for each in segments if each.has_words]
        guess = guess_language(" ".join(each.text for each in self._to_ask[:_SAMPLE]))
        self._source = guess.name if guess else ""
        self.set_chosen(())

    def set_chosen(self, chosen: Sequence[Segment]) -> None:
        """Take over the segments that are selected: from two on, only these are translated."""
        self._chosen = chosen if len(chosen) > 1 else ()
        self._tell()

    def wish_only(self, segment: Segment) -> None:
        """Ask for this segment alone, into the language that is chosen."""
        if not self.language.text().strip():
            self.language.setFocus()
            return
        self._wish((segment.number,))

    def set_busy(self, *, busy: bool) -> None:
        """Begin nothing while the document is being translated."""
        self._is_busy = busy
        self._tell()

    def show_wish(self, wish: Wish | None) -> None:
        """Begin from the wish of the translation that is shown, if there is one."""
        self._made = wish
        if wish is None:
            self._tell()
            return
        self.language.setText(tr(wish.language_name))
        lines = (f"{term.source} = {term.target}" for term in wish.glossary)
        self.glossary.setPlainText("\n".join(lines))
        self._tell()

    # --- parts -----------------------------------------------------------------------------------

    def _make_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(tr("Into which language"))
        field.setPlaceholderText(tr("Language"))
        field.setFixedWidth(_FIELD_WIDTH)
        completer = QCompleter([tr(each.name) for each in LANGUAGES], field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        # In the line itself: a list that pops up would lie over the text.
        completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        field.setCompleter(completer)
        field.textChanged.connect(lambda _text: self._tell())
        field.returnPressed.connect(self._on_pressed)
        return field

    def _make_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        row.addWidget(label(tr("Into"), tone="secondary"))
        row.addWidget(self.language)
        row.addWidget(self._menu_button)
        row.addSpacing(tokens.XS)
        row.addWidget(self.button)
        row.addSpacing(tokens.S)
        row.addWidget(self._about, 1)
        return row

    def _make_glossary(self) -> QWidget:
        content = QWidget()
        layout = column(content, spacing=tokens.XS)
        layout.setContentsMargins(tokens.XL, 0, 0, tokens.S)
        layout.addWidget(label(tr(_HINT), kind="small", tone="secondary", wraps=True))
        layout.addWidget(self.glossary)
        layout.addWidget(self._trouble)
        return content

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        more = QMenu(tr("More"), menu)
        for language in LANGUAGES:
            into = menu if language.code in _OFTEN else more
            name = tr(language.name)
            into.addAction(name, partial(self.language.setText, name))
        menu.addMenu(more)
        button = self._menu_button
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))

    # --- what is said and pressed ----------------------------------------------------------------

    def _tell(self) -> None:
        to_ask = [s for s in self._chosen if s.has_words] if self._chosen else self._to_ask
        language = self.language.text().strip()
        is_new = bool(self._chosen) or not self._is_made(language)
        self.button.setText(
            tr("Translate {count} selected", count=number(len(self._chosen)))
            if self._chosen
            else (tr("Translate") if is_new else tr("Translate again"))
        )
        # Beginning again is not what one comes for where there is a translation.
        set_property(self.button, "kind", "primary" if is_new else "outline")
        self.button.setEnabled(bool(language and to_ask) and not self._is_busy)
        known = find_language(language)
        if known is not None and known.name == self._source:
            self._about.set_text(
                tr("The document seems to be in {language} already.", language=tr(known.name))
            )
        elif self._segments and not to_ask:
            self._about.set_text(tr("There are no words to translate."))
        elif language and known is None and is_new:
            self._about.set_text(
                tr("Whether a text is in “{language}” can't be checked here.", language=language)
            )
        elif to_ask and is_new:
            size = sum(len(each.text.encode()) for each in to_ask) // _BYTES_A_TOKEN
            self._about.set_text(
                trn(
                    "{count} segment, about {tokens} tokens.",
                    "{count} segments, about {tokens} tokens.",
                    len(to_ask),
                    tokens=number(_rounded(size)),
                )
            )
        else:
            self._about.set_text("")

    def _is_made(self, language: str) -> bool:
        """Return whether what is shown is the whole document in this language."""
        made = self._made
        if made is None or made.numbers or made.pages:
            return False
        return made.language_name == Wish(language=language).language_name

    def _on_pressed(self) -> None:
        if self.button.isEnabled():
            self._wish(tuple(each.number for each in self._chosen))

    def _wish(self, numbers: tuple[int, ...]) -> None:
        try:
            glossary: tuple[Term, ...] = parse_glossary(self.glossary.toPlainText())
        except UserError as error:
            self._show_trouble(f"{error.title} {error.hint}")
            return
        written = self.language.text().strip()
        known = find_language(written)
        # Under the name that is known in every language of the window.
        language = known.name if known is not None else written
        self.wished.emit(Wish(language=language, glossary=glossary, numbers=numbers))

    def _show_trouble(self, text: str) -> None:
        self._trouble.setText(text)
        self._trouble.setVisible(bool(text))
        set_property(self.glossary, "invalid", bool(text))
        if text and not self.fold.is_open:
            self.fold.toggle()


def _rounded(count: int) -> int:
    """Return two digits' worth of a number: an estimate is no truer."""
    power = max(0, len(str(count)) - 2)
    return int(round(count, -power))
