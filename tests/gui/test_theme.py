"""Light and dark: legible, complete, and live."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.settings.schema import Theme as Choice
from desktop.ui.theme import Theme, derived_colours, mix, style_sheet
from desktop.ui.tokens import DARK, LIGHT, Palette
from tests.gui.conftest import App

_TEXTS = ("text", "secondary", "faint", "accent", "good", "warning", "danger")
_SURFACES = ("page", "panel", "raised", "own_message")
_DERIVED = (
    ("text", "found"),
    ("text", "hover"),
    ("text", "pressed"),
    ("text", "selected"),
    ("secondary", "hover"),
    ("secondary", "danger_tint"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_inverse", "inverse"),
    ("inverse_accent", "inverse"),
)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_legible_on_every_surface(palette: Palette) -> None:
    colours = {**vars(palette), **derived_colours(palette)}
    pairs = [(text, surface) for text in _TEXTS for surface in _SURFACES] + list(_DERIVED)
    faint = {
        f"{text} on {surface}": round(contrast(colours[text], colours[surface]), 2)
        for text, surface in pairs
        if contrast(colours[text], colours[surface]) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_holds_nothing_but_the_palettes_colours(palette: Palette) -> None:
    sheet = style_sheet(palette)
    known = set(vars(palette).values()) | set(derived_colours(palette).values())
    assert "$" not in sheet
    assert set(re.findall(r"#[0-9A-Fa-f]{6}", sheet)) <= known


def test_mixing_runs_from_one_colour_to_the_other() -> None:
    assert mix("#000000", "#FFFFFF", 0) == "#000000"
    assert mix("#000000", "#FFFFFF", 1) == "#FFFFFF"
    assert mix("#204060", "#406080", 0.5) == "#305070"


def test_the_choice_dresses_the_whole_application(qapp: QApplication) -> None:
    theme = Theme(qapp)
    theme.wear(Choice.DARK, 100)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.page.lower()
    theme.wear(Choice.LIGHT, 100)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.page.lower()


def test_text_size_follows_its_keys_within_its_range(app: App) -> None:
    app.window.activateWindow()
    app.composer.editor.setFocus()
    for _ in range(30):
        QTest.keyClick(app.composer.editor, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert app.session.settings.app.text_scale == 200
    QTest.keyClick(app.composer.editor, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert app.session.settings.app.text_scale == 100
