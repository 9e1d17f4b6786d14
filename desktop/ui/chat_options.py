"""The options of the chats as a whole: they belong to no single one."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from desktop.controllers.settings import SettingsController
from desktop.settings.schema import APP_OPTIONS, AppSettings
from desktop.ui import tokens
from desktop.ui.controls import column
from desktop.ui.option_row import OptionRow, option_row
from desktop.ui.theme import Theme

_NAMES: Final = ("model_titles", "backups_kept")


class ChatOptions(QWidget):
    """Who finds titles, and how many backups are kept."""

    def __init__(self, theme: Theme, settings: SettingsController) -> None:
        super().__init__()
        self._rows: dict[str, OptionRow] = {}
        layout = column(self, spacing=tokens.L)
        for info in APP_OPTIONS:
            if info.name in _NAMES:
                row = self._rows[info.name] = option_row(theme, info, struct=AppSettings)
                row.value_changed.connect(settings.set_app_value)
                row.reset_requested.connect(settings.reset_app_value)
                layout.addWidget(row)
        settings.app_changed.connect(self._show)
        self._show(settings.app)

    def _show(self, app: AppSettings) -> None:
        defaults = AppSettings()
        for name, row in self._rows.items():
            row.show_value(getattr(app, name), getattr(defaults, name))
