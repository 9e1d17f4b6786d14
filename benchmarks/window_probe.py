"""The real window in a process of its own, doing on order what a benchmark measures.

Orders come as lines on standard input; each is answered by one line of JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop.app import build_session, build_window
from desktop.controllers.session import Session
from desktop.domain.chat import Message
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.ui.main_window import MainWindow
from models.records import Turn

TIMER_MS: Final = 4
SETTLE_MS: Final = 1500


def main() -> None:
    """Open the window on ``sys.argv[1]``; the rest is the engine's command, if any."""
    # 10,000 messages fit into no window, so the model is asked the last question alone.
    all_turns = ChatStore.turns
    ChatStore.turns = _last_turn(all_turns)  # type: ignore[assignment, method-assign]
    app = QApplication(sys.argv[:1])
    paths = Paths(Path(sys.argv[1]))
    paths.create()
    session, _ = build_session(paths, sys.argv[2:] or None)
    window = build_window(app, paths, session)
    probe = Probe(session, window)
    window.show()
    QTimer.singleShot(0, lambda: session.start(None))
    threading.Thread(target=_read_orders, args=(probe,), daemon=True).start()
    app.exec()
    session.close()


class Probe(QObject):
    """Carries out orders on the GUI thread."""

    ordered = Signal(list)

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__()
        self._session = session
        self._window = window
        self._paint_done: Callable[[], None] | None = None
        self.ordered.connect(self._on_ordered)
        self._view = window.conversation.transcript
        self._view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice the first paint that somebody waits for."""
        if event.type() == QEvent.Type.Paint and self._paint_done is not None:
            done, self._paint_done = self._paint_done, None
            # Behind the paint that is about to run.
            QTimer.singleShot(0, done)
        return super().eventFilter(watched, event)

    def _on_ordered(self, order: list[str]) -> None:
        match order:
            case ["memory"]:
                QTimer.singleShot(SETTLE_MS, lambda: _answer(bytes=_own_memory()))
            case ["open", chat_id]:
                self._open(int(chat_id))
            case ["set", text]:
                for name, value in json.loads(text).items():
                    self._session.settings.set_value(name, value)
                _answer()
            case ["send", text]:
                self._run(lambda: self._session.chat.send(text))
            case ["again"]:
                self._run(self._session.chat.regenerate)
            case ["again", "unwatched"]:
                self._run(self._session.chat.regenerate, watched=False)
            case _:
                QApplication.quit()

    def _open(self, chat_id: int) -> None:
        started = time.perf_counter()

        def opened(_: object) -> None:
            self._session.chat.opened.disconnect(opened)
            self._paint_done = lambda: _answer(seconds=time.perf_counter() - started)
            self._view.viewport().update()

        self._session.chat.opened.connect(opened)
        self._session.chat.open(chat_id)

    def _run(self, begin: Callable[[], None], *, watched: bool = True) -> None:
        """Have a reply written; the timer that watches costs some of the cores itself."""
        gaps: list[float] = []
        last = time.perf_counter()

        def tick() -> None:
            nonlocal last
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

        timer = QTimer(self, interval=TIMER_MS, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)

        def ended(message: Message) -> None:
            self._session.replies.ended.disconnect(ended)
            # The last pass over the reply belongs to it too.
            QTimer.singleShot(500, lambda: finish(message))

        def finish(message: Message) -> None:
            timer.stop()
            report = message.report
            _answer(
                gaps=gaps,
                state=message.state,
                problem=message.problem,
                report=None if report is None else msgspec.to_builtins(report),
            )

        self._session.replies.ended.connect(ended)
        if watched:
            timer.start()
        begin()


def _last_turn(
    turns: Callable[[ChatStore, int], tuple[Turn, ...]],
) -> Callable[[ChatStore, int], tuple[Turn, ...]]:
    return lambda store, message_id: turns(store, message_id)[-1:]


def _own_memory() -> int:
    return int(psutil.Process().memory_full_info().uss)


def _read_orders(probe: Probe) -> None:
    for line in sys.stdin:
        probe.ordered.emit(json.loads(line))
    probe.ordered.emit(["quit"])


def _answer(**values: Any) -> None:  # noqa: ANN401 - anything that JSON has
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
