"""How the tabs that are read from top to bottom hold their content."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

_WIDEST: Final = 960


def bounded(content: QWidget) -> QWidget:
    """Return the content at the left, no wider than one reads with ease."""
    content.setMaximumWidth(_WIDEST)
    around = QWidget()
    row = QHBoxLayout(around)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(content, 1000)
    row.addStretch(1)
    return around


def make_scrolling(area: QScrollArea, content: QWidget) -> None:
    """Let the content scroll up and down, and never sideways. The focus goes to what is in it."""
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
