"""Light or dark, the language, and the size of the conversation's text."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.controllers.settings import SettingsController
from desktop.settings.schema import APP_OPTIONS, AppSettings, OptionInfo
from desktop.settings.schema import Theme as Choice
from desktop.settings.store import parse_value
from desktop.ui import language, tokens
from desktop.ui.controls import column, label
from desktop.ui.option_row import NumberRow
from desktop.ui.segments import Segments
from desktop.ui.theme import Theme
from models.wording import languages, mark, tr

_NAMES = {Choice.SYSTEM: mark("System"), Choice.LIGHT: mark("Light"), Choice.DARK: mark("Dark")}


class AppearanceGroup(QWidget):
    """The options of the window itself: they belong to no chat."""

    def __init__(self, theme: Theme, settings: SettingsController) -> None:
        super().__init__()
        self._settings = settings
        layout = column(self, spacing=tokens.S)
        options = {info.name: info for info in APP_OPTIONS}
        self._choices = _add_choice(
            layout, options["theme"], [(choice, tr(name)) for choice, name in _NAMES.items()]
        )
        self._choices.chosen.connect(settings.set_theme)
        self._languages = _add_choice(
            layout, options["language"], [("", tr("System")), *language.names()]
        )
        self._languages.chosen.connect(partial(settings.set_app_value, "language"))
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
        self._languages.show_value(app.language if app.language in languages() else "")
        self._scale.show_value(app.text_scale, AppSettings().text_scale)


def _add_choice(
    layout: QVBoxLayout, info: OptionInfo, values: list[tuple[object, str]]
) -> Segments:
    name = tr(info.option.label)
    layout.addWidget(label(name, kind="strong"))
    choice = Segments(name, values)
    choice.setObjectName(info.name)
    layout.addWidget(choice)
    layout.addSpacing(tokens.S)
    return choice
