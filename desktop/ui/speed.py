"""How fast the last reply of the open chat was written, or the one that is being written."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal

from desktop.controllers.activity import TokenRate
from desktop.controllers.chat import ChatController
from desktop.domain.chat import Message
from models.records import Report
from models.wording import number, tr

_TELL_EVERY_S = 0.25


class SpeedLine(QObject):
    """Makes the line under the composer. ``changed`` carries it, empty where there is nothing."""

    changed = Signal(str)

    def __init__(self, chat: ChatController, parent: QObject) -> None:
        super().__init__(parent)
        self._chat = chat
        self._rate = TokenRate()
        self._asked_at = 0.0
        self._first_s: float | None = None
        self._told_at = 0.0
        chat.opened.connect(self._show_last)
        chat.path_changed.connect(self._show_last)
        chat.became_whole.connect(self._show_last)
        chat.message_replaced.connect(self._on_replaced)
        chat.busy_changed.connect(self._on_busy)
        chat.text_received.connect(self._on_text)

    def _on_busy(self, busy: bool) -> None:  # noqa: FBT001 - a slot
        if busy:
            self._rate = TokenRate()
            self._asked_at = time.monotonic()
            self._first_s = None

    def _on_text(self, _message_id: int, _text: str, tokens: int) -> None:
        now = time.monotonic()
        if self._first_s is None:
            self._first_s = now - self._asked_at
        self._rate.add(tokens, now)
        rate = self._rate.per_second(now)
        if rate is not None and now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self.changed.emit(speed_text(rate, self._first_s))

    def _on_replaced(self, message: Message) -> None:
        self.changed.emit(report_text(message.report))

    def _show_last(self) -> None:
        replies = (each for each in reversed(self._chat.path) if each.role == "assistant")
        last = next(replies, None)
        self.changed.emit(report_text(last.report if last else None))


def report_text(report: Report | None) -> str:
    """Return a finished reply's speed in words."""
    if report is None or report.completion_tokens < 2 or report.decode_s <= 0:
        return ""
    return speed_text((report.completion_tokens - 1) / report.decode_s, report.first_token_s)


def speed_text(tokens_per_s: float, first_token_s: float) -> str:
    """Return a speed in words."""
    wait = (
        f"{number(first_token_s, 1)} s"
        if first_token_s >= 1
        else f"{number(first_token_s * 1000)} ms"
    )
    return tr("{speed} tok/s · first token after {wait}", speed=number(tokens_per_s), wait=wait)
