"""The real window in a process of its own, doing on order what a benchmark measures.

Orders come as lines on standard input; each is answered by one line of JSON.
"""

from __future__ import annotations

import gc
import json
import random
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
from desktop.domain.context import Material, Overflow
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.ui.main_window import MainWindow

TIMER_MS: Final = 4
SETTLE_MS: Final = 1500
FRAME_MS: Final = 8
WHEEL_PX: Final = 120
LEAP_EVERY: Final = 20


def main() -> None:
    """Open the window on ``sys.argv[1]``; the rest is the engine's command, if any."""
    # 10,000 messages fit into no window, so the model is asked the last question alone.
    all_material = ChatStore.material
    # mypy wants no method replaced, which is just what a measurement of the window alone needs.
    ChatStore.material = _last_material(all_material)  # type: ignore[assignment, method-assign]
    app = QApplication(sys.argv[:1])
    paths = Paths(Path(sys.argv[1]))
    paths.create()
    session, _ = build_session(paths, sys.argv[2:] or None)
    # Nobody is there to be asked what to leave out.
    settings = session.settings
    generation = msgspec.structs.replace(settings.app.generation, overflow=Overflow.DROP)
    settings.set_app_value("generation", generation)
    window = build_window(app, paths, session)
    probe = Probe(session, window)
    window.show()
    # As desktop.app does.
    gc.freeze()
    QTimer.singleShot(0, lambda: session.start(None))
    QTimer.singleShot(0, window.start)
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
            case ["open", chat_id, message_id]:
                self._open(int(chat_id), int(message_id))
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
                self._on_great_ordered(order)

    def _on_great_ordered(self, order: list[str]) -> None:
        match order:
            case ["whole"]:
                self._until_whole()
            case ["scroll", steps]:
                self._scroll(int(steps))
            case ["change", how]:
                self._change(how)
            case _:
                QApplication.quit()

    def _open(self, chat_id: int, message_id: int | None = None) -> None:
        started = time.perf_counter()

        def opened(_: object) -> None:
            self._session.chat.opened.disconnect(opened)
            self._paint_done = lambda: _answer(seconds=time.perf_counter() - started)
            self._view.viewport().update()

        self._session.chat.opened.connect(opened)
        self._session.chat.open(chat_id, message_id)

    def _until_whole(self) -> None:
        """Answer once the whole path is there, with the gaps of a timer until then."""
        chat, watch = self._session.chat, _Watch(self)
        started = time.perf_counter()

        def look() -> None:
            if chat.is_whole:
                again.stop()
                _answer(
                    gaps=watch.gaps(),
                    messages=len(chat.path),
                    seconds=time.perf_counter() - started,
                )

        again = QTimer(self, interval=TIMER_MS)
        again.timeout.connect(look)
        again.start()

    def _change(self, how: str) -> None:
        """Change something half way up the path; answer with the gaps until it is shown."""
        session, chat = self._session, self._session.chat
        # A reply: every second message is one.
        message = chat.path[len(chat.path) // 4 * 2 + 1]
        watch, started = _Watch(self), time.perf_counter()

        def shown(_path: object) -> None:
            chat.path_changed.disconnect(shown)
            seconds = time.perf_counter() - started
            # What follows from it belongs to it too.
            QTimer.singleShot(500, lambda: _answer(gaps=watch.gaps(), seconds=seconds))

        chat.path_changed.connect(shown)
        match how:
            case "pin":
                session.store.call(
                    lambda store: store.pin_message(message.id, pinned=True),
                    lambda _none: chat.show_again(message.chat_id),
                )
            case "edit":
                session.tree.edit_reply(message.id, "Another version.")
            case "walk":
                # The last of them is the version that was edited.
                chat.show_sibling(chat.path[-1].id, -1)
            case _:
                session.tree.delete_message(message.id)

    def _scroll(self, steps: int) -> None:
        """Turn the wheel up, with a leap to another place now and then; answer with the frames.

        A frame is from a turn of the wheel until what it shows is painted.
        """
        bar, frames = self._view.verticalScrollBar(), list[float]()
        chance = random.Random(7)

        def turn() -> None:
            started = time.perf_counter()
            if len(frames) % LEAP_EVERY == LEAP_EVERY - 1:
                bar.setValue(chance.randint(0, bar.maximum()))
            else:
                bar.setValue(bar.value() - WHEEL_PX)
            self._view.viewport().repaint()
            frames.append(time.perf_counter() - started)
            if len(frames) < steps:
                QTimer.singleShot(FRAME_MS, turn)
            else:
                _answer(frames=frames)

        turn()

    def _run(self, begin: Callable[[], None], *, watched: bool = True) -> None:
        """Have a reply written; the timer that watches costs some of the cores itself."""
        watch = _Watch(self) if watched else None

        def ended(message: Message) -> None:
            self._session.replies.ended.disconnect(ended)
            # The last pass over the reply belongs to it too.
            QTimer.singleShot(500, lambda: finish(message))

        def finish(message: Message) -> None:
            report = message.report
            _answer(
                gaps=watch.gaps() if watch else [],
                state=message.state,
                problem=message.problem,
                report=None if report is None else msgspec.to_builtins(report),
            )

        self._session.replies.ended.connect(ended)
        begin()


class _Watch(QTimer):
    """Notes how long the event loop was away, in seconds, until it is stopped."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, interval=TIMER_MS, timerType=Qt.TimerType.PreciseTimer)
        self._gaps: list[float] = []
        self._last = time.perf_counter()
        self.timeout.connect(self._on_tick)
        self.start()

    def gaps(self) -> list[float]:
        """Stop, and return the gaps."""
        self.stop()
        return self._gaps

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now


def _last_material(
    material: Callable[[ChatStore, int, int], Material],
) -> Callable[[ChatStore, int, int], Material]:
    return lambda store, message_id, _limit: material(store, message_id, 1)


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
