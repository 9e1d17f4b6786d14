"""Light or dark, and the size of the conversation's text."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from desktop.controllers.settings import SettingsController
from desktop.settings.schema import APP_OPTIONS, AppSettings
from desktop.settings.schema import Theme as Choice
from desktop.settings.store import parse_value
from desktop.ui import tokens
from desktop.ui.controls import column, label, push_button
from desktop.ui.option_row import NumberRow
from desktop.ui.theme import Theme

_NAMES = {Choice.SYSTEM: "System", Choice.LIGHT: "Light", Choice.DARK: "Dark"}


class AppearanceGroup(QWidget):
    """The options of the window itself: they belong to no chat."""

    def __init__(self, theme: Theme, settings: SettingsController) -> None:
        super().__init__()
        self._settings = settings
        layout = column(self, spacing=tokens.S)
        options = {info.name: info for info in APP_OPTIONS}
        layout.addWidget(label(options["theme"].option.label, kind="strong"))
        layout.addWidget(self._make_choices())
        layout.addSpacing(tokens.S)
        self._scale = NumberRow(
            theme, options["text_scale"], parse=partial(parse_value, struct=AppSettings)
        )
        self._scale.value_changed.connect(lambda _name, value: settings.set_text_scale(value))
        self._scale.reset_requested.connect(
            lambda _name: settings.set_text_scale(AppSettings().text_scale)
        )
        layout.addWidget(self._scale)
        settings.app_changed.connect(self._show)
        self._show(settings.app)

    def _make_choices(self) -> QWidget:
        frame = QWidget()
        frame.setObjectName("segments")
        frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(frame)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._buttons = {}
        group = QButtonGroup(self)
        for choice, name in _NAMES.items():
            button = push_button(name, "segment", partial(self._settings.set_theme, choice))
            button.setCheckable(True)
            button.setAccessibleName(f"Appearance: {name}")
            group.addButton(button)
            row.addWidget(button, 1)
            self._buttons[choice] = button
        return frame

    def _show(self, app: AppSettings) -> None:
        self._buttons[app.theme].setChecked(True)
        self._scale.show_value(app.text_scale, AppSettings().text_scale)
