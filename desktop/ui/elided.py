"""A line of text that ends in an ellipsis where it doesn't fit, and tells the whole in its tip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.ui.controls import Tone, plain_tip

_LEAST_WIDTH = 40


class ElidedLabel(QLabel):
    """A label of one line that never pushes its neighbours away. Its text is never markup."""

    def __init__(self, text: str = "", *, kind: str = "", tone: Tone = "text") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("kind", kind)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show a text, its line ends as spaces."""
        self.setText(" ".join(text.split()))
        self._update_tip()

    def sizeHint(self) -> QSize:
        """Return the room of the whole text."""
        words = self.fontMetrics().horizontalAdvance(self.text()) + 2
        return QSize(words, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        return QSize(min(_LEAST_WIDTH, self.sizeHint().width()), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the whole in the tip where it is cut now."""
        super().resizeEvent(event)
        self._update_tip()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _update_tip(self) -> None:
        fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.width()
        self.setToolTip("" if fits else plain_tip(self.text()))
