"""A heading that shows and hides what lies below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.ui import tokens
from desktop.ui.controls import column, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import tr


class Fold(QWidget):
    """Holds one widget, folded away until its heading is pressed."""

    def __init__(
        self, theme: Theme, title: str, content: QWidget, *, is_open: bool = False
    ) -> None:
        super().__init__()
        self._theme = theme
        self._title = title
        self._content = content
        self.button = push_button(title, "fold", self.toggle)
        layout = column(self, spacing=tokens.S)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(content)
        content.setVisible(is_open)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def is_open(self) -> bool:
        """Return whether the content is shown."""
        return not self._content.isHidden()

    def toggle(self) -> None:
        """Show the content, or hide it."""
        self._content.setVisible(not self.is_open)
        self._dress()

    def _dress(self) -> None:
        name = "chevron-down" if self.is_open else "chevron-right"
        self.button.setIcon(icon(name, self._theme.colour("secondary").name(), 16))
        state = tr("open") if self.is_open else tr("folded")
        self.button.setAccessibleName(f"{self._title}, {state}")
