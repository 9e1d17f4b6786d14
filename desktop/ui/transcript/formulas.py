"""Formulas as drawings, set off the window's thread and kept for the next paint."""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QByteArray, QObject, QProcess, QTimer, Signal
from PySide6.QtSvg import QSvgRenderer

from models.installation import process_command

SOURCE_LIMIT: Final = 2_000
TIME_LIMIT_MS: Final = 3_000
"""For one formula; what needs more stays source."""
START_LIMIT_MS: Final = 20_000
IDLE_MS: Final = 60_000
"""After this time without a formula the process ends and gives its memory back."""
FORMULAS_FLAG: Final = "--formula-process"
"""What a frozen build starts itself with to become the process that sets formulas."""
_CACHE_SIZE: Final = 300
_QUEUE_LIMIT: Final = 400


class FormulaKey(NamedTuple):
    """What a drawing depends on: LaTeX, size in pixels, colour, and display or inline style."""

    source: str
    size: int
    colour: str
    display: bool


@dataclass(frozen=True)
class Formula:
    """A drawing in device-independent pixels; ``depth`` is what hangs below the baseline."""

    renderer: QSvgRenderer
    width: float
    height: float
    depth: float


class FormulaSetter(QObject):
    """Sets formulas in a child process that starts with the first one.

    ``get`` answers at once: a drawing, or None while it is being made and for good where it
    cannot be; then the source is shown. A formula that takes too long costs the process its life
    and nobody else anything.
    """

    finished = Signal(object)
    """The FormulaKey that ``get`` now has a drawing for."""

    def __init__(self, parent: QObject | None = None, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._command = list(command or formula_command())
        self._known: OrderedDict[FormulaKey, Formula | None] = OrderedDict()
        self._queue: deque[FormulaKey] = deque()
        self._current: FormulaKey | None = None
        self._process: QProcess | None = None
        self._is_ready = self._is_broken = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._on_time_over)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._stop_process)

    def get(self, key: FormulaKey) -> Formula | None:
        """Return the drawing, or None; one that was never asked for is put to work."""
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if self._is_broken or len(key.source) > SOURCE_LIMIT:
            return None
        if key != self._current and key not in self._queue and len(self._queue) < _QUEUE_LIMIT:
            self._queue.append(key)
            self._send_next()
        return None

    def is_pending(self, key: FormulaKey) -> bool:
        """Tell whether ``finished`` may still come for a formula."""
        return key == self._current or key in self._queue

    def close(self) -> None:
        """End the child process."""
        self._queue.clear()
        self._stop_process()

    def _send_next(self) -> None:
        if self._current is not None or not self._queue:
            return
        self._current = self._queue.popleft()
        process = self._running_process()
        if process is None:
            return
        process.write(json.dumps(self._current._asdict()).encode() + b"\n")
        self._idle.stop()
        self._timer.start(TIME_LIMIT_MS if self._is_ready else START_LIMIT_MS)

    def _running_process(self) -> QProcess | None:
        """Return the process, None where the system refuses to make one: then all is settled."""
        if self._process is None:
            self._process = QProcess(self)
            self._process.setStandardErrorFile(QProcess.nullDevice())
            self._process.readyReadStandardOutput.connect(self._on_answer_ready)
            self._process.errorOccurred.connect(self._on_process_failed)
            self._process.finished.connect(self._on_process_failed)
            self._process.start(self._command[0], self._command[1:])
        return self._process

    def _on_answer_ready(self) -> None:
        while self._process is not None and self._process.canReadLine():
            answer = json.loads(bytes(self._process.readLine().data()))
            if "ready" in answer:
                self._is_ready = True
                self._timer.start(TIME_LIMIT_MS)
            else:
                self._settle(_drawing(answer))

    def _on_process_failed(self) -> None:
        if not self._is_ready:
            # It cannot even start: another try would only fail again.
            self._is_broken = True
            self._queue.clear()
        self._stop_process()
        self._settle(None)

    def _on_time_over(self) -> None:
        self._stop_process()
        self._settle(None)

    def _settle(self, formula: Formula | None) -> None:
        key, self._current = self._current, None
        self._timer.stop()
        if key is not None:
            self._known[key] = formula
            if len(self._known) > _CACHE_SIZE:
                self._known.popitem(last=False)
            if formula is not None:
                self.finished.emit(key)
        self._send_next()
        if self._current is None:
            self._idle.start()

    def _stop_process(self) -> None:
        process, self._process = self._process, None
        self._is_ready = False
        self._timer.stop()
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            process.kill()
            process.waitForFinished(500)
            process.deleteLater()


def formula_command() -> list[str]:
    """Return how the child process starts, from a checkout or frozen."""
    return process_command("desktop.ui.transcript.formula_process", FORMULAS_FLAG)


def _drawing(answer: dict[str, Any]) -> Formula | None:
    if "svg" not in answer:
        return None
    renderer = QSvgRenderer(QByteArray(answer["svg"].encode()))
    if not renderer.isValid():
        return None
    box = renderer.viewBoxF()
    # The drawing's zero is the baseline.
    return Formula(renderer, box.width(), box.height(), max(0.0, box.bottom()))
