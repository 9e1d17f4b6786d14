"""What can be done about settings, and about Snug itself."""

from __future__ import annotations

from typing import Final

from desktop.settings.schema import AppSettings, GenerationSettings
from desktop.ui.actions.action import SETTINGS, SNUG, WindowAction
from desktop.ui.main_window import MainWindow
from models.wording import mark

_SCALE_STEP: Final = 10


def _enlarge(window: MainWindow, step: int) -> None:
    settings = window.session.settings
    settings.set_text_scale(settings.app.text_scale + step)


def _has_own_settings(window: MainWindow) -> bool:
    return window.session.settings.generation != window.session.settings.defaults


def _has_own_defaults(window: MainWindow) -> bool:
    return window.session.settings.defaults != GenerationSettings()


def _needs_reload(window: MainWindow) -> bool:
    return window.session.model.needs_reload(window.session.settings.generation)


def _show_keys(window: MainWindow) -> None:
    from desktop.ui.keys import KeySheet  # noqa: PLC0415 - that file stands on this table

    KeySheet(window).open()


OF_SETTINGS: Final = (
    WindowAction(
        "toggle_settings",
        mark("Show or hide the settings"),
        SETTINGS,
        lambda window: window.panels.toggle("right"),
        keys=("Ctrl+,",),
        icon="sliders",
    ),
    WindowAction(
        "presets",
        mark("Presets of settings"),
        SETTINGS,
        lambda window: window.preset_wires.show_all(),
        keys=("Ctrl+Shift+P",),
        icon="sliders",
    ),
    WindowAction(
        "save_preset",
        mark("Save as a new preset…"),
        SETTINGS,
        lambda window: window.preset_wires.bar.save_requested.emit(),
        icon="plus",
    ),
    WindowAction(
        "examples",
        mark("Edit the examples of this chat"),
        SETTINGS,
        lambda window: window.preset_wires.examples.edit_requested.emit(),
        icon="edit",
    ),
    WindowAction(
        "reload",
        mark("Reload the model with the changed settings"),
        SETTINGS,
        lambda window: window.session.model.reload(window.session.settings.generation),
        when=_needs_reload,
        icon="again",
    ),
    WindowAction(
        "reset_all",
        mark("Reset all settings of this chat"),
        SETTINGS,
        lambda window: window.session.settings.reset_all(),
        when=_has_own_settings,
        icon="again",
    ),
    WindowAction(
        "make_default",
        mark("Make this chat's settings the default for every chat"),
        SETTINGS,
        lambda window: window.session.settings.make_default(),
        when=_has_own_settings,
        icon="check",
    ),
    WindowAction(
        "factory",
        mark("Restore Snug's own defaults"),
        SETTINGS,
        lambda window: window.session.settings.restore_factory(),
        when=_has_own_defaults,
        icon="again",
    ),
    WindowAction(
        "larger",
        mark("Larger text"),
        SETTINGS,
        lambda window: _enlarge(window, _SCALE_STEP),
        keys=("Ctrl++", "Ctrl+="),
        icon="plus",
    ),
    WindowAction(
        "smaller",
        mark("Smaller text"),
        SETTINGS,
        lambda window: _enlarge(window, -_SCALE_STEP),
        keys=("Ctrl+-",),
        icon="sliders",
    ),
    WindowAction(
        "normal_size",
        mark("Normal text"),
        SETTINGS,
        lambda window: window.session.settings.set_text_scale(AppSettings().text_scale),
        keys=("Ctrl+0",),
        icon="sliders",
    ),
)
OF_SNUG: Final = (
    WindowAction(
        "keys",
        mark("Keys"),
        SNUG,
        _show_keys,
        keys=("F1",),
        sheet=mark("This sheet"),
        icon="info",
    ),
    WindowAction(
        "about",
        mark("About Snug"),
        SNUG,
        lambda window: window.show_about(),
        keys=("Shift+F1",),
        sheet=mark("About Snug: versions, licences, a newer one"),
        icon="info",
    ),
    WindowAction(
        "quit",
        mark("Quit Snug"),
        SNUG,
        lambda window: window.close(),
        keys=("Ctrl+Q",),
        icon="close",
    ),
)
