"""One option of the settings panel: its name, its value, what it does, and the way back."""

from __future__ import annotations

from enum import Enum
from functools import partial

import msgspec
from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.domain.errors import UserError
from desktop.settings.schema import Effect, GenerationSettings, OptionInfo, choice_name
from desktop.settings.store import parse_value
from desktop.ui import tokens
from desktop.ui.controls import IconButton, label
from desktop.ui.number_field import NumberField, Parse, format_value
from desktop.ui.segments import Segments
from desktop.ui.slider import Slider
from desktop.ui.stops import nearest_stop, slider_stops
from desktop.ui.switch import Switch
from desktop.ui.theme import Theme
from models.wording import mark, tr

_TYPING_PAUSE_MS = 400
_EFFECTS = {
    Effect.NEXT_TOKEN: mark("A change takes effect at the next token."),
    Effect.NEXT_REPLY: mark("A change takes effect with the next reply."),
    Effect.RELOAD: mark("A change reloads the model."),
}


class OptionRow(QWidget):
    """Base of a row. ``value_changed`` carries a value that is allowed."""

    value_changed = Signal(str, object)
    reset_requested = Signal(str)

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__()
        self.info = info
        self.setObjectName(f"option_{info.name}")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.XS)
        self._head = QHBoxLayout()
        self._head.setSpacing(tokens.XS)
        self._name = label(tr(info.option.label), kind="strong")
        self._dot = self._make_dot(theme)
        self._head.addWidget(self._name)
        self._head.addWidget(self._dot)
        self._head.addStretch(1)
        self._column.addLayout(self._head)
        self._trouble = label(kind="small", tone="danger", wraps=True)
        self._trouble.hide()
        self._help = label(tr(info.option.help), kind="small", tone="secondary", wraps=True)
        effect = _EFFECTS[info.option.effect]
        self._help.setToolTip(tr(effect))

    def show_value(self, value: object, default: object) -> None:
        """Show the value that holds, and whether it differs from the default."""
        self._dot.setVisible(value != default)
        shown = _in_words(self.info, default)
        option = tr(self.info.option.label)
        self._dot.set_name(tr("Reset {option} to {value}", option=option, value=_shortened(shown)))
        self._trouble.hide()

    def set_note(self, text: str) -> None:
        """Add a sentence of the moment to the option's help."""
        self._help.setText(f"{tr(self.info.option.help)} {text}".strip())

    def _finish_layout(self) -> None:
        self._column.addWidget(self._trouble)
        self._column.addWidget(self._help)

    def _on_refused(self, error: UserError) -> None:
        self._trouble.setText(f"{error.title} {error.hint}")
        self._trouble.show()

    def _make_dot(self, theme: Theme) -> IconButton:
        dot = IconButton(
            theme,
            "dot",
            tr("Reset"),
            lambda: self.reset_requested.emit(self.info.name),
            role="accent",
        )
        keeps_place = dot.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        dot.setSizePolicy(keeps_place)
        return dot


class NumberRow(OptionRow):
    """A number: a slider and a field that follow each other."""

    def __init__(
        self,
        theme: Theme,
        info: OptionInfo,
        maximum: float | None = None,
        parse: Parse = parse_value,
    ) -> None:
        super().__init__(theme, info)
        self._stops = slider_stops(info, maximum)
        self._field = NumberField(info, self._stops, parse)
        self._field.setAccessibleName(tr(info.option.label))
        self._field.setAccessibleDescription(tr(info.option.help))
        self._head.addWidget(self._field)
        self._slider: Slider | None = None
        if not info.optional:
            self._slider = Slider(theme)
            self._slider.setAccessibleName(tr("{option}, slider", option=tr(info.option.label)))
            self._slider.setRange(0, len(self._stops) - 1)
            self._slider.valueChanged.connect(self._on_slid)
            self._column.addWidget(self._slider)
        self._finish_layout()
        self._field.value_edited.connect(lambda value: self.value_changed.emit(info.name, value))
        self._field.refused.connect(self._on_refused)
        self._field.taken_back.connect(self._trouble.hide)

    def set_maximum(self, maximum: float) -> None:
        """Let the slider end at what the model or the machine has."""
        stops = slider_stops(self.info, maximum)
        if stops != self._stops and self._slider is not None:
            self._stops = stops
            self._field.set_stops(stops)
            with QSignalBlocker(self._slider):
                self._slider.setRange(0, len(stops) - 1)

    def show_value(self, value: object, default: object) -> None:
        """Show the value in the field and on the slider."""
        super().show_value(value, default)
        self._field.show_value(value)
        zero = self.info.option.zero
        told = zero if zero and value in (0, None) else self.info.option.unit
        self._field.setToolTip(tr(told))
        if self._slider is not None and isinstance(value, (int, float)):
            with QSignalBlocker(self._slider):
                self._slider.setValue(nearest_stop(self._stops, value))
            self._slider.update()

    def _on_slid(self, index: int) -> None:
        self.value_changed.emit(self.info.name, self._stops[index])


