"""A field for one number of the settings, checked by the option's own declaration."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from desktop.domain.errors import UserError
from desktop.settings.schema import OptionInfo
from desktop.settings.store import in_figures
from desktop.ui.controls import set_property
from desktop.ui.stops import nearest_stop
from models.wording import tr

Parse = Callable[[OptionInfo, str], object]
"""Reads a text as an option's value; raises UserError where it isn't allowed."""
_WIDTH = 84


class NumberField(QLineEdit):
    """Shows an option's value and takes a typed one at Enter or when the focus leaves.

    ``value_edited`` carries a value that is allowed, ``refused`` the ``UserError`` of one that
    isn't, and ``taken_back`` says that it is gone. Up and Down go to the next stop of the slider.
    """

    value_edited = Signal(object)
    refused = Signal(object)
    taken_back = Signal()

    def __init__(self, info: OptionInfo, stops: list[float], parse: Parse) -> None:
        super().__init__()
        self._parse = parse
        self._info = info
        self._stops = stops
        self._shown = ""
        self.setProperty("kind", "number")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(_WIDTH)
        if info.optional:
            self.setPlaceholderText(tr(info.option.zero))
        self.editingFinished.connect(self._on_finished)

    def set_stops(self, stops: list[float]) -> None:
        """Step through these values."""
        self._stops = stops

    def show_value(self, value: object) -> None:
        """Show the value that holds."""
        self._shown = format_value(value)
        self.setText(self._shown)
        self.setCursorPosition(0)
        set_property(self, "invalid", False)

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window while there is something to take back."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.text() != self._shown
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Up and Down; take the old value back with Escape."""
        match event.key():
            case Qt.Key.Key_Up:
                self._step(1)
            case Qt.Key.Key_Down:
                self._step(-1)
            case Qt.Key.Key_Escape if self.text() != self._shown:
                self.setText(self._shown)
                set_property(self, "invalid", False)
                self.taken_back.emit()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the number, so that typing replaces it."""
        super().focusInEvent(event)
        self.selectAll()

    def _step(self, by: int) -> None:
        try:
            value = self._parse(self._info, self.text())
        except UserError:
            return
        number = value if isinstance(value, (int, float)) else self._stops[0]
        index = nearest_stop(self._stops, number) + by
        self.value_edited.emit(self._stops[min(len(self._stops) - 1, max(0, index))])

    def _on_finished(self) -> None:
        if self.text() == self._shown:
            set_property(self, "invalid", False)
            return
        try:
            value = self._parse(self._info, self.text())
        except UserError as error:
            set_property(self, "invalid", True)
            self.refused.emit(error)
            return
        self.value_edited.emit(value)


def format_value(value: object) -> str:
    """Return the value as its field shows it."""
    if value is None:
        return ""
    return in_figures(value) if isinstance(value, float) else str(value)
