"""The settings of what reaches Snug from outside of its window."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QKeySequenceEdit, QLineEdit, QWidget

from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.settings.schema import APP_OPTIONS, AppSettings, OptionInfo
from desktop.ui import tokens
from desktop.ui.controls import column, native_key, push_button
from desktop.ui.option_row import OptionRow, SwitchRow
from desktop.ui.quick.global_key import SUGGESTED
from desktop.ui.theme import Theme
from models.wording import mark, tr

SHORTCUT: Final = "quick_shortcut"
TRAY: Final = "keep_in_tray"
_NO_TRAY: Final = mark("This desktop has no tray, so closing the window ends Snug.")


class ShortcutRow(OptionRow):
    """A key that is set by pressing it. ``value_changed`` carries a wish, which may be refused."""

    def __init__(self, theme: Theme, info: OptionInfo) -> None:
        super().__init__(theme, info)
        self._shown = ""
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        for each in (self.edit, *self.edit.findChildren(QLineEdit)):
            each.setAccessibleName(tr("Keys of the quick question"))
            each.setAccessibleDescription(tr(info.option.help))
        self.edit.keySequenceChanged.connect(self._on_changed)
        self.edit.editingFinished.connect(self._on_finished)
        self.suggestion = push_button(
            tr("Use {keys}", keys=native_key(SUGGESTED)), "link", lambda: self._wish(SUGGESTED)
        )
        self.off = push_button(tr("Turn off"), "link", lambda: self._wish(""))
        self._column.addWidget(self.edit)
        for button in (self.suggestion, self.off):
            self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._finish_layout()

    def show_value(self, value: object, default: object) -> None:
        """Show the keys that are taken."""
        super().show_value(value, default)
        self._shown = str(value)
        self._show_keys()
        self.suggestion.setVisible(not self._shown)
        self.off.setVisible(bool(self._shown))

    def refuse(self, trouble: UserError) -> None:
        """Say why a key can't be had, with the one that was shown before."""
        self._show_keys()
        self._on_refused(trouble)

    def _show_keys(self) -> None:
        with QSignalBlocker(self.edit):
            self.edit.setKeySequence(QKeySequence(self._shown))

    def _on_changed(self, keys: QKeySequence) -> None:
        # It is empty as soon as Ctrl goes down: that is the beginning of a key, and no wish.
        if not keys.isEmpty():
            self._wish(keys.toString(QKeySequence.SequenceFormat.PortableText))

    def _on_finished(self) -> None:
        if self.edit.keySequence().isEmpty():
            self._show_keys()

    def _wish(self, keys: str) -> None:
        if keys != self._shown:
            self.value_changed.emit(self.info.name, keys)


class ReachOptions(QWidget):
    """The shortcut and the tray. ``shortcut_wanted`` carries keys, or an empty text for none."""

    shortcut_wanted = Signal(str)

    def __init__(
        self,
        theme: Theme,
        settings: SettingsController,
        key_trouble: UserError | None,
        *,
        has_tray: bool,
    ) -> None:
        super().__init__()
        self._settings = settings
        options = {info.name: info for info in APP_OPTIONS}
        self.shortcut = ShortcutRow(theme, options[SHORTCUT])
        self.tray = SwitchRow(theme, options[TRAY])
        layout = column(self, spacing=tokens.L)
        layout.addWidget(self.shortcut)
        layout.addWidget(self.tray)
        self.shortcut.value_changed.connect(self._on_shortcut)
        self.shortcut.reset_requested.connect(self._on_shortcut_reset)
        self.tray.value_changed.connect(settings.set_app_value)
        self.tray.reset_requested.connect(settings.reset_app_value)
        self.tray.setEnabled(has_tray)
        if not has_tray:
            self.tray.set_note(tr(_NO_TRAY))
        if key_trouble is not None:
            self.shortcut.setEnabled(False)
            self.shortcut.set_note(f"{key_trouble.title} {key_trouble.hint}")
        settings.app_changed.connect(self._show)
        self._show(settings.app)

    def _show(self, app: AppSettings) -> None:
        defaults = AppSettings()
        self.shortcut.show_value(app.quick_shortcut, defaults.quick_shortcut)
        self.tray.show_value(app.keep_in_tray, defaults.keep_in_tray)

    def _on_shortcut(self, _name: str, keys: str) -> None:
        self.shortcut_wanted.emit(keys)

    def _on_shortcut_reset(self, _name: str) -> None:
        self.shortcut_wanted.emit("")
