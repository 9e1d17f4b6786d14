"""Buttons of the transcript, drawn in the palette's roles and silent until they are wanted."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.ui import tokens as design
from desktop.ui.icons import icon
from desktop.ui.transcript.style import TranscriptStyle

ICON_SIZE: Final = 16
BUTTON_SIZE: Final = 28
ICON_INSET: Final = (BUTTON_SIZE - ICON_SIZE) // 2
JUMP_SIZE: Final = 36


class FlatButton(QAbstractButton):
    """A button with a name that is read aloud and shown as its tooltip."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.style_used: TranscriptStyle | None = None

    def apply_style(self, style: TranscriptStyle) -> None:
        """Take another appearance."""
        self.style_used = style
        self.update()

    def draw_ground(self, painter: QPainter, radius: float, resting: str, border: str) -> None:
        """Fill the button's shape as its state asks, with a ring where it has the focus."""
        style = self.style_used
        if style is None:
            return
        palette = style.palette
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse() or self.isDown()
        ground = palette.line if self.isDown() else palette.panel if hovered else resting
        painter.setPen(QPen(QColor(border), 1) if border else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, radius, radius)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.accent), 2))
            painter.drawRoundedRect(rect, radius, radius)


class IconButton(FlatButton):
    """An icon with a soft ground while it is hovered or pressed."""

    def __init__(self, name: str, icon_name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self._icon_name = icon_name
        self.confirmed = False
        """Shows a check mark in place of the icon."""

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(BUTTON_SIZE, BUTTON_SIZE)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102
        if self.style_used is None:
            return
        palette = self.style_used.palette
        painter = QPainter(self)
        self.draw_ground(painter, design.RADIUS_SMALL, "", "")
        colour = palette.text if self.underMouse() or self.hasFocus() else palette.secondary
        if not self.isEnabled():
            colour = palette.line
        name = "check" if self.confirmed else self._icon_name
        icon(name, palette.good if self.confirmed else colour, ICON_SIZE).paint(
            painter, ICON_INSET, ICON_INSET, ICON_SIZE, ICON_SIZE
        )


class RoundButton(FlatButton):
    """The way back to the end of the conversation."""

    def __init__(self, name: str, icon_name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self._icon_name = icon_name
        self.resize(JUMP_SIZE, JUMP_SIZE)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102
        if self.style_used is None:
            return
        palette = self.style_used.palette
        painter = QPainter(self)
        self.draw_ground(painter, JUMP_SIZE / 2, palette.raised, palette.line)
        inset = (JUMP_SIZE - ICON_SIZE) // 2
        icon(self._icon_name, palette.text, ICON_SIZE).paint(
            painter, inset, inset, ICON_SIZE, ICON_SIZE
        )


class TextButton(FlatButton):
    """A button with words and a thin border."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setToolTip("")
        self.setText(text)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102
        if self.style_used is None:
            return
        painter = QPainter(self)
        palette = self.style_used.palette
        self.draw_ground(painter, design.RADIUS_SMALL, palette.page, palette.line)
        font = QFont(self.style_used.body_font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(palette.accent))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
