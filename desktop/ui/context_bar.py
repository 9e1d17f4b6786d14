"""The context window as a bar of its parts, in the colours that name them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.theme import Theme

_HEIGHT: Final = 12
_SWATCH: Final = 10
_LEAST: Final = 2.0
"""The width of a part that has any tokens, in pixels: it would be gone in a great window."""
COLOURS: Final = {
    "system": ("good", 0.8),
    "examples": ("good", 0.45),
    "summary": ("warning", 0.5),
    "messages": ("accent", 1.0),
    "documents": ("warning", 0.9),
    "draft": ("accent", 0.65),
    "template": ("text", 0.4),
    "reply": ("accent", 0.3),
    "free": ("text", 0.1),
}
"""The parts in their order: a role of the theme, and how much of it."""


def colour_of(theme: Theme, part: str) -> QColor:
    """Return the colour of a part."""
    role, share = COLOURS[part]
    return theme.blend("raised", role, share)


class ContextBar(QWidget):
    """Shows how much of the window each part takes. The table beside it says the same in words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._usage = Usage()
        self.setFixedHeight(_HEIGHT)
        theme.changed.connect(self.update)

    def show_usage(self, usage: Usage) -> None:
        """Show these shares."""
        self._usage = usage
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the parts from left to right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), _HEIGHT / 2, _HEIGHT / 2)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), colour_of(self._theme, "free"))
        left = 0.0
        for part, width in widths(self._usage, self.width()).items():
            painter.fillRect(QRectF(left, 0, width, _HEIGHT), colour_of(self._theme, part))
            left += width


class Swatch(QWidget):
    """The colour of a part, beside its name."""

    def __init__(self, theme: Theme, part: str) -> None:
        super().__init__()
        self._theme = theme
        self._part = part
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a small square."""
        return QSize(_SWATCH, _SWATCH)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), tokens.XS / 2, tokens.XS / 2)
        painter.fillPath(shape, colour_of(self._theme, self._part))


def widths(usage: Usage, room: int) -> dict[str, float]:
    """Return how wide each part is drawn, in pixels; what is free takes the rest.

    A prompt that doesn't fit fills all of the room.
    """
    sizes = {part: getattr(usage, part) for part in COLOURS if part != "free"}
    whole = max(1, usage.context, sum(sizes.values()))
    return {part: max(_LEAST, room * size / whole) for part, size in sizes.items() if size}
