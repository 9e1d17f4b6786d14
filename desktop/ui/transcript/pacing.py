"""Text that comes faster than it can be seen, gathered to one repaint a frame."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

_FRAME_MS: Final = 16
_SLOWEST_FRAME_MS: Final = 100
_SHARE: Final = 6
"""One part in so many of the time may go into repainting: the model needs the cores."""


class FramePacer(QObject):
    """Tells when to repaint. Its timer runs only while there is something to show."""

    due = Signal(set)
    """The ids of the messages that have grown."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._grown: set[int] = set()
        self._interval_ms = _FRAME_MS
        self._shown_at = 0.0
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be shown."""
        return not self._timer.isActive()

    def add(self, message_id: int) -> None:
        """Have a message shown with the next frame."""
        self._grown.add(message_id)
        if not self._timer.isActive():
            # At once where the last frame is long past: one waking of the thread does both.
            waited_ms = round((time.monotonic() - self._shown_at) * 1000)
            self._timer.start(max(0, self._interval_ms - waited_ms))

    def clear(self) -> None:
        """Show nothing of what was added."""
        self._grown.clear()
        self._timer.stop()

    def note_cost(self, seconds: float) -> None:
        """Take note of what a frame took, layout and paint; dear frames come less often."""
        interval = round(seconds * 1000 * _SHARE)
        self._interval_ms = min(_SLOWEST_FRAME_MS, max(_FRAME_MS, interval))

    def _on_timeout(self) -> None:
        grown, self._grown = self._grown, set()
        self._shown_at = time.monotonic()
        self.due.emit(grown)
