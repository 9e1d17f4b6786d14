"""Light or dark, and the size of the conversation's text."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from desktop.controllers.settings import SettingsController
from desktop.settings.schema import APP_OPTIONS, AppSettings
from desktop.settings.schema import Theme as Choice
from desktop.settings.store import parse_value
from desktop.ui import tokens
from desktop.ui.controls import column, label
from desktop.ui.option_row import NumberRow
from desktop.ui.segments import Segments
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
        self._choices = Segments("Appearance", list(_NAMES.items()))
        self._choices.chosen.connect(settings.set_theme)
        layout.addWidget(self._choices)
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

    def _show(self, app: AppSettings) -> None:
        self._choices.show_value(app.theme)
        self._scale.show_value(app.text_scale, AppSettings().text_scale)
