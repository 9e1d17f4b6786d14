"""What the window wears: light or dark, as Qt palette and style sheet made from the tokens."""

from __future__ import annotations

from dataclasses import asdict
from importlib import resources
from string import Template
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from desktop.settings.schema import Theme as Choice
from desktop.ui import tokens
from desktop.ui.tokens import DARK, LIGHT, Palette

_PLAIN_FAMILIES: Final = (
    "Inter",
    "Cantarell",
    "Ubuntu",
    "Noto Sans",
    "Roboto",
    "Open Sans",
    "Source Sans 3",
    "Liberation Sans",
    "Nimbus Sans",
)
"""Looked for, in this order, where the system names no interface font of its own."""
_NO_CHOICE: Final = ("Sans Serif", "Sans", "DejaVu Sans", "Bitstream Vera Sans")
_UI_PX: Final = 13


class Theme(QObject):
    """Dresses the application and tells widgets that paint themselves when to dress again."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.palette = LIGHT
        self.text_scale = 100
        self._app = app
        self._worn: Palette | None = None
        self._choice = Choice.SYSTEM
        app.setStyle("Fusion")
        app.setFont(interface_font())
        app.styleHints().colorSchemeChanged.connect(self._on_system_changed)

    def wear(self, choice: Choice, text_scale: int) -> None:
        """Follow the person's choice of appearance and of the conversation's text size."""
        self._choice = choice
        self.text_scale = text_scale
        self._dress()
        self.changed.emit()

    def colour(self, role: str) -> QColor:
        """Return a colour of the palette by its role."""
        return QColor(getattr(self.palette, role))

    @property
    def body_px(self) -> int:
        """Return the size of the conversation's text, in pixels."""
        return round(tokens.BODY_PX * self.text_scale / 100)

    def blend(self, over: str, role: str, share: float) -> QColor:
        """Return the colour of ``role`` laid over another with this share of it."""
        return QColor(mix(getattr(self.palette, over), getattr(self.palette, role), share))

    def _on_system_changed(self) -> None:
        if self._choice is Choice.SYSTEM:
            self._dress()
            self.changed.emit()

    def _dress(self) -> None:
        palette = DARK if self._is_dark() else LIGHT
        if palette is not self._worn:
            self.palette = self._worn = palette
            self._app.setPalette(qt_palette(palette))
            self._app.setStyleSheet(style_sheet(palette))

    def _is_dark(self) -> bool:
        if self._choice is Choice.SYSTEM:
            return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self._choice is Choice.DARK


def interface_font() -> QFont:
    """Return the system's interface font; on a bare system, the plainest sans there is."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.family() in _NO_CHOICE:
        present = set(QFontDatabase.families())
        font.setFamily(next((name for name in _PLAIN_FAMILIES if name in present), font.family()))
    font.setPixelSize(_UI_PX)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font


def mix(base: str, top: str, share: float) -> str:
    """Return ``top`` laid over ``base`` with opacity ``share``, as ``#RRGGBB``."""
    pairs = ((int(base[at : at + 2], 16), int(top[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(low + (high - low) * share):02X}" for low, high in pairs)


def derived_colours(palette: Palette) -> dict[str, str]:
    """Return the shades that states need, each made from the palette's roles."""
    return {
        "found": mix(palette.page, palette.warning, 0.3),
        "hover": mix(palette.panel, palette.text, 0.06),
        "pressed": mix(palette.panel, palette.text, 0.12),
        "hover_raised": mix(palette.raised, palette.text, 0.05),
        "hover_page": mix(palette.page, palette.text, 0.06),
        "selected": mix(palette.panel, palette.accent, 0.14),
        "accent_hover": mix(palette.accent, palette.text, 0.14),
        "groove": mix(palette.page, palette.text, 0.14),
        "thumb": mix(palette.page, palette.text, 0.24),
        "thumb_hover": mix(palette.page, palette.text, 0.42),
        "good_tint": mix(palette.page, palette.good, 0.12),
        "warning_tint": mix(palette.page, palette.warning, 0.12),
        "danger_tint": mix(palette.page, palette.danger, 0.08),
        "danger_line": mix(palette.page, palette.danger, 0.35),
        "inverse": palette.text,
        "on_inverse": palette.page,
        "inverse_accent": mix(palette.accent, palette.page, 0.45),
    }


def style_sheet(palette: Palette) -> str:
    """Return the application's style sheet."""
    template = Template(resources.files("resources").joinpath("styles/window.qss").read_text())
    sizes = {
        "xs": tokens.XS,
        "s": tokens.S,
        "m": tokens.M,
        "l": tokens.L,
        "xl": tokens.XL,
        "radius_small": tokens.RADIUS_SMALL,
        "radius_large": tokens.RADIUS_LARGE,
        "strong": tokens.WEIGHT_STRONG,
    }
    return template.substitute(asdict(palette), **derived_colours(palette), **sizes)


def qt_palette(palette: Palette) -> QPalette:
    """Return the palette for what the style sheet leaves to the style."""
    role = QPalette.ColorRole
    found = QPalette()
    for target, colour in (
        (role.Window, palette.page),
        (role.WindowText, palette.text),
        (role.Base, palette.raised),
        (role.AlternateBase, palette.panel),
        (role.Text, palette.text),
        (role.Button, palette.raised),
        (role.ButtonText, palette.text),
        (role.BrightText, palette.on_accent),
        (role.ToolTipBase, palette.text),
        (role.ToolTipText, palette.page),
        (role.PlaceholderText, palette.faint),
        (role.Highlight, mix(palette.page, palette.accent, 0.30)),
        (role.HighlightedText, palette.text),
        (role.Link, palette.accent),
        (role.LinkVisited, palette.accent),
        (role.Accent, palette.accent),
        (role.Light, palette.raised),
        (role.Midlight, palette.line),
        (role.Mid, palette.line),
        (role.Dark, palette.secondary),
        (role.Shadow, palette.line),
    ):
        found.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        found.setColor(QPalette.ColorGroup.Disabled, target, QColor(palette.faint))
    return found
