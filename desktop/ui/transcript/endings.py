"""How a reply ended that did not by itself: the quiet line, and the card of one that failed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from desktop.domain.chat import Message, MessageState
from desktop.ui import tokens as design
from desktop.ui.transcript import metrics
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import mark, tr

TRY_AGAIN: Final = mark("Try again")
_NOTES: Final = {
    MessageState.STOPPED: mark("Stopped"),
    MessageState.INTERRUPTED: mark(
        "Interrupted \u2014 the app closed while this was being written"
    ),
}
_REASONS: Final = {
    "max_tokens": mark("Stopped at the limit of max tokens"),
    "context_full": mark("Stopped: the context window is full. Continue: older messages make room"),
}


def note_of(message: Message) -> str:
    """Return the quiet line under a reply that did not end by itself, or an empty one."""
    if message.role != "assistant" or message.state is MessageState.FAILED:
        return ""
    if message.state is MessageState.COMPLETE:
        note = _REASONS.get(message.finish_reason, "")
    else:
        note = _NOTES.get(message.state, "")
    return tr(note) if note else ""


def problem_of(message: Message) -> tuple[str, str]:
    """Return what a failed reply failed of: cause and remedy."""
    return message.problem or (tr("The reply could not be written."), "")


class FailureCard:
    """The card of a failed reply for one width; places are relative to its row's corner."""

    def __init__(self, message: Message, style: TranscriptStyle, width: int) -> None:
        self._style = style
        self._width = width
        self._title, self._hint = self._measure(*problem_of(message))

    def rect(self, top: int) -> QRectF:
        """Return the card with the cause, the remedy and the place of its button."""
        return QRectF(0, top, self._width, self._hint.bottom() + metrics.CARD_PADDING)

    def text_rects(self, top: int) -> tuple[QRectF, QRectF]:
        """Return where cause and remedy are written."""
        return self._title.translated(0, top), self._hint.translated(0, top)

    def button_rect(self, top: int) -> QRectF:
        """Return where the card's button stands."""
        card = self.rect(top)
        width = self._button_width()
        left = card.right() - metrics.CARD_PADDING - width
        height = self._button_height()
        return QRectF(left, card.center().y() - height / 2, width, height)

    def _button_width(self) -> int:
        words = QFontMetricsF(self._style.body_font).horizontalAdvance(tr(TRY_AGAIN))
        return round(words) + metrics.CARD_BUTTON_PADDING

    def _button_height(self) -> int:
        return max(metrics.CARD_BUTTON_HEIGHT, self._style.line_height + design.XS)

    def _measure(self, title: str, hint: str) -> tuple[QRectF, QRectF]:
        padding = metrics.CARD_PADDING
        room = self._width - 3 * padding - self._button_width()
        space = QRectF(padding, padding, max(80, room), 10_000)
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)
        strong = QFontMetricsF(self._style.strong_font).boundingRect(space, flags, title)
        strong.setWidth(space.width())
        space.setTop(strong.bottom() + (design.XS if hint else 0))
        plain = QFontMetricsF(self._style.body_font).boundingRect(space, flags, hint)
        plain.setWidth(space.width())
        if not hint:
            plain.setHeight(0)
        least = self._button_height() - (plain.bottom() - strong.top())
        if least > 0:
            strong.translate(0, least / 2)
            plain.translate(0, least / 2)
            plain.setBottom(plain.bottom() + least / 2)
        return strong, plain
