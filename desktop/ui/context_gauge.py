"""How full the context window is: prompt, the reply's reserve, and what is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from desktop.domain.context_usage import Usage
from desktop.ui import tokens
from desktop.ui.theme import Theme
from models.wording import number, tr, trn

if TYPE_CHECKING:
    from desktop.ui.context_inspector import ContextInspector

_BAR_WIDTH = 72
_BAR_HEIGHT = 6
_NEARLY_FULL = 0.9


class ContextGauge(QToolButton):
    """A bar with a percentage; a press opens its parts in numbers above the composer.

    ``overflow_chosen`` carries what the chat does when the window is full.
    """

    overflow_chosen = Signal(object)

    def __init__(self, theme: Theme, composer: QWidget) -> None:
        super().__init__()
        self.setObjectName("contextGauge")
        self._composer = composer
        self._place = (composer, composer)
        self._theme = theme
        self._usage = Usage()
        self._inspector: ContextInspector | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self.toggle)
        theme.changed.connect(self.update)
        self.show_usage(self._usage)

    @property
    def usage(self) -> Usage:
        """Return what is shown."""
        return self._usage

    def show_usage(self, usage: Usage) -> None:
        """Show how full the window is."""
        self._usage = usage
        summary = _summary(usage)
        name = tr("Context window")
        self.setAccessibleName(f"{name}: {summary}")
        self.setToolTip(f"{name}\n{summary}")
        if self._inspector is not None and self._inspector.isVisible():
            self._inspector.show_usage(usage)
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the bar and three digits."""
        text = self.fontMetrics().horizontalAdvance("100 %")
        return QSize(_BAR_WIDTH + text + 3 * tokens.S, 28)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bar, its share in percent, and the focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(self._theme.colour("accent") if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.blend("raised", "text", 0.05))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        bar = QRectF(tokens.S, (self.height() - _BAR_HEIGHT) / 2, _BAR_WIDTH, _BAR_HEIGHT)
        self._paint_bar(painter, bar)
        painter.setPen(self._theme.colour("danger" if self._usage.over else "secondary"))
        place = self.rect().adjusted(_BAR_WIDTH + 2 * tokens.S, 0, 0, 0)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), self._percent())

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        usage = self._usage
        shape = QPainterPath()
        shape.addRoundedRect(bar, _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
        painter.setClipPath(shape)
        painter.fillRect(bar, self._theme.blend("raised", "text", 0.12))
        size = max(1, usage.context)
        prompt = min(1.0, usage.prompt / size) * bar.width()
        reply = usage.reply / size * bar.width()
        strong = "danger" if usage.over else "warning" if self._share() > _NEARLY_FULL else "accent"
        reserve = self._theme.blend("raised", "accent", 0.38)
        painter.fillRect(QRectF(bar.x() + prompt, bar.y(), reply, bar.height()), reserve)
        painter.fillRect(QRectF(bar.x(), bar.y(), prompt, bar.height()), self._theme.colour(strong))
        painter.setClipping(False)

    def _share(self) -> float:
        return self._usage.prompt / max(1, self._usage.context)

    def _percent(self) -> str:
        return f"{min(999, round(100 * self._share()))} %" if self._usage.known else "–"

    @property
    def inspector(self) -> ContextInspector:
        """Return what shows the parts, made when it is first asked for."""
        if self._inspector is None:
            # Not at the window's start.
            from desktop.ui.context_inspector import ContextInspector  # noqa: PLC0415

            self._inspector = ContextInspector(self._theme, *self._place, self._composer)
            self._inspector.overflow_chosen.connect(self.overflow_chosen)
        return self._inspector

    def set_place(self, host: QWidget, foot: QWidget) -> None:
        """Have the parts shown over ``host``, above its ``foot``."""
        self._place = (host, foot)

    def open(self) -> None:
        """Show what fills the window, and let it be changed what happens then."""
        self.inspector.show_usage(self._usage)
        self.inspector.show()
        self.inspector.raise_()

    def close_inspector(self) -> bool:
        """Show the parts no more; return whether they were shown."""
        was_open = self._inspector is not None and self._inspector.isVisible()
        if was_open:
            self.inspector.hide()
        return was_open

    def toggle(self) -> None:
        """Show the parts, or show them no more."""
        if not self.close_inspector():
            self.open()


def _summary(usage: Usage) -> str:
    if not usage.known:
        return tr("not counted yet")
    if usage.documents:
        said = tr(
            "{prompt} of {context} tokens in the prompt ({documents} of documents), "
            "{reply} kept for the reply, {free} free",
            documents=number(usage.documents),
            **_numbers(usage),
        )
    else:
        said = tr(
            "{prompt} of {context} tokens in the prompt, {reply} kept for the reply, {free} free",
            **_numbers(usage),
        )
    parts = [said]
    if usage.over:
        parts.append(tr("the prompt does not fit"))
    if usage.left_out:
        left = len(usage.left_out)
        parts.append(
            trn("{count} message would be left out", "{count} messages would be left out", left)
        )
    return " · ".join(parts)


def _numbers(usage: Usage) -> dict[str, str]:
    return {
        "prompt": number(usage.prompt),
        "context": number(usage.context),
        "reply": number(usage.reply),
        "free": number(usage.free),
    }