class TextRow(OptionRow):
    """A text of several lines, taken a moment after the last key."""

    def __init__(self, theme: Theme, info: OptionInfo, parse: Parse = parse_value) -> None:
        super().__init__(theme, info)
        self._parse = parse
        self._editor = QPlainTextEdit()
        self._editor.setAccessibleName(tr(info.option.label))
        self._editor.setAccessibleDescription(tr(info.option.help))
        lines = 2 if info.kind is tuple else 4
        self._editor.setFixedHeight(lines * self._editor.fontMetrics().lineSpacing() + 2 * tokens.M)
        self._editor.setTabChangesFocus(True)
        self._column.addWidget(self._editor)
        self._finish_layout()
        self._pause = QTimer(self, interval=_TYPING_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._take)
        self._editor.textChanged.connect(self._pause.start)

    def set_placeholder(self, text: str) -> None:
        """Show what holds while the text is empty."""
        self._editor.setPlaceholderText(text)

    def show_value(self, value: object, default: object) -> None:
        """Show the text, unless it is what the person has just typed."""
        super().show_value(value, default)
        text = "\n".join(value) if isinstance(value, tuple) else str(value)
        if self._pause.isActive() or self._parsed() == value:
            return
        with QSignalBlocker(self._editor):
            self._editor.setPlainText(text)

    def flush(self) -> None:
        """Take what is typed now, where a moment's pause has not yet done so."""
        if self._pause.isActive():
            self._take()

    def _take(self) -> None:
        self._pause.stop()
        try:
            value = self._parse(self.info, self._editor.toPlainText())
        except UserError as error:
            self._on_refused(error)
            return
        self.value_changed.emit(self.info.name, value)

    def _parsed(self) -> object:
        try:
            return self._parse(self.info, self._editor.toPlainText())
        except UserError:
            return None


class LineRow(OptionRow):
    """A text of one line: a path, an address. Taken at Enter or when the focus leaves."""

    def __init__(self, theme: Theme, info: OptionInfo, parse: Parse = parse_value) -> None:
        super().__init__(theme, info)
        self._parse = parse
        self._field = QLineEdit()
        self._field.setAccessibleName(tr(info.option.label))
        self._field.setAccessibleDescription(tr(info.option.help))
        self._field.setPlaceholderText(tr(info.option.zero))
        self._field.editingFinished.connect(self._take)
        self._shown = ""
        self._column.addWidget(self._field)
        self._finish_layout()

    def show_value(self, value: object, default: object) -> None:
        """Show the text."""
        super().show_value(value, default)
        self._shown = str(value)
        self._field.setText(self._shown)

    def _take(self) -> None:
        if self._field.text() == self._shown:
            return
        try:
            value = self._parse(self.info, self._field.text().strip())
        except UserError as error:
            self._on_refused(error)
            return
        self.value_changed.emit(self.info.name, value)


class SwitchRow(OptionRow):
    """On or off."""

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__(theme, info)
        self._switch = Switch(theme)
        self._switch.setAccessibleName(tr(info.option.label))
        self._switch.setAccessibleDescription(tr(info.option.help))
        self._switch.toggled.connect(lambda on: self.value_changed.emit(info.name, on))
        self._head.addWidget(self._switch)
        self._finish_layout()

    def show_value(self, value: object, default: object) -> None:
        """Show whether it is on."""
        super().show_value(value, default)
        with QSignalBlocker(self._switch):
            self._switch.setChecked(bool(value))
        self._switch.update()


class ChoiceRow(OptionRow):
    """One of a few: the values of an enumeration side by side."""

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__(theme, info)
        values = list(info.kind) if issubclass(info.kind, Enum) else []
        self._segments = Segments(
            tr(info.option.label), [(each, choice_name(str(each))) for each in values]
        )
        self._segments.chosen.connect(lambda value: self.value_changed.emit(info.name, value))
        self._column.addWidget(self._segments)
        self._finish_layout()

    def show_value(self, value: object, default: object) -> None:
        """Mark the value that holds."""
        super().show_value(value, default)
        self._segments.show_value(value)


def option_row(
    theme: Theme,
    info: OptionInfo,
    maximum: float | None = None,
    struct: type[msgspec.Struct] = GenerationSettings,
) -> OptionRow:
    """Return the row that fits the option's type; ``struct`` is what declares the option."""
    parse = partial(parse_value, struct=struct)
    if info.option.multiline:
        return TextRow(theme, info, parse)
    if info.kind is bool:
        return SwitchRow(theme, info)
    if issubclass(info.kind, Enum):
        return ChoiceRow(theme, info)
    if info.kind is str:
        return LineRow(theme, info, parse)
    return NumberRow(theme, info, maximum, parse)


def _in_words(info: OptionInfo, value: object) -> str:
    if isinstance(value, bool):
        return choice_name("on" if value else "off")
    if isinstance(value, Enum):
        return choice_name(str(value))
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value) or tr("empty")
    return format_value(value) or tr(info.option.zero) or tr("empty")


def _shortened(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= 40 else f"{line[:39]}…"
